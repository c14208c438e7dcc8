"""A whole run beside a bare one, and how long our commands take to start."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import nbformat

from benchmarks.paired import Row, command, paired

_ROOT = Path(__file__).parent.parent
_NOTEBOOK = _ROOT / "runbooks" / "etcd-verify-cluster.ipynb"
# What the runbook's kernel imports, and nothing else.
_BARE = "import runbook.session\nimport runbook.view.timeline\nimport pandas, paramiko, matplotlib"


def whole_run(target: str) -> Row:
    """etcd-verify-cluster by plain papermill beside a notebook that only imports the libraries."""
    what = "run of etcd-verify-cluster, beside bare papermill"
    with tempfile.TemporaryDirectory() as folder:
        bare, out = Path(folder) / "bare.ipynb", str(Path(folder) / "out.ipynb")
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(_BARE)])
        book.metadata["kernelspec"] = nbformat.read(_NOTEBOOK, 4).metadata["kernelspec"]
        nbformat.write(book, bare)
        papermill = [sys.executable, "-m", "papermill", "--no-progress-bar"]
        ours = [*papermill, str(_NOTEBOOK), out, "-p", "target", target, "-p", "approved", "True"]
        peer = [*papermill, str(bare), out]
        try:
            command(ours)  # a first one of each fills the file cache
            command(peer)
            return paired(what, lambda: command(ours), lambda: command(peer), target=1.5, rounds=5)
        except subprocess.CalledProcessError as error:
            last = (error.stderr or error.stdout or "").strip().rpartition("\n")[2]
            return Row(
                what, note=f"did not run ({last[:70]}): `runbook rehearse` builds the cluster"
            )


def start_up() -> list[Row]:
    """Our commands beside an interpreter that does nothing; for information."""
    recorded = _ROOT / "tests" / "outputs" / "docker" / "28.2-ps-a.json"
    listing = json.loads(recorded.read_text())["stdout"]
    nothing = [sys.executable, "-c", "pass"]
    rows = []
    for words in ("list", "show etcd-verify-cluster", "parse docker ps -a"):
        ours = [sys.executable, "-m", "runbook", *words.split()]
        what = f"start-up of runbook {words.split()[0]}, beside python -c pass"
        rows.append(paired(what, partial(command, ours, listing), partial(command, nothing)))
    return rows
