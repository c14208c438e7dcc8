"""What can be broken on purpose: the faults of the twin, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runbook_twin.machine import Machine
    from runbook_twin.world import World


@dataclass
class Faults:
    """Faults that others read: the OpenStack API and the hypervisor.

    api_error: (HTTP status, how many requests are still to fail). missing_images: names of
    server images that the API does not have. slow_boot_s: seconds on top of every boot.
    """

    api_error: tuple[int, int] | None = None
    instance_quota: int | None = None
    no_valid_host: bool = False
    slow_boot_s: float = 0.0
    missing_images: set[str] = field(default_factory=set)
    missing_containers: dict[str, float] = field(default_factory=dict)  # image -> its pull time
    lost: set[str] = field(default_factory=set)  # names of nodes that lost their power by a fault


class UnknownFault(ValueError):
    """No such fault, no such node, or a bad value; the text says which."""


def _node(world: World, name: str) -> Machine:
    for machine in world.machines.values():
        if name in (machine.name, machine.address):
            return machine
    known = ", ".join(sorted(machine.name for machine in world.machines.values())) or "none"
    raise UnknownFault(f"no node {name!r}; there are: {known}")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise UnknownFault(f"{text}: not a number of seconds from 0 up")
    return seconds


def _node_lost(world: World, name: str) -> None:
    machine = _node(world, name)
    world.faults.lost.add(machine.name)
    machine.power_off()


def _node_back(world: World, name: str) -> None:
    machine = _node(world, name)
    if machine.name not in world.faults.lost:
        raise UnknownFault(f"{machine.name} has not been lost: start it through the cloud")
    world.faults.lost.discard(machine.name)
    machine.start()


def _network_cut(world: World, name: str) -> None:
    machine = _node(world, name)
    world.cut.add(machine.address)
    world.note(f"{machine.name} is cut off")
    world.changed()


def _network_heal(world: World, name: str = "") -> None:
    healed = {_node(world, name).address} if name else set(world.cut)
    world.cut -= healed
    for address in sorted(healed):
        machine = world.machine_at(address)
        world.note(f"{machine.name if machine else address} is connected again")
    world.changed()


def _slow_link(world: World, name: str, seconds: str) -> None:
    world.slow[_node(world, name).address] = _seconds(seconds)


def _image_missing(world: World, image: str) -> None:
    world.faults.missing_containers[image] = world.images.pop(image, 16.0)


def _api_image_missing(world: World, image: str) -> None:
    world.faults.missing_images.add(image)


def _disk_full(world: World, name: str) -> None:
    _node(world, name).disk.full = True


def _sudo_refused(world: World, name: str) -> None:
    _node(world, name).sudo_refused = True


def _drop_connection(world: World, name: str, after: str = "0.5") -> None:
    _node(world, name).drop_after = _seconds(after)


def _api_error(world: World, code: str, count: str = "1") -> None:
    if not 400 <= int(code) <= 599:
        raise UnknownFault(f"{code} is no HTTP error (400 to 599)")
    world.faults.api_error = (int(code), int(count))


def _quota(world: World, instances: str) -> None:
    world.faults.instance_quota = int(instances)


def _no_valid_host(world: World) -> None:
    world.faults.no_valid_host = True


def _slow_boot(world: World, seconds: str) -> None:
    world.faults.slow_boot_s = _seconds(seconds)


@dataclass(frozen=True)
class Kind:
    """One fault: how it is called, what it does."""

    arguments: str
    does: str
    apply: Callable[..., None]


KINDS: dict[str, Kind] = {
    "node-lost": Kind("NODE", "the node loses power", _node_lost),
    "node-back": Kind("NODE", "the node gets power and boots", _node_back),
    "network-cut": Kind("NODE", "nothing reaches the node, nothing leaves it", _network_cut),
    "network-heal": Kind("[NODE]", "the node's link works again (all links)", _network_heal),
    "slow-link": Kind("NODE SECONDS", "every connection to the node is slower", _slow_link),
    "image-missing": Kind("IMAGE", "the container registry lacks the image", _image_missing),
    "api-image-missing": Kind("IMAGE", "OpenStack lacks the server image", _api_image_missing),
    "disk-full": Kind("NODE", "no space left on the node's disk", _disk_full),
    "sudo-refused": Kind("NODE", "sudo asks for a password", _sudo_refused),
    "drop-connection": Kind(
        "NODE [SECONDS]", "the next command loses its connection", _drop_connection
    ),
    "api-error": Kind("CODE [COUNT]", "OpenStack answers with this HTTP error", _api_error),
    "quota": Kind("INSTANCES", "so many servers are allowed", _quota),
    "no-valid-host": Kind("", "new servers end in ERROR", _no_valid_host),
    "slow-boot": Kind("SECONDS", "every boot takes so much longer", _slow_boot),
}


def apply(world: World, name: str, arguments: list[str]) -> None:
    """Break (or mend) something. Raises UnknownFault."""
    kind = KINDS.get(name)
    if kind is None:
        raise UnknownFault(f"no fault {name!r}; there are: {', '.join(KINDS)}")
    words = kind.arguments.split()
    required = [word for word in words if not word.startswith("[")]
    if not len(required) <= len(arguments) <= len(words):
        raise UnknownFault(f"usage: {name} {kind.arguments}".rstrip())
    try:
        kind.apply(world, *arguments)
    except UnknownFault:
        raise
    except ValueError:
        raise UnknownFault(f"{name}: {' '.join(arguments)}: not a number") from None


def active(world: World) -> list[str]:
    """The faults in force, as one would type them."""
    faults, found = world.faults, []
    for machine in sorted(world.machines.values(), key=lambda m: m.name):
        states = {
            "node-lost": machine.name in faults.lost,
            "network-cut": machine.address in world.cut,
            "disk-full": machine.disk.full,
            "sudo-refused": machine.sudo_refused,
        }
        found += [f"{name} {machine.name}" for name, holds in states.items() if holds]
        if machine.address in world.slow:
            found.append(f"slow-link {machine.name} {world.slow[machine.address]:g}")
        if machine.drop_after is not None:
            found.append(f"drop-connection {machine.name} {machine.drop_after:g}")
    found += [f"image-missing {image}" for image in sorted(faults.missing_containers)]
    found += [f"api-image-missing {image}" for image in sorted(faults.missing_images)]
    found += [f"api-error {faults.api_error[0]} {faults.api_error[1]}"] if faults.api_error else []
    found += [f"quota {faults.instance_quota}"] if faults.instance_quota is not None else []
    found += ["no-valid-host"] if faults.no_valid_host else []
    found += [f"slow-boot {faults.slow_boot_s:g}"] if faults.slow_boot_s else []
    return found


def clear(world: World) -> None:
    """Mend everything; nodes that were lost are started, those that the cloud stopped are not."""
    lost = set(world.faults.lost)
    world.images.update(world.faults.missing_containers)
    world.faults.__dict__.update(Faults().__dict__)
    world.slow.clear()
    for machine in world.machines.values():
        machine.disk.full = machine.sudo_refused = False
        machine.drop_after = None
        if machine.name in lost:
            machine.start()
    _network_heal(world)
