"""A machine's disk: paths to files, kept over reboots."""

from __future__ import annotations

from dataclasses import dataclass, field

_AT_FIRST = ("/", "/tmp", "/etc", "/home", "/root", "/run", "/var/tmp")  # noqa: S108


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
    directories: set[str] = field(default_factory=lambda: set(_AT_FIRST))
    full: bool = False
    owners: dict[str, str] = field(default_factory=dict)  # of directories, where not the parent's
    links: dict[str, str] = field(default_factory=dict)  # symbolic links: path -> target as given
    modes: dict[str, int] = field(default_factory=dict)  # of directories, where not 0755

    def write(
        self,
        path: str,
        content: bytes | str,
        *,
        mode: int = 0o644,
        owner: str = "root",
        now: float = 0.0,
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
        return sorted(
            {n[len(prefix) :].split("/")[0] for n in names if n.startswith(prefix)} - {""}
        )

    def remove(self, path: str) -> None:
        """Remove a file, or a directory with all that lies in it; nothing there is no error."""
        prefix = path.rstrip("/") + "/"
        for store in (self.files, self.owners, self.modes, self.links):
            for name in [name for name in store if name == path or name.startswith(prefix)]:
                del store[name]
        self.directories = {d for d in self.directories if d != path and not d.startswith(prefix)}
