"""A unit in fleet's registry: its options, where it may run, what it conflicts with."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from fnmatch import fnmatchcase

from runbook_twin.coreos import unit_file
from runbook_twin.coreos.unit_file import Option

_TYPES = ("service", "socket", "device", "mount", "automount", "timer", "path", "target", "swap",
          "snapshot", "slice")  # fmt: skip
INACTIVE, LOADED, LAUNCHED = "inactive", "loaded", "launched"


def unit_name(argument: str) -> str:
    """The unit that a word of the command line stands for: `.service` is added if need be."""
    name = argument.rstrip("/").rpartition("/")[2]
    return name if name.rpartition(".")[2] in _TYPES else f"{name}.service"


def template_of(name: str) -> str:
    """`nginx@.service` for `nginx@1.service`; "" for what is no instance."""
    match = re.fullmatch(r"([^@]+)@([^@]+)\.(\w+)", name)
    return f"{match[1]}@.{match[3]}" if match else ""


@dataclass(frozen=True)
class MachineState:
    """A machine of the fleet: its id, address and metadata."""

    id: str
    ip: str
    metadata: dict[str, str]

    def legend(self, full: bool) -> str:
        """`1ad018e0.../192.168.0.11`, or all digits."""
        shown = self.id if full else f"{self.id[:8]}..."
        return f"{shown}/{self.ip}" if self.ip else shown


@dataclass(frozen=True)
class UnitState:
    """What an agent says of a unit on its machine."""

    name: str
    machine: str
    load: str
    active: str
    sub: str
    hash: str


@dataclass(frozen=True)
class Job:
    """A unit as the registry has it. current: launched, loaded, inactive; "" for a global one."""

    name: str
    options: tuple[Option, ...]
    desired: str = INACTIVE
    target: str = ""
    current: str = INACTIVE

    @property
    def hash(self) -> str:
        """fleet's hash of the unit."""
        return unit_file.digest(self.options)

    def _requirements(self, *names: str) -> list[str]:
        return [
            word
            for option in self.options
            if option.section == "X-Fleet" and option.name in names
            for word in shlex.split(option.value)
        ]

    @property
    def is_global(self) -> bool:
        """Whether it runs on every machine."""
        values = self._requirements("Global")
        return bool(values) and unit_file.truth(values[-1])

    @property
    def description(self) -> str:
        """The unit's description, "" without one."""
        return unit_file.value(self.options, "Unit", "Description")

    @property
    def conflicts(self) -> list[str]:
        """Patterns of units that must not run on the same machine."""
        return self._requirements("Conflicts", "X-Conflicts")

    def fits(self, machine: MachineState) -> bool:
        """Whether MachineID= and MachineMetadata= allow this machine."""
        wanted = self._requirements("MachineID", "X-ConditionMachineID", "X-ConditionMachineBootID")
        if wanted and not machine.id.startswith(wanted[-1]):
            return False
        metadata: dict[str, set[str]] = {}
        for pair in self._requirements("MachineMetadata", "X-ConditionMachineMetadata"):
            key, _, value = pair.partition("=")
            metadata.setdefault(key, set()).add(value)
        return all(machine.metadata.get(key) in values for key, values in metadata.items())

    @property
    def peers(self) -> list[str]:
        """Units that must run on the same machine."""
        return self._requirements("MachineOf", "X-ConditionMachineOf")

    def hostile(self, other: Job) -> bool:
        """Whether one of the two conflicts with the other."""
        mine = any(fnmatchcase(other.name, pattern) for pattern in self.conflicts)
        return mine or any(fnmatchcase(self.name, pattern) for pattern in other.conflicts)
