"""Unit files as systemd reads them, as far as the servers' services use them."""

from __future__ import annotations

import shlex
import socket
from dataclasses import dataclass, field
from pathlib import Path

FOLDERS = (
    Path("/etc/systemd/system"),
    Path("/run/systemd/system"),
    Path("/usr/lib/lab/units"),  # those of the image
)


@dataclass
class UnitFile:
    """What a unit file and its drop-ins say of a service."""

    name: str
    commands: dict[str, list[str]] = field(default_factory=dict)  # by ExecStart, ExecStop ...
    environment: dict[str, str] = field(default_factory=dict)
    environment_files: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)  # the other keys; the last one counts

    @property
    def restarts(self) -> bool:
        """Whether it is started again when it ends by itself."""
        return self.settings.get("Restart", "no") in ("always", "on-failure")

    @property
    def once(self) -> bool:
        """Whether it is done when its command has ended."""
        return self.settings.get("Type") == "oneshot"

    def variables(self) -> dict[str, str]:
        """The environment of its commands. Raises OSError for a file that is missing."""
        found: dict[str, str] = {}
        for name in self.environment_files:
            if name.startswith("-") and not Path(name[1:]).exists():
                continue
            for line in Path(name.lstrip("-")).read_text().splitlines():
                key, equals, value = line.strip().partition("=")
                if equals and not key.startswith("#"):
                    found[key] = value.strip("\"'")
        return {**found, **self.environment}


def load(name: str) -> UnitFile | None:
    """The unit of that name with its drop-ins; None when there is no such file."""
    files = [folder / name for folder in FOLDERS if (folder / name).is_file()]
    if not files:
        return None
    unit = UnitFile(name)
    drop_ins = {
        file.name: file
        for folder in reversed(FOLDERS)
        for file in sorted((folder / f"{name}.d").glob("*.conf"))
    }
    for file in (files[0], *(drop_ins[key] for key in sorted(drop_ins))):
        _read(file, unit)
    return unit


def _read(file: Path, unit: UnitFile) -> None:
    for line in file.read_text().replace("\\\n", " ").splitlines():
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or line.lstrip().startswith(("#", ";")):
            continue
        value = value.replace("%m", _machine_id()).replace("%H", socket.gethostname())
        if key == "Environment":
            unit.environment |= dict(word.split("=", 1) for word in shlex.split(value))
        elif key == "EnvironmentFile":
            unit.environment_files.append(value)
        elif key.startswith("Exec"):
            # An empty one takes back those before it.
            unit.commands[key] = [*unit.commands.get(key, []), value] if value else []
        else:
            unit.settings[key] = value


def _machine_id() -> str:
    return Path("/etc/machine-id").read_text().strip()
