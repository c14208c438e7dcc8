"""The facts about a machine that its engine reports."""

from __future__ import annotations

import random
from dataclasses import dataclass

SYSTEMS = {  # part of the image's name: (kernel, operating system)
    "rancher": ("4.4.24-rancher", "RancherOS v0.6.1"),
    "burmilla": ("5.10.183-burmilla", "BurmillaOS v2.0.5"),
    "coreos": ("4.7.3-coreos-r2", "CoreOS 1185.3.0 (MoreOS)"),
    "flatcar": ("6.6.54-flatcar", "Flatcar Container Linux by Kinvolk 4081.2.0 (Oklo)"),
}


@dataclass
class Host:
    """Kernel, system, size and place of the data of a machine."""

    kernel: str = "6.1.0-28-amd64"
    system: str = "Debian GNU/Linux 12 (bookworm)"
    cpus: int = 2
    memory: int = 2_095_738_880
    root: str = "/var/lib/docker"
    engine_id: str = ""
    backing: str = "extfs"


def host_of(image: str, source: random.Random) -> Host:
    """What an engine on a machine of that image reports."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    groups = ("".join(source.choice(letters) for _ in range(4)) for _ in range(12))
    host = Host(engine_id=":".join(groups))
    for part, (kernel, system) in SYSTEMS.items():
        if part in image.lower():
            host.kernel, host.system = kernel, system
    return host
