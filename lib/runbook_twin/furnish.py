"""The article's clusters as they stand after set-up, made by the article's own command lines."""

from __future__ import annotations

import asyncio
import base64
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

from runbook_twin.handover import GROUPS, KEY_PAIR
from runbook_twin.hypervisor import ServerSpec
from runbook_twin.machine import Machine
from runbook_twin.openstack import OpenStack
from runbook_twin.shell import run
from runbook_twin.skipping import SkippingLoop
from runbook_twin.world import World
from runbook_twin.world_hypervisor import WorldHypervisor

TAKES_S = 42.0  # of the twin's time; hardly any of ours, since the waiting is left out
_DEADLINE_S = 600.0
CLOUD_CONFIG = "/usr/share/oem/cloud-config.yml"
NGINX_UNIT = "/etc/systemd/system/nginx.service"

_ETCD = """\
#cloud-config
coreos:
  etcd2:
    discovery: {discovery}
    advertise-client-urls: http://{address}:2379,http://{address}:4001
    initial-advertise-peer-urls: http://{address}:2380
    listen-client-urls: http://0.0.0.0:2379,http://0.0.0.0:4001
    listen-peer-urls: http://{address}:2380
  units:
    - name: etcd2.service
      command: start
    - name: fleet.service
      command: start
"""
_NGINX = """\
[Unit]
Description=Nginx Test Service

[Service]
EnvironmentFile=/etc/environment
ExecStartPre=/usr/bin/docker pull nginx
ExecStart=/usr/bin/docker run --rm --name nginx -p 80:80 nginx
ExecStop=/usr/bin/docker kill nginx

[X-Fleet]
Conflicts=nginx.service
"""


class FurnishError(Exception):
    """A line of the set-up did not do what it does on the real machines."""


def specs(public_key: str) -> Iterator[ServerSpec]:
    """The article's servers."""
    for image, (_, servers) in GROUPS.items():
        for name, address in servers.items():
            yield ServerSpec(
                str(uuid.uuid4()), name, image, address, b"", (public_key,), {"group": image}
            )


def known_hosts(world: World) -> list[str]:
    """Lines for the machines that exist: whoever set them up has seen their host keys."""
    return [
        f"{m.address} {m.host_key.export_public_key().decode()}" for m in world.machines.values()
    ]


async def furnish(
    world: World, hypervisor: WorldHypervisor, cloud: OpenStack, public_key: str
) -> None:
    """Make both clusters and their records in the cloud. Raises FurnishError."""
    made = list(specs(public_key))
    with _without_waiting():
        machines = {spec.name: hypervisor.install(spec) for spec in made}
        for machine in machines.values():
            machine.start()
        await _booted(world)
        await asyncio.gather(_fleet(machines), _swarm(machines))
    tags = {spec.id: ("runbook", f"runbook-group={spec.image}") for spec in made}
    cloud.furnish(
        [(spec, tags[spec.id]) for spec in made], key_pair=KEY_PAIR, public_key=public_key
    )


def _without_waiting() -> AbstractContextManager[None]:
    loop = asyncio.get_running_loop()
    return loop.skip() if isinstance(loop, SkippingLoop) else nullcontext()


async def _booted(world: World) -> None:
    up = asyncio.Event()

    def look() -> None:
        if all(machine.powered for machine in world.machines.values()):
            up.set()

    world.on_change.add(look)
    await up.wait()
    world.on_change.discard(look)


async def _do(machine: Machine, line: str) -> str:
    """Run a line as the user who logs in; its stdout. Raises FurnishError."""
    result = await run(machine, line, user=machine.user)
    if result.exit_code:
        said = (result.stderr or result.stdout).decode()
        raise FurnishError(f"{machine.name}: {line}: exit {result.exit_code}: {said}")
    return result.stdout.decode()


async def _until(machine: Machine, line: str) -> None:
    """Run a line again and again until it succeeds. Raises FurnishError."""
    clock = machine.world.clock
    deadline = clock.now() + _DEADLINE_S
    while (result := await run(machine, line, user=machine.user)).exit_code:
        if clock.now() > deadline:
            said = (result.stderr or result.stdout).decode()
            raise FurnishError(f"{machine.name}: {line}: still fails: {said}")
        await clock.sleep(2.0)


async def _write(machine: Machine, path: str, text: str) -> None:
    content = base64.b64encode(text.encode()).decode()
    folder = path.rpartition("/")[0]
    await _do(machine, f"sudo mkdir -p {folder} && echo {content} | base64 -d | sudo tee {path}")


async def _fleet(machines: dict[str, Machine]) -> None:
    """etcd2 and fleet on three nodes, one key, nginx launched."""
    nodes = [machine for machine in machines.values() if machine.image == "coreos"]
    first = nodes[0]
    size = len(nodes)
    discovery = await _do(first, f"curl -sS 'https://discovery.etcd.io/new?size={size}'")
    for node in nodes:
        text = _ETCD.format(discovery=discovery.strip(), address=node.address)
        await _write(node, CLOUD_CONFIG, text)
    start = f"sudo coreos-cloudinit --from-file {CLOUD_CONFIG}"
    await asyncio.gather(*(_do(node, start) for node in nodes))
    await _until(first, f"etcdctl cluster-health && test $(etcdctl member list | wc -l) = {size}")
    await _do(first, "etcdctl set /common/cluster-name selectel-test-cluster")
    await _write(first, NGINX_UNIT, _NGINX)
    await _until(first, f"test $(fleetctl list-machines --no-legend | wc -l) = {size}")
    await _do(first, f"fleetctl start {NGINX_UNIT}")
    await _until(first, "fleetctl list-units | grep nginx | grep -q running")


async def _swarm(machines: dict[str, Machine]) -> None:
    """A swarm of three, its manager drained, one web server."""
    manager, *workers = [machine for machine in machines.values() if machine.image == "rancheros"]
    await _until(manager, "docker info")
    await _do(manager, f"docker swarm init --advertise-addr {manager.address}")
    token = (await _do(manager, "docker swarm join-token -q worker")).strip()
    for worker in workers:
        await _until(worker, "docker info")
        await _do(worker, f"docker swarm join --token {token} {manager.address}:2377")
    await _do(manager, "docker node update --availability drain manager0")
    await _do(manager, "docker service create --name webserver --replicas 1 --publish 80:80 nginx")
    await _until(manager, "docker service ls | grep webserver | grep -q 1/1")
