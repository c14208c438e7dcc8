"""One server: its disk (an overlay over this machine's own files), its cable, its processes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import runbook_lab
from runbook_lab import cgroups
from runbook_lab.commands import LabError, call
from runbook_lab.images import IMAGES
from runbook_lab.network import Cable
from runbook_twin.hypervisor import ServerSpec

_LIBRARY = Path(runbook_lab.__file__).parents[1]
_INSIDE = Path(runbook_lab.__file__).parent / "inside"
_PATH = "/opt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SSHD = """\
Port 22
HostKey /usr/lib/lab/ssh_host_ed25519_key
AuthorizedKeysFile .ssh/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
SetEnv PATH={path} {environment}
"""
_SUDOERS = """\
root ALL=(ALL) NOPASSWD: ALL
Defaults secure_path="{path}"
{user} ALL=(ALL) NOPASSWD: ALL
"""
# Of this machine, and not shown to a server: its own are put in their place.
_NOT_OURS = (
    "etc/systemd/system", "etc/docker", "etc/ssh", "etc/sudoers.d", "usr/local", "var/log",
    "var/tmp", "var/spool", "var/backups",
)  # fmt: skip
# Of what else lies below / only the system itself is shown.
_SYSTEM = {"bin", "sbin", "usr", "etc", "var", "lib", "lib32", "lib64", "libx32"}
_JOIN = 'for tasks in $0; do echo $$ >"$tasks"; done; exec "$@"'
_END_S = 20.0


class Machine:
    """A server of the lab, powered or not."""

    def __init__(self, spec: ServerSpec, folder: Path, images: Path) -> None:
        self.spec = spec
        self.folder = folder
        self.image = IMAGES[spec.image]
        self.cable = Cable(spec.name, spec.address)
        self._images = images
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def powered(self) -> bool:
        """Whether its first process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def console(self) -> str:
        """Everything that was said on its console."""
        file = self.folder / "console"
        return file.read_text(errors="replace") if file.exists() else ""

    def make(self) -> None:
        """Make its disk; it has no power yet."""
        for name in ("upper", "work", "root", "home"):
            (self.folder / name).mkdir(parents=True)
        self._users()
        etc = {
            "hostname": f"{self.spec.name}\n",
            "hosts": f"127.0.0.1 localhost\n{self.spec.address} {self.spec.name}\n",
            "resolv.conf": "",
            "machine-id": f"{self.spec.id.replace('-', '')}\n",
            "environment": f"COREOS_PRIVATE_IPV4={self.spec.address}\n",
            "sudoers.d/lab": _SUDOERS.format(path=_PATH, user=self.image.user),
        }
        for name, text in etc.items():
            self._write(f"etc/{name}", text, 0o440 if name.startswith("sudoers") else 0o644)
        for name, text in self.image.units.items():
            self._write(f"usr/lib/lab/units/{name}", text)
        self._write("usr/lib/lab/boot", "\n".join(self.image.boot))
        sshd = _SSHD.format(path=_PATH, environment=self.image.environment)
        self._write("usr/lib/lab/sshd_config", sshd)
        for name, text in self.image.given(self.spec).items():
            self._write(name, text)
        others = {path.name for path in Path("/").iterdir() if path.is_dir()} - _SYSTEM
        for name in (*_NOT_OURS, *others):
            (self.folder / "upper" / name).mkdir(parents=True, exist_ok=True)
            os.setxattr(self.folder / "upper" / name, "trusted.overlay.opaque", b"y")
        for name in self.image.folders:
            (self.folder / "upper" / name).mkdir(parents=True, exist_ok=True)
        for name, module in self.image.stand_ins.items():
            line = f'exec {sys.executable} -m runbook_lab.inside.{module} "$@"'
            path = f"PYTHONPATH={_LIBRARY} PYTHONDONTWRITEBYTECODE=1"
            self._write(f"opt/bin/{name}", f"#!/bin/sh\n{path} {line}\n", 0o755)
        for name, text in self.image.programs.items():
            self._write(name, text, 0o755)
        for file in self._images.iterdir():
            os.link(file, self.folder / "upper/usr/lib/lab" / file.name)
        self._host_key()

    def power_on(self) -> None:
        """Boot it."""
        if self.powered:
            return
        self.cable.make()
        self.cable.plug(True)
        enter, settle = cgroups.make(self.spec.name)
        prefixes = {sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parents[1])}
        prefixes -= {"/usr"}  # a part of the system, which is shown anyway
        line = [
            "sh", "-c", _JOIN, " ".join(map(str, enter)),
            "unshare", "--cgroup", "sh", "-c", _JOIN, " ".join(map(str, settle)),
            "nsenter", f"--net=/run/netns/{self.spec.name}",
            "unshare", "--uts", "--mount", "--pid", "--ipc", "--fork", "--kill-child",
            "--propagation", "private",
            "sh", str(_INSIDE / "boot.sh"), self.spec.name, str(self.folder), sys.executable,
            str(_LIBRARY), *sorted(prefixes),
        ]  # fmt: skip
        with (self.folder / "console").open("ab") as console:
            self._process = subprocess.Popen(  # noqa: S603 - words are ours
                line, stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                env={"PATH": _PATH},
                start_new_session=True,
            )  # fmt: skip

    def power_off(self) -> None:
        """Cut the power: no process, and nobody outside, hears of it before it is gone."""
        if self._process is not None:
            self.cable.plug(False)
            self._process.kill()  # what it has started goes with it (--kill-child, PID namespace)
            self._process.wait()
            self._process = None
            self._await_end()
        self.cable.remove()

    def shut_down(self) -> None:
        """End its services nicely, then its power."""
        if self._process is not None and self.powered:
            children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
            for child in children.read_text().split():
                os.kill(int(child), signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):  # it is cut off just below
                self._process.wait(_END_S)
        self.power_off()

    def remove(self) -> None:
        """Nothing of it is left."""
        self.power_off()
        cgroups.remove(self.spec.name)
        shutil.rmtree(self.folder)

    def disk_bytes(self) -> int:
        """What its disk takes, images and containers of Docker included."""
        used = 0
        for folder, _, names in os.walk(self.folder):
            for name in names:
                with contextlib.suppress(FileNotFoundError):  # it works while we look
                    used += os.lstat(Path(folder, name)).st_blocks * 512
        return used

    def processes(self) -> int:
        """How many processes it runs."""
        return len(cgroups.processes(self.spec.name))

    def _await_end(self) -> None:
        until = time.monotonic() + _END_S
        while cgroups.processes(self.spec.name):
            if time.monotonic() > until:
                raise LabError(f"{self.spec.name}: processes are left after its power was cut")
            time.sleep(0.02)

    def _users(self) -> None:
        """The image's one user, who may do everything; nobody has a password."""
        user = self.image.user
        passwd, group = Path("/etc/passwd").read_text(), Path("/etc/group").read_text()
        self._write("etc/passwd", f"{passwd}{user}:x:5000:5000::/home/{user}:/bin/bash\n")
        others = [line for line in group.splitlines() if not line.startswith("docker:")]
        number = next(line.split(":")[2] for line in group.splitlines() if line[:7] == "docker:")
        groups = [*others, f"docker:x:{number}:{user}", f"{user}:x:5000:", ""]
        self._write("etc/group", "\n".join(groups))
        self._write("etc/shadow", f"root:*:20000::::::\n{user}:*:20000::::::\n", 0o600)
        ssh = self.folder / "home" / user / ".ssh"
        ssh.mkdir(parents=True, mode=0o700)
        keys = ssh / "authorized_keys"
        keys.write_text("".join(f"{key.strip()}\n" for key in self.spec.public_keys))
        keys.chmod(0o600)
        for path in (ssh.parent, ssh, keys):
            os.chown(path, 5000, 5000)

    def _host_key(self) -> None:
        """A new one, told on the console as cloud-init does."""
        file = self.folder / "upper/usr/lib/lab/ssh_host_ed25519_key"
        call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(file))
        fingerprint = call("ssh-keygen", "-l", "-f", f"{file}.pub").strip()
        public = file.with_suffix(".pub").read_text().strip()
        (self.folder / "console").write_text(
            f"-----BEGIN SSH HOST KEY FINGERPRINTS-----\n{fingerprint}\n"
            "-----END SSH HOST KEY FINGERPRINTS-----\n"
            f"-----BEGIN SSH HOST KEY KEYS-----\n{public}\n-----END SSH HOST KEY KEYS-----\n"
        )

    def _write(self, name: str, text: str, mode: int = 0o644) -> None:
        path = self.folder / "upper" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
