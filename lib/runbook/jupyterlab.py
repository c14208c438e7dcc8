"""JupyterLab on a copy of a runbook: reached from this machine alone, with its token."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from runbook import project

# Without a library that only slows its start down (cli.py says why).
_START = (
    "import sys; sys.modules['rfc3987_syntax'] = None; from jupyterlab.labapp import main; main()"
)
# Over TCP, any user of this machine could read along what a kernel says. Nobody is asked for
# updates.
_CLOSED = (
    "--ServerApp.ip=127.0.0.1",
    "--KernelManager.transport=ipc",
    "--allow-root",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)


def copy_of(file: Path) -> Path:
    """A copy of a runbook among copies of the others, under outputs/open.

    JupyterLab saves what is run and edited, and must not save it into the runbook.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    copies = project.outputs().resolve() / "open" / f"{stamp}-{os.getpid()}"
    shutil.copytree(file.parent, copies, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    return copies / file.name


def become(notebook: Path, arguments: Sequence[str]) -> NoReturn:
    """Open a notebook in JupyterLab, in place of this process: Ctrl-C and SIGTERM are its own then,
    and it ends the kernels with it. arguments: more of JupyterLab's own."""
    folder = tempfile.mkdtemp(prefix="runbook-")  # a short name: for sockets
    environment = {
        **os.environ,
        "RUNBOOK_HOME": str(project.root()),
        "JUPYTER_RUNTIME_DIR": folder,
        "JUPYTERLAB_WORKSPACES_DIR": folder,  # no tabs (and kernels) of earlier sessions
    }
    command = [sys.executable, "-c", _START, *_CLOSED, *arguments, str(notebook)]
    os.execve(sys.executable, command, environment)  # noqa: S606
