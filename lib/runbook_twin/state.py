"""The twin's folder: one twin at a time holds it, and says there how to reach it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

_FILES = (
    "ssh_config", "id_ed25519", "id_ed25519.pub", "known_hosts", "known_hosts_nodes",
    "clouds.yaml", "state.json", "target.yaml",
)  # fmt: skip


class NoProject(Exception):
    """There is no project folder to keep the state in."""


def default_directory() -> Path:
    """.twin in the project's folder: $RUNBOOK_HOME, or the nearest with runbooks/ and params/."""
    if home := os.environ.get("RUNBOOK_HOME"):
        return Path(home).resolve() / ".twin"
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (folder / "runbooks").is_dir() and (folder / "params").is_dir():
            return folder / ".twin"
    raise NoProject(f"{here} is not inside a runbook project; use --directory or set RUNBOOK_HOME")


@dataclass(frozen=True)
class Running:
    """What the process that runs the twin tells its clients (state.json)."""

    pid: int
    ssh_port: int
    api_port: int
    token: str
    clock: float
    furnished: bool

    @property
    def url(self) -> str:
        """The base of the API and of the control routes."""
        return f"http://127.0.0.1:{self.api_port}"


class Folder:
    """The state directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        """Make it, for us alone."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)

    @contextmanager
    def hold(self, name: str, *, wait: bool = True) -> Iterator[None]:
        """Hold one of its locks: `command` (who starts or stops), `alive` (the twin itself).

        Raises BlockingIOError when another process holds it and we do not wait.
        """
        handle = os.open(self.path / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            yield
        finally:
            os.close(handle)

    def read_running(self) -> Running | None:
        """What state.json says; None when there is none. The process may be gone all the same."""
        try:
            return Running(**json.loads((self.path / "state.json").read_text()))
        except FileNotFoundError:
            return None

    def clear(self) -> None:
        """Remove what a twin wrote, but for its log."""
        for name in _FILES:
            (self.path / name).unlink(missing_ok=True)

    def write(self, name: str, text: str, *, mode: int = 0o600) -> Path:
        """Write one file as a whole, never readable by others meanwhile."""
        path, new = self.path / name, self.path / f".{name}.new"
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        new.chmod(mode)
        new.replace(path)
        return path

    def write_running(self, running: Running) -> None:
        """state.json; it is the last file, since it says that the twin is ready."""
        self.write("state.json", json.dumps(asdict(running), indent=1) + "\n")
