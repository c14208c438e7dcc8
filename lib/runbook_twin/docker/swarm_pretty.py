"""`--pretty` of nodes and services, as the clients of 1.12 and of later versions print it."""

from __future__ import annotations

from runbook_twin.docker.cli import Cli
from runbook_twin.docker.cli_node import manager_status
from runbook_twin.docker.cli_swarm import certificate
from runbook_twin.docker.swarm.state import Cluster, Node, Service, Spec
from runbook_twin.docker.swarm_json import SUBJECT, plugins, public_key
from runbook_twin.docker.text import duration, go_time_words, memory


def node(cli: Cli, cluster: Cluster, one: Node) -> str:
    """A node."""
    old = cli.client.old
    fill = "\t\t" if old else "              \t"
    lines = [f"ID:\t\t\t{one.id}"]
    if one.labels or (old and not cli.daemon.old):
        lines += [
            "Labels:",
            *(
                f" - {key}{' = ' if old else '='}{value}"
                for key, value in sorted(one.labels.items())
            ),
        ]
    lines += [
        f"Hostname:{fill}{one.hostname}",
        f"Joined at:{fill if old else '             ' + chr(9)}{go_time_words(one.joined)}",
        "Status:",
        f" State:\t\t\t{one.status.title()}",
    ]
    if one.message and not old:
        lines += [f" Message:              \t{one.message}"]
    lines += [f" Availability:{fill if old else '         ' + chr(9)}{one.availability.title()}"]
    if not old:
        lines += [f" Address:\t\t{one.address}"]
    lines += [*_manager(cli, cluster, one), *_platform(cli, one), *_tls(cli, cluster)]
    return "".join(f"{line}\n" for line in lines)


def _manager(cli: Cli, cluster: Cluster, one: Node) -> list[str]:
    word = manager_status(cluster, one, cli.now)
    if not word:
        return []
    return [
        "Manager Status:",
        f" Address:\t\t{one.address}:2377",
        f" Raft Status:\t\t{'Unreachable' if word == 'Unreachable' else 'Reachable'}",
        f" Leader:\t\t{'Yes' if word == 'Leader' else 'No'}",
    ]


def _platform(cli: Cli, one: Node) -> list[str]:
    engine, old = one.agent.engine, cli.client.old
    kinds: dict[str, list[str]] = {}
    for kind, name in plugins(old=engine.dialect.old):
        kinds.setdefault(kind, []).append(name)
    blank = "  " if old else " "
    return [
        "Platform:",
        " Operating System:\tlinux",
        " Architecture:\t\tx86_64",
        "Resources:",
        f" CPUs:\t\t\t{engine.host.cpus}",
        f" Memory:\t\t{memory(engine.host.memory, old=old)}",
        "Plugins:",
        *(f"{blank}{kind}:\t\t{', '.join(names)}" for kind, names in kinds.items()),
        f"Engine Version:\t\t{engine.version}",
    ]


def _tls(cli: Cli, cluster: Cluster) -> list[str]:
    if cli.client.old:
        return []
    key = public_key(cluster)
    return [
        "TLS Info:",
        " TrustRoot:",
        certificate(cluster),
        f" Issuer Subject:\t{SUBJECT}",
        f" Issuer Public Key:\t{key}",
    ]


def service(cli: Cli, one: Service) -> str:
    """A service."""
    spec, old = one.spec, cli.client.old
    is_global = spec.replicas is None
    labels = ["Labels:"] if (old and not cli.daemon.old) or spec.labels else []
    labels += [f" {'- ' if old else ''}{text}" for text in spec.labels]
    lines = [f"ID:\t\t{one.id}", f"Name:\t\t{spec.name}", *labels]
    lines += [
        f"{'Mode' if old else 'Service Mode'}:\t{'' if not old else chr(9)}"
        f"{'Global' if is_global else 'Replicated'}"
    ]
    if not is_global:
        lines += [f" Replicas:\t{spec.replicas}"]
    lines += [*_update(cli, one), "Placement:"]
    if spec.constraints:
        shown = ", ".join(spec.constraints) if old else f"[{' '.join(spec.constraints)}]"
        lines += [f" Constraints\t: {shown}" if old else f" Constraints:\t{shown}"]
    lines += [*_policies(spec, old=old), "ContainerSpec:", f" Image:\t\t{spec.image}"]
    if spec.command:
        lines += [f" Args:\t\t{' '.join(spec.command)}{'' if old else ' '}"]
    if spec.environment:
        lines += [f" Env:\t\t{', '.join(spec.environment) if old else ' '.join(spec.environment)}"]
    lines += [] if old else [" Init:\t\tfalse"]
    lines += ["Resources:", *_resources(spec, old=old)]
    lines += [*([] if old else [f"Endpoint Mode:\t{spec.endpoint}"]), *_ports(spec, old=old)]
    text = "".join(f"{line}\n" for line in lines)
    return text if old else f"\n{text}\n"


def _update(cli: Cli, one: Service) -> list[str]:
    update, old = one.update, cli.client.old
    if update is None:
        return []

    def ago(when: float) -> str:
        words = duration(cli.now - when, old=old)
        return f"{words.lower() if old else words} ago"

    done = [f" Completed:\t{ago(update.completed)}"] if update.completed else []
    return [
        "Update status:" if old else "UpdateStatus:",
        f" State:\t\t{update.state}",
        f" Started:\t{ago(update.started)}",
        *done,
        f" Message:\t{update.message}",
    ]


def _policies(spec: Spec, *, old: bool) -> list[str]:
    delay = [f" Delay:\t\t{spec.update_delay:g}s"] if spec.update_delay else []
    shared = [" Monitoring Period: 5s", " Max failure ratio: 0"]
    update = [
        f" Parallelism:\t{spec.update_parallelism}",
        *delay,
        f" On failure:\t{spec.update_failure}",
    ]
    if old:
        return ["UpdateConfig:", *update]
    back = [" Parallelism:\t1", " On failure:\tpause", *shared, " Rollback order:    stop-first"]
    order = f" Update order:      {spec.update_order}"
    return ["UpdateConfig:", *update, *shared, order, "RollbackConfig:", *back]


def _resources(spec: Spec, *, old: bool) -> list[str]:
    lines: list[str] = []
    for title, cpu, size in (
        ("Reservations", spec.reserve_cpu, spec.reserve_memory),
        ("Limits", spec.limit_cpu, spec.limit_memory),
    ):
        if cpu or size:
            lines += [f" {title}:"]
            lines += [f"  CPU:\t\t{cpu:g}"] if cpu else []
            lines += [f"  Memory:\t{memory(size, old=old)}"] if size else []
    return lines


def _ports(spec: Spec, *, old: bool) -> list[str]:
    if not spec.ports:
        return []
    lines = ["Ports:"]
    for port in spec.ports:
        if old:
            lines += [
                f" Protocol = {port.protocol}",
                f" TargetPort = {port.target}",
                f" PublishedPort = {port.published}",
            ]
        else:
            lines += [
                f" PublishedPort = {port.published}",
                f"  Protocol = {port.protocol}",
                f"  TargetPort = {port.target}",
                f"  PublishMode = {port.mode} ",
            ]
    return lines
