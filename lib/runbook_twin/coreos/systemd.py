"""systemd on one machine: which units its disk holds, what runs of them, and the journal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from runbook_twin.coreos import unit_file
from runbook_twin.coreos.command_lines import specifiers
from runbook_twin.coreos.journal import Entry, Journal
from runbook_twin.coreos.service import Service
from runbook_twin.machine import Machine

FOLDERS = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system")
WANTS = "multi-user.target.wants"
_SUFFIXES = (".service", ".socket", ".timer", ".target", ".path", ".mount", ".slice", ".network")


class Systemd:
    """The service manager (software `systemd`); a new set of services at every boot."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.journal = Journal()
        self.services: dict[str, Service] = {}
        self._pid = 100

    # --- power

    def power_on(self) -> None:
        """Forget what ran before and what lay in /run; start what is enabled."""
        self.services = {}
        self._pid = 100
        disk = self.machine.disk
        for path in [path for path in disk.files if path.startswith("/run/")]:
            del disk.files[path]
        for folder in FOLDERS:
            for name in disk.listing(f"{folder}/{WANTS}"):
                self.machine.spawn(self.service(name).start())

    def power_off(self) -> None:
        """Nothing is stopped nicely."""

    @property
    def boot(self) -> str:
        """The id of this boot."""
        text = f"{self.machine.name}-{self.machine.address}-{self.machine.boots}"
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    def now(self) -> float:
        """The twin's time."""
        return self.machine.world.clock.now()

    def new_pid(self) -> int:
        """A process id."""
        self._pid += 3
        return self._pid

    # --- unit files

    def fragment(self, name: str) -> str:
        """The path of a unit's file, or of its template's; "" if there is none."""
        stem, _, suffix = name.rpartition(".")
        template = f"{stem.partition('@')[0]}@.{suffix}" if "@" in stem else name
        for candidate in (name, template):
            for folder in FOLDERS:
                if f"{folder}/{candidate}" in self.machine.disk.files:
                    return f"{folder}/{candidate}"
        return ""

    def drop_ins(self, name: str) -> list[str]:
        """Paths of the drop-ins of a unit, in the order in which they count."""
        found: dict[str, str] = {}
        for folder in reversed(FOLDERS):
            for file in self.machine.disk.listing(f"{folder}/{name}.d"):
                if file.endswith(".conf"):
                    found[file] = f"{folder}/{name}.d/{file}"
        return [found[file] for file in sorted(found)]

    def options(self, name: str) -> list[unit_file.Option]:
        """A unit's options, drop-ins behind; none if it cannot be read."""
        paths = [path for path in [self.fragment(name), *self.drop_ins(name)] if path]
        options: list[unit_file.Option] = []
        for path in paths:
            try:
                options += unit_file.parse(self.machine.disk.text(path))
            except unit_file.UnitSyntaxError as error:
                self.say(name, f"{path}: {error}")
        return options

    def description(self, name: str) -> str:
        """The unit's description, or its name."""
        text = unit_file.value(self.options(name), "Unit", "Description", name)
        return specifiers(text, name, self.machine)

    def load_state(self, name: str) -> str:
        """loaded, not-found, masked or bad-setting."""
        fragment = self.fragment(name)
        if not fragment:
            return "not-found"
        if not self.machine.disk.read(fragment):
            return "masked"
        if name.endswith(".service"):
            options = self.options(name)
            oneshot = unit_file.value(options, "Service", "Type") == "oneshot"
            starts = unit_file.values(options, "Service", "ExecStart")
            if (not starts and not oneshot) or (len(starts) > 1 and not oneshot):
                return "bad-setting"
        return "loaded"

    def enablement(self, name: str) -> str:
        """The state of the unit's file: enabled, disabled, static, linked-runtime ... or ""."""
        fragment = self.fragment(name)
        if not fragment:
            return ""
        for folder, state in (
            ("/etc", "enabled"),
            ("/run", "enabled-runtime"),
            ("/usr/lib", "enabled"),
        ):
            if f"{folder}/systemd/system/{WANTS}/{name}" in self.machine.disk.files:
                return state
        if self.load_state(name) == "masked":
            return "masked"
        linked = f"/run/fleet/units/{name}" in self.machine.disk.files
        if linked:
            return "linked-runtime" if fragment.startswith("/run") else "enabled-runtime"
        installable = any(option.section == "Install" for option in self.options(name))
        return "disabled" if installable else "static"

    # --- services

    def service(self, name: str) -> Service:
        """The unit's life; made when it is first asked for."""
        return self.services.setdefault(name, Service(self, name))

    async def start(self, name: str) -> str:
        """Start a unit with what it requires; the job's result as coreos-cloudinit logs it."""
        state = self.load_state(name)
        if state != "loaded":
            if state == "bad-setting":
                self.say(
                    name,
                    f"{name}: Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing.",
                )
            return "failed"
        for option in ("Requires", "BindsTo"):
            for needed in " ".join(unit_file.values(self.options(name), "Unit", option)).split():
                if self.service(needed).active not in ("active", "activating"):
                    await self.start(needed)
        for enemy in " ".join(unit_file.values(self.options(name), "Unit", "Conflicts")).split():
            await self.stop(enemy)
        return await self.service(name).start()

    async def stop(self, name: str) -> str:
        """Stop a unit and what is bound to it."""
        for other in list(self.services.values()):
            bound = " ".join(unit_file.values(self.options(other.name), "Unit", "BindsTo")).split()
            if name in bound and other.active == "active":
                self.machine.spawn(other.stop())
        return await self.service(name).stop()

    def notify(self, socket: str) -> None:
        """A main process says READY=1 on the socket that it was given."""
        self.service(socket.removeprefix("@")).ready.set()

    # --- journal

    def say(self, unit: str, message: str) -> None:
        """systemd's own word on a unit."""
        self.log(unit, "systemd", 1, message)

    def log(self, unit: str, identifier: str, pid: int, message: str) -> None:
        """One entry of the journal."""
        host = self.machine.hostname
        self.journal.entries.append(
            Entry(self.now(), host, unit, identifier, pid, message, self.boot)
        )

    def pipe(self, unit: str, identifier: str, pid: int) -> Callable[[bytes], None]:
        """A stream of bytes that becomes lines of the journal."""
        rest = bytearray()

        def write(data: bytes) -> None:
            rest.extend(data)
            *lines, last = bytes(rest).split(b"\n")
            rest[:] = last
            for line in lines:
                if line.strip():
                    self.log(unit, identifier, pid, line.decode("utf-8", "replace").rstrip("\r"))

        return write


def full_name(name: str) -> str:
    """A unit's whole name: `.service` is added to a bare one."""
    return name if name.endswith(_SUFFIXES) else name + ".service"


def of(machine: Machine) -> Systemd:
    """The machine's service manager."""
    systemd = machine.software["systemd"]
    assert isinstance(systemd, Systemd)  # noqa: S101
    return systemd
