"""Container images made of this machine's own programs: no registry is asked."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path

from runbook_lab.commands import LabError, call
from runbook_lab.needs import find

_PAGE = "<!DOCTYPE html>\n<title>Welcome to nginx!</title>\n<h1>Welcome to nginx!</h1>\n"
_NGINX = """\
user root;
worker_processes 1;
pid /run/nginx.pid;
error_log /dev/stderr;
events { worker_connections 256; }
http {
    access_log off;
    server { listen 80; root /usr/share/nginx/html; }
}
"""


def nginx(file: Path) -> None:
    """An image of nginx that answers on port 80, as a tar archive for `docker import`."""
    program = _program("nginx")
    texts = {"etc/nginx/nginx.conf": _NGINX, "usr/share/nginx/html/index.html": _PAGE,
             "etc/passwd": "root:x:0:0::/:/bin/sh\n", "etc/group": "root:x:0:\n"}  # fmt: skip
    folders = ("run", "var/log/nginx", "var/lib/nginx", "tmp")
    _write(file, [program, *_libraries(program)], texts, folders)


def idle(file: Path) -> None:
    """An image that waits: what the lab's system containers are made of."""
    program = _program("sleep")
    _write(file, [program, *_libraries(program)], {}, ("tmp",))


def _program(name: str) -> Path:
    found = find(name)
    if found is None:
        raise LabError(f"there is no {name} on this machine: runbook lab install")
    return Path(found)


def _libraries(program: Path) -> list[Path]:
    """What a program is linked with, by ldd."""
    return [Path(path) for path in re.findall(r"(/\S+) \(0x", call("ldd", str(program)))]


def _write(
    file: Path, programs: list[Path], texts: dict[str, str], folders: tuple[str, ...]
) -> None:
    with tarfile.open(file, "w") as archive:
        for folder in folders:
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for program in programs:
            archive.add(program.resolve(), arcname=str(program).lstrip("/"))
        for name, text in texts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
