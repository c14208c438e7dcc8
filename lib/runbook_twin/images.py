"""The server images of the twin's cloud: what is installed on a machine before its first boot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from runbook_twin.hypervisor import ServerSpec
from runbook_twin.machine import Machine


@dataclass(frozen=True)
class Image:
    """One image: who logs in, how long it boots, and the package that installs it."""

    user: str
    boot_s: float
    package: str

    def install(self, machine: Machine, spec: ServerSpec) -> None:
        """Put the image's programs and software on a machine."""
        installer: Callable[[Machine, ServerSpec], None] = import_module(self.package).install
        installer(machine, spec)


IMAGES = {
    "coreos": Image("core", 16.0, "runbook_twin.coreos"),
    "rancheros": Image("rancher", 19.0, "runbook_twin.rancheros"),
}
