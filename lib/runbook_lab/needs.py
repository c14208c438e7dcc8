"""What a machine must have before a lab can be built on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Program -> the Debian package that brings it.
PROGRAMS = {
    "ip": "iproute2",
    "iptables": "iptables",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "pivot_root": "util-linux",
    "sshd": "openssh-server",
    "ssh-keygen": "openssh-client",
    "sudo": "sudo",
    "curl": "curl",
    "dockerd": "docker.io",
    "etcd": "etcd-server",
    "etcdctl": "etcd-client",
    "nginx": "nginx-light",
}
_POLICY = Path("/usr/sbin/policy-rc.d")  # asked by Debian's packages before they start anything
_PLACES = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def find(program: str) -> str | None:
    """The full path of a program, also where root's folders are not in PATH."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:{_PLACES}")


@contextmanager
def no_service_starts() -> Iterator[None]:
    """What is installed meanwhile does not start its services here: the lab has them inside."""
    if _POLICY.exists():  # this machine's own rule
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()


def packages_missing() -> list[str]:
    """The Debian packages to install, without repetition."""
    return sorted({package for program, package in PROGRAMS.items() if find(program) is None})


def obstacles() -> list[str]:
    """Why a lab cannot be built here, in words; empty when nothing stands in its way."""
    found = []
    if not sys.platform.startswith("linux"):
        return ["this is not Linux: the lab is made of Linux namespaces"]
    if os.geteuid() != 0:
        found.append("you are not root: only root makes namespaces and mounts")
    for kind in ("net", "mnt", "pid", "uts", "ipc", "cgroup"):
        if not Path(f"/proc/self/ns/{kind}").exists():
            found.append(f"the kernel has no {kind} namespaces")
    if not _has_overlay():
        found.append("the kernel has no overlay file system, and no module of it")
    if missing := packages_missing():
        found.append(f"missing packages: {' '.join(missing)} (runbook lab install)")
    return found


def _has_overlay() -> bool:
    """Whether the kernel has it, or loads it by itself at the first mount."""
    if "overlay" in Path("/proc/filesystems").read_text():
        return True
    ask = [find("modprobe") or "false", "--dry-run", "--quiet", "overlay"]
    return subprocess.run(ask, check=False).returncode == 0  # noqa: S603 - our own words
