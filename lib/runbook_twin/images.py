"""The server images of the twin's cloud: what is installed on a machine before its first boot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runbook_twin import coreos, rancheros
from runbook_twin.coreos import flatcar
from runbook_twin.hypervisor import ServerSpec
from runbook_twin.machine import Machine


@dataclass(frozen=True)
class Image:
    """One image: who logs in, how many seconds it boots, and what puts it on a machine."""

    user: str
    boot_s: float
    install: Callable[[Machine, ServerSpec], None]


IMAGES = {
    "coreos": Image("core", 16.0, coreos.install),
    "flatcar": Image("core", 16.0, flatcar.install),
    "rancheros": Image("rancher", 19.0, rancheros.install),
}
