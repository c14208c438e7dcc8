"""`docker service create, update, scale, rollback, rm`."""

from __future__ import annotations

import re
from dataclasses import replace

from runbook_twin.docker import images, service_flags
from runbook_twin.docker.cli import Cli, Command
from runbook_twin.docker.failures import ClientError
from runbook_twin.docker.flags import Usage
from runbook_twin.docker.progress import converge
from runbook_twin.docker.swarm import orchestrator, updater
from runbook_twin.docker.swarm.control import cluster_of, lookup, rpc
from runbook_twin.docker.swarm.state import Cluster, Service, Spec
from runbook_twin.docker.text import object_id

NAME = re.compile(r"^[a-zA-Z0-9]+(?:[a-zA-Z0-9-_]*[a-zA-Z0-9])?$")
UNRESOLVED = (
    "image {0} could not be accessed on a registry to record\n"
    "its digest. Each node will access {0} independently,\n"
    "possibly leading to different nodes running different\n"
    "versions of the image.\n\n"
)


def find(cli: Cli, cluster: Cluster, name: str, *, removal: bool = False) -> Service:
    """A service by name or id. Raises ClientError."""
    for service in cluster.services.values():
        if name in (service.name, service.id):
            return service
    starts = [one for one in cluster.services.values() if name and one.id.startswith(name)]
    if len(starts) == 1:
        return starts[0]
    raise cli.missing("service", name, removal=removal)


def resolve(cli: Cli, reference: str) -> str:
    """The image as the spec keeps it: with tag and digest since 1.13, as typed before."""
    if cli.api_old or "@" in reference or not images.valid(reference):
        return reference
    name = images.normal(reference)
    if images.seconds_to_pull(cli.engine.machine, name) is None:
        cli.err(UNRESOLVED.format(name))
        return name
    return f"{name}@sha256:{images.describe(name, cli.now).digest}"


def refuse(cli: Cli, cluster: Cluster, spec: Spec, itself: Service | None = None) -> None:
    """Raise DaemonError for a spec that the managers do not take."""
    others = [one for one in cluster.services.values() if one is not itself]
    if not NAME.match(spec.name):
        allowed = (
            "[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]"
            if cli.daemon.old
            else ("[a-zA-Z0-9][a-zA-Z0-9-_]*[a-zA-Z0-9]")
        )
        text = f"invalid name, only {allowed} are allowed"
        raise rpc(
            cli.engine, 3, text if cli.daemon.old else "name must be valid as a DNS name component"
        )
    if not cli.daemon.old and not images.valid(spec.image):
        name = images.normal(spec.image)
        raise rpc(cli.engine, 3, f'ContainerSpec: "{name}" is not a valid repository/tag')
    if any(one.name == spec.name for one in others):
        clash = "name conflicts with an existing object"
        if cli.daemon.old:
            raise rpc(cli.engine, 2, clash)
        raise rpc(cli.engine, 6, f"{clash}: service {spec.name} already exists")
    _refuse_ports(cli, spec, others)


def _refuse_ports(cli: Cli, spec: Spec, others: list[Service]) -> None:
    mine = {port.published for port in spec.ports if port.mode == "ingress"}
    for other in others:
        for port in other.spec.ports:
            if port.mode == "ingress" and port.published in mine:
                where = f"service '{other.name}' ({other.id})"
                text = f"port '{port.published}' is already in use by {where}"
                if cli.daemon.old:
                    text = f"port '{port.published}' is already in use by service {other.id}"
                raise rpc(cli.engine, 3, text if cli.daemon.old else f"{text} as an ingress port")


async def create(cli: Cli) -> int:
    """`docker service create [OPTIONS] IMAGE [COMMAND] [ARG...]`: prints the id."""
    image, *command = cli.given.arguments
    first = Spec(name=cli.given.get("name"), image=image, command=tuple(command))
    spec = service_flags.apply(cli, first)
    cluster = await cluster_of(cli.engine, write=True)
    if not spec.name:
        pick = cluster.source.choice
        spec = replace(spec, name=f"{pick(('happy', 'clever', 'big'))}_{pick(('bell', 'hopper'))}")
    refuse(cli, cluster, spec)
    spec = replace(spec, image=resolve(cli, image))
    service = Service(object_id(cluster.source), spec, cli.now, cli.now, cluster.touch())
    cluster.services[service.id] = service
    orchestrator.settle(cluster, service, cli.now)
    cli.out(f"{service.id}\n")
    return await _attached(cli, cluster, service)


async def _attached(cli: Cli, cluster: Cluster, service: Service) -> int:
    """Since 17.10 the client waits until the service has converged, unless `-d`."""
    if cli.client.number < (17, 10) or cli.api_old or "detach" in cli.given:
        return 0
    return await converge(cli, cluster, service)


async def update(cli: Cli) -> int:
    """`docker service update [OPTIONS] SERVICE`."""
    name = cli.given.arguments[0]
    cluster = await lookup(cli.engine)
    service = find(cli, cluster, name)
    if "rollback" in cli.given:
        return await rollback(cli)
    spec = service_flags.apply(cli, service.spec)
    if image := cli.given.get("image"):
        spec = replace(spec, image=resolve(cli, image))
    refuse(cli, cluster, spec, service)
    updater.change(cluster, service, spec, cli.now)
    orchestrator.settle(cluster, service, cli.now)
    cli.out(f"{name}\n")
    return await _attached(cli, cluster, service)


async def rollback(cli: Cli) -> int:
    """`docker service rollback SERVICE`."""
    name = cli.given.arguments[0]
    cluster = await lookup(cli.engine)
    service = find(cli, cluster, name)
    if service.previous is None:
        raise rpc(cli.engine, 9, f"service {service.id} does not have a previous spec")
    updater.change(cluster, service, service.previous, cli.now, rollback=True)
    cli.out(f"{name}\n")
    return await _attached(cli, cluster, service)


async def scale(cli: Cli) -> int:
    """`docker service scale SERVICE=REPLICAS...`."""
    for text in cli.given.arguments:
        if "=" not in text:
            raise ClientError(
                f"invalid scale specifier '{text}'.\nSee 'docker service scale --help'.\n"
            )
    cluster = await lookup(cli.engine)
    changed: list[Service] = []
    code = 0
    for text in cli.given.arguments:
        name, _, number = text.partition("=")
        try:
            service = _scaled(cli, cluster, name, number)
        except ClientError as error:
            cli.err(f"{name}: {error.text}")
            code = 1
            continue
        cli.out(f"{name} scaled to {number}\n")
        changed.append(service)
    for service in changed:
        await _attached(cli, cluster, service)
    return code


def _scaled(cli: Cli, cluster: Cluster, name: str, number: str) -> Service:
    if not number.isdigit():
        why = f'strconv.ParseUint: parsing "{number}": invalid syntax'
        raise ClientError(f"invalid replicas value {number}: {why}\n")
    service = find(cli, cluster, name)
    if service.spec.replicas is None:
        text = "scale can only be used with replicated mode"
        raise ClientError(f"{text}{'' if cli.client.old else ' or replicated-job mode'}\n")
    spec = replace(service.spec, replicas=int(number))
    updater.change(cluster, service, spec, cli.now)
    orchestrator.settle(cluster, service, cli.now)
    return service


async def rm(cli: Cli) -> int:
    """`docker service rm SERVICE...`."""
    cluster = await cluster_of(cli.engine, write=True)
    code = 0
    for name in cli.given.arguments:
        try:
            service = find(cli, cluster, name, removal=True)
        except ClientError as error:
            cli.err(error.text)
            code = 1
            continue
        del cluster.services[service.id]
        for task in cluster.tasks_of(service):
            task.desired = "remove"
            if cluster.old or task.ended or not task.node:
                del cluster.tasks[task.id]
        cli.out(f"{name}\n")
    return code


SINCE = (1, 12)
COMMANDS = (
    Command(
        Usage(
            "docker service create",
            "IMAGE [COMMAND] [ARG...]",
            "Create a new service",
            service_flags.CREATE,
            1,
            None,
            greedy=True,
        ),
        create,
        SINCE,
    ),
    Command(
        Usage("docker service update", "SERVICE", "Update a service", service_flags.UPDATE, 1, 1),
        update,
        SINCE,
    ),
    Command(
        Usage(
            "docker service rollback",
            "SERVICE",
            "Revert changes to a service's configuration",
            "d,detach q,quiet",
            1,
            1,
        ),
        rollback,
        (17, 10),
    ),
    Command(
        Usage(
            "docker service scale",
            "SERVICE=REPLICAS [SERVICE=REPLICAS...]",
            "Scale one or multiple replicated services",
            "d,detach",
            1,
            None,
        ),
        scale,
        SINCE,
    ),
    Command(
        Usage(
            "docker service rm", "SERVICE [SERVICE...]", "Remove one or more services", "", 1, None
        ),
        rm,
        SINCE,
    ),
)
