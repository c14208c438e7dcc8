"""The notebook while it runs and after: honest about every cell, clean, never half-written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from papermill.engines import NotebookExecutionManager
from papermill.iorw import LocalHandler, papermill_io

from runbook import atomic
from runbook.errors import RunbookError
from runbook.notebook import heading
from runbook.secret import clean_all_looks

_nbformat: Any = nbformat  # it has types in part only


class Manager(NotebookExecutionManager):  # type: ignore[misc]
    """papermill's book-keeping, honest about cells that never ran; all that it writes is clean."""

    def __init__(self, nb: Any, on_step: Callable[[str], None] | None, **options: Any) -> None:
        super().__init__(nb, **options)
        self.on_step = on_step

    def save(self, **_: Any) -> None:
        """Write the notebook as it is now, without what looks like a secret."""
        if self.output_path:
            papermill_io.write(text_of(self.nb), self.output_path)
        self.last_save_time = self.now()

    def cell_start(self, cell: Any, cell_index: int | None = None, **options: Any) -> None:
        """As papermill's, but prose is not written down as if it ran."""
        step = heading(cell)
        if step and self.on_step:
            self.on_step(step)
        if cell.cell_type == "code":
            super().cell_start(cell, cell_index, **options)

    def cell_complete(self, cell: Any, cell_index: int | None = None, **options: Any) -> None:
        """As papermill's; prose has been passed, no more."""
        if cell.cell_type == "code":
            super().cell_complete(cell, cell_index, **options)
        else:
            cell.metadata.papermill["status"] = self.COMPLETED
            if self.pbar:
                self.pbar.update(1)

    def notebook_complete(self, **_: Any) -> None:
        """The end: what is pending stays pending (papermill calls it completed)."""
        self.end_time = self.now()
        duration = (self.end_time - self.start_time).total_seconds()
        times = {"end_time": self.end_time.isoformat(), "duration": duration}
        self.nb.metadata.papermill.update(times)
        self.cleanup_pbar()
        self.save()


def text_of(nb: Any) -> str:
    """The notebook as its file has it, without what looks like a secret."""
    return str(_nbformat.v4.writes(_nbformat.from_dict(clean_all_looks(nb)))) + "\n"


def write_atomically(output_path: str | None) -> None:
    """papermill writes a local file in place; from now on this process does it in one step."""
    handler = papermill_io.get_handler(output_path)
    if not isinstance(handler, LocalHandler) or "write" in vars(handler):
        return
    write_in_place = handler.write

    def write(text: str, path: str) -> None:
        whole = Path(handler._cwd or ".") / path
        if whole.is_file() or not whole.exists():
            try:
                atomic.write(whole.resolve(), text, mode=None)
            except OSError as error:
                raise RunbookError(
                    f"{path} cannot be written: {error}", remedy="make room there, or name a file"
                ) from None
        else:
            write_in_place(text, path)  # a device or a pipe, such as /dev/stdout

    handler.write = write
