"""Files that are there in full or not at all: temporary file, fsync, rename."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

# Records tell how the infrastructure looks: for the operator and the operator's group, not for all.
FILE_MODE = 0o640
FOLDER_MODE = 0o750


def write_all(files: Mapping[Path, str], mode: int | None = FILE_MODE) -> None:
    """Write all the files, or none of them; the last one named is the last to appear.

    mode: None = as an ordinary new file, or as the file that is replaced. Raises OSError.
    """
    drafts = {path: path.with_name(f".{path.name[-80:]}.{os.getpid()}") for path in files}
    done: list[Path] = []
    try:
        for path, text in files.items():
            _write(drafts[path], text, _mode_of(path) if mode is None else mode)
        for path, draft in drafts.items():
            draft.rename(path)
            done.append(path)
        for folder in {path.parent for path in files}:
            _sync_folder(folder)
    except BaseException:
        for path in [*drafts.values(), *(done if len(files) > 1 else ())]:
            with suppress(OSError):
                path.unlink()
        raise


def write(path: Path, text: str, mode: int | None = FILE_MODE) -> None:
    """Write one file in full or not at all. Raises OSError."""
    write_all({path: text}, mode)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, for the operator and the operator's group."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(FOLDER_MODE, exist_ok=True)


def _write(path: Path, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        os.fchmod(descriptor, mode)
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _mode_of(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
