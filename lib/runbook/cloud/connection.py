"""Open the SDK's connection to one cloud of clouds.yaml, when it is first needed."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from runbook.cloud.refusal import Translator
from runbook.cloud.secrets import SECRET_KEYS
from runbook.errors import TargetError

_SECONDS = 60  # our own time, for one answer; the SDK would wait for ever
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class CloudConnection:
    """A lazy openstack.Connection, shared by the threads of one run.

    name: the cloud in clouds.yaml; file: that file (None: where the SDK looks, and OS_* variables).
    """

    def __init__(self, name: str, file: Path | None, region: str | None) -> None:
        self.name = name
        self._file = file
        self._region = region
        self._guard = threading.Lock()
        self._connection: Any = None
        self._translator = Translator(name)

    @contextmanager
    def doing(self, what: str) -> Iterator[Any]:
        """The connection, for a block in which all foreign errors become ours.

        Raises TargetError, NotAuthenticated, Unreachable or CloudError ("refused to `what`").
        """
        for category in (DeprecationWarning, PendingDeprecationWarning):
            # It warns of calls that it makes itself.
            warnings.filterwarnings("ignore", category=category, module=r"openstack\.")
        with self._guard:
            if self._connection is None:
                self._connection = self._open()
        with self._translator.telling(what):
            yield self._connection

    def close(self) -> None:
        """Close the connection, if it was opened."""
        with self._guard:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _open(self) -> Any:
        # Importing the SDK costs half a second: only runs that use the cloud pay for it.
        from openstack.config import OpenStackConfig
        from openstack.connection import Connection

        sources = self._sources()
        with self._translator.telling("read clouds.yaml"):
            config = OpenStackConfig(override_defaults={"api_timeout": _SECONDS}, **sources)
            known = sorted(config.get_cloud_names())
        if self.name not in known:
            raise TargetError(
                f"there is no cloud {self.name!r} in {self._file or 'clouds.yaml'}",
                remedy=f"use one of: {', '.join(known) or '(there are none)'}",
            )
        with self._translator.telling("read clouds.yaml"):
            chosen = config.get_one(cloud=self.name, region_name=self._region)
            auth = chosen.config.get("auth", {})
            self._translator.hide(auth.get(key) for key in SECRET_KEYS)
            self._translator.url = str(auth.get("auth_url", ""))
            connection = Connection(config=chosen)
            if urlsplit(self._translator.url).hostname in _LOOPBACK:
                connection.session.session.trust_env = False  # a proxy has another loopback
            return connection

    def _sources(self) -> dict[str, Any]:
        """What the SDK may read. A file that was given is the only source: no OS_* variables."""
        if self._file is None:
            return {}
        yaml = import_module("yaml")  # the SDK's own reader
        try:
            # The SDK would skip a broken file and then say that it knows no such cloud.
            yaml.safe_load(self._file.read_bytes())
        except OSError as error:
            raise TargetError(
                f"{self._file}: {error.strerror}", remedy="check `cloud.file` in the target file"
            ) from None
        except yaml.YAMLError as error:
            line = f":{error.problem_mark.line + 1}" if hasattr(error, "problem_mark") else ""
            raise TargetError(f"{self._file}{line}: is no YAML", remedy="mend the file") from None
        return {
            "config_files": [str(self._file)],
            "secure_files": [str(self._file.with_name("secure.yaml"))],
            "vendor_files": [],
            "load_envvars": False,
        }
