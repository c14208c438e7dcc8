"""A machine's disk: paths to files, kept over reboots."""

from __future__ import annotations

from dataclasses import dataclass, field


class DiskFull(OSError):
    """No space left on device."""


@dataclass
class File:
    """One file: bytes, permission bits, owner, time of last change (twin seconds)."""

    content: bytes
    mode: int = 0o644
    owner: str = "root"
    changed: float = 0.0


@dataclass
class Disk:
    """Files by absolute path. Directories exist when made or when something lies in them."""

    files: dict[str, File] = field(default_factory=dict)
    directories: set[str] = field(default_factory=lambda: {"/", "/tmp", "/etc", "/home", "/root"})  # noqa: S108
    full: bool = False

    def write(
        self, path: str, content: bytes | str, *, mode: int = 0o644, owner: str = "root", now: float = 0.0
    ) -> None:
        """Write a whole file. Raises DiskFull while the disk is full."""
        if self.full:
            raise DiskFull(f"{path}: No space left on device")
        data = content.encode() if isinstance(content, str) else content
        self.files[path] = File(data, mode, owner, now)

    def read(self, path: str) -> bytes:
        """The file's bytes. Raises FileNotFoundError."""
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path].content

    def text(self, path: str) -> str:
        """The file as text. Raises FileNotFoundError."""
        return self.read(path).decode("utf-8", "replace")

    def exists(self, path: str) -> bool:
        """Whether a file or a directory is there."""
        return path in self.files or self.is_directory(path)

    def is_directory(self, path: str) -> bool:
        """Whether `path` is a directory."""
        clean = path.rstrip("/") or "/"
        prefix = clean.rstrip("/") + "/"
        names = (*self.files, *self.directories)
        return clean in self.directories or any(name.startswith(prefix) for name in names)

    def listing(self, path: str) -> list[str]:
        """Names directly in a directory, sorted."""
        prefix = path.rstrip("/") + "/"
        names = (*self.files, *self.directories)
        return sorted({n[len(prefix) :].split("/")[0] for n in names if n.startswith(prefix)} - {""})
