"""The secrets of a cloud's configuration, so that they can be kept out of everything shown."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

SECRET_KEYS = ("password", "token", "application_credential_secret", "passcode", "client_secret")
_FOLDERS = (".", "~/.config/openstack", "/etc/openstack")  # where openstacksdk looks


def secrets_of(cloud: str, file: Path | None = None) -> Iterator[tuple[str, str]]:
    """(name, value) of each secret of one cloud: of clouds.yaml, secure.yaml and OS_* variables.

    file: clouds.yaml; None = everywhere that openstacksdk looks. A file that cannot be read holds
    no secret that we could show; using the cloud will say what is wrong with it.
    """
    folders = [Path(folder).expanduser() for folder in _FOLDERS]
    files = [file] if file else [folder / "clouds.yaml" for folder in folders]
    for clouds in files:
        for path in (clouds, clouds.with_name("secure.yaml")):
            auth = _auth(path, cloud)
            for key in SECRET_KEYS:
                if auth.get(key):
                    yield f"{cloud} {key.replace('_', ' ')}", str(auth[key])
    for key in SECRET_KEYS:
        if value := os.environ.get(f"OS_{key.upper()}"):
            yield f"OS_{key.upper()}", value


def _auth(path: Path, cloud: str) -> dict[str, Any]:
    yaml = import_module("yaml")  # openstacksdk's own reader
    try:
        found = yaml.safe_load(path.read_bytes())
        auth = found["clouds"][cloud]["auth"]
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return {}
    return auth if isinstance(auth, dict) else {}
