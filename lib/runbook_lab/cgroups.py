"""The control groups of the lab's servers: a folder for each below `runbook-lab`."""

from __future__ import annotations

import os
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
NAME = "runbook-lab"


def hierarchies() -> list[Path]:
    """The mounted hierarchies: one of version 2, or one for each controller of version 1."""
    if is_unified():
        return [_ROOT]
    return sorted(path for path in _ROOT.iterdir() if (path / "cgroup.procs").exists())


def is_unified() -> bool:
    """Whether there is the one hierarchy of version 2."""
    return (_ROOT / "cgroup.controllers").exists()


def make(server: str) -> tuple[list[Path], list[Path]]:
    """Make a server's groups. Returns the files that its first process writes itself into: to
    enter them, and then, once they are the root of what it sees, to leave that root empty:
    version 2 gives controllers only to groups below one without processes.
    """
    tasks = []
    for hierarchy in hierarchies():
        for folder in (hierarchy / NAME, hierarchy / NAME / server):
            folder.mkdir(exist_ok=True)
            if not is_unified():
                _share_processors(folder)
        tasks.append(hierarchy / NAME / server / "cgroup.procs")
    if not is_unified():
        return tasks, []
    wanted = " ".join(f"+{name}" for name in (_ROOT / "cgroup.controllers").read_text().split())
    for folder in (_ROOT, _ROOT / NAME):
        (folder / "cgroup.subtree_control").write_text(wanted)
    below = _ROOT / NAME / server / "init"
    below.mkdir(exist_ok=True)
    return tasks, [below / "cgroup.procs"]


def _share_processors(folder: Path) -> None:
    """Those of the group above: in version 1 a new group has none, and nothing may run there."""
    for setting in ("cpuset.cpus", "cpuset.mems"):
        if (folder / setting).exists() and not (folder / setting).read_text().strip():
            (folder / setting).write_text((folder.parent / setting).read_text())


def processes(server: str) -> set[int]:
    """The processes in a server's groups and those below."""
    found: set[int] = set()
    for hierarchy in hierarchies():
        for file in (hierarchy / NAME / server).rglob("cgroup.procs"):
            found |= {int(pid) for pid in file.read_text().split()}
    return found


def remove(server: str = "") -> None:
    """Remove what is left of one server's groups, or of all. Raises OSError while any is used."""
    for hierarchy in hierarchies():
        top = hierarchy / NAME / server if server else hierarchy / NAME
        if top.is_dir():
            for folder, _, _ in os.walk(top, topdown=False):
                Path(folder).rmdir()


def left() -> list[Path]:
    """What a lab has left behind, or uses now."""
    return [h / NAME for h in hierarchies() if (h / NAME).is_dir()]
