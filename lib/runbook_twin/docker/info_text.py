"""The lines of `docker info`, per client, and its JSON."""

from __future__ import annotations

from typing import Any

from runbook_twin.docker.cli import Cli
from runbook_twin.docker.swarm.state import SwarmFacts
from runbook_twin.docker.text import go_time, memory

LOGS = "awslogs fluentd gcplogs gelf journald json-file local logentries splunk syslog"


async def swarm_facts(cli: Cli) -> SwarmFacts:
    """Ask this machine's agent (and through it the leader) about the swarm."""
    agent = cli.engine.agent or cli.engine.pending
    return SwarmFacts() if agent is None else await agent.facts()


def client_head(cli: Cli) -> str:
    """The client's part, printed even without a daemon."""
    first = f" Version:    {cli.client.version}\n" if cli.client.new else ""
    return f"Client:\n{first} Context:    default\n Debug Mode: false\n"


def _counts(cli: Cli) -> list[tuple[str, int]]:
    states = [one.state for one in cli.engine.containers]
    running = states.count("running")  # one that waits for its restart counts as stopped
    paused = states.count("paused")
    stopped = len(states) - running - paused
    return [("Running", running), ("Paused", paused), ("Stopped", stopped)]


def text(cli: Cli, swarm: SwarmFacts) -> str:
    """All of `docker info`."""
    lines = _top(cli) + _swarm(cli, swarm) + _bottom(cli)
    if cli.client.old:
        return "".join(f"{line}\n" for line in lines)
    server = "".join(f" {line}\n" for line in lines)
    return f"{client_head(cli)}\nServer:\n{server}\n"


def _top(cli: Cli) -> list[str]:
    daemon, new = cli.daemon, not cli.client.old
    images = len({image.id for image in cli.engine.images})
    driver = (
        []
        if daemon.old
        else [" Supports d_type: true", " Native Overlay Diff: true", " userxattr: false"]
    )
    network = (
        "bridge host null overlay" if daemon.old else "bridge host ipvlan macvlan null overlay"
    )
    return [
        f"Containers: {len(cli.engine.containers)}",
        *(f" {word}: {count}" for word, count in _counts(cli)),
        f"Images: {images}",
        f"Server Version: {daemon.version}",
        "Storage Driver: overlay2",
        f" Backing Filesystem: {cli.engine.host.backing}",
        *driver,
        "Logging Driver: json-file",
        "Cgroup Driver: cgroupfs",
        *(["Cgroup Version: 1"] if new else []),
        "Plugins:",
        " Volume: local",
        f" Network: {network}",
        *([f" Log: {LOGS}"] if new else []),
    ]


def _swarm(cli: Cli, swarm: SwarmFacts) -> list[str]:
    if not cli.client.swarm:
        return []
    lines = [f"Swarm: {swarm.state}"]
    if swarm.state == "inactive":
        return lines
    lines += [f" NodeID: {swarm.node}", *([f" Error: {swarm.error}"] if swarm.error else [])]
    lines += [f" Is Manager: {str(swarm.manager).lower()}"]
    if swarm.manager and (cli.client.old or not swarm.error):
        lines += _manager(cli, swarm)
    lines += [f" Node Address: {swarm.address}"]
    if swarm.remotes and not cli.client.old:
        lines += [" Manager Addresses:", *(f"  {one}" for one in sorted(swarm.remotes))]
    return lines


def _manager(cli: Cli, swarm: SwarmFacts) -> list[str]:
    lost, old = bool(swarm.error), cli.client.old
    ticks = (0, 0, 0) if lost else (10000, 1, 3 if cli.daemon.old else 10)
    none = "Less than a second"
    pool = [] if old or cli.client.new else ["Default Address Pool: 10.0.0.0/8  ", "SubnetSize: 24"]
    lines = [
        f"ClusterID: {'' if lost else swarm.cluster}",
        f"Managers: {0 if lost else swarm.managers}",
        f"Nodes: {0 if lost else swarm.nodes}",
        *pool,
        *([] if old else ["Data Path Port: 4789"]),
        "Orchestration:",
        f" Task History Retention Limit: {0 if lost else swarm.history}",
        "Raft:",
        f" Snapshot Interval: {ticks[0]}",
        *([] if old else [" Number of Old Snapshots to Retain: 0"]),
        f" Heartbeat Tick: {ticks[1]}",
        f" Election Tick: {ticks[2]}",
        "Dispatcher:",
        f" Heartbeat Period: {none if lost else '5 seconds'}",
        "CA Configuration:",
        f" Expiry Duration: {none if lost else '3 months'}",
        *(
            []
            if old
            else [
                " Force Rotate: 0",
                "Autolock Managers: false",
                "Root Rotation In Progress: false",
            ]
        ),
    ]
    return [f" {line}" for line in lines]


def _bottom(cli: Cli) -> list[str]:
    host, daemon, old = cli.engine.host, cli.daemon, cli.client.old
    runtimes = "runc" if daemon.old else "io.containerd.runc.v2 io.containerd.runtime.v1.linux runc"
    versions = (
        []
        if old
        else [
            "Init Binary: docker-init",
            "containerd version: 1.6.20~ds1-1+deb12u3",
            "runc version: 1.1.5+ds1-1+deb12u1",
            "init version: ",
        ]
    )
    security = ["Security Options:" + ("" if daemon.old else " seccomp")]
    if not old:
        security = ["Security Options:", " seccomp", "  Profile: default"]
    debug = (
        ["Debug Mode (client): false", "Debug Mode (server): false"]
        if old
        else ["Debug Mode: false"]
    )
    registry = [] if cli.client.new else ["Registry: https://index.docker.io/v1/"]
    labels = [] if daemon.old or cli.client.new else ["Labels:"]
    return [
        f"Runtimes: {runtimes}",
        "Default Runtime: runc",
        *versions,
        *security,
        f"Kernel Version: {host.kernel}",
        f"Operating System: {host.system}",
        "OSType: linux",
        "Architecture: x86_64",
        f"CPUs: {host.cpus}",
        f"Total Memory: {memory(host.memory, old=old)}",
        f"Name: {cli.call.machine.hostname}",
        f"ID: {host.engine_id}",
        f"Docker Root Dir: {host.root}",
        *debug,
        *registry,
        *labels,
        *([] if old else ["Experimental: false"]),
        "Insecure Registries:",
        " 127.0.0.0/8",
        *([] if old else ["Live Restore Enabled: false"]),
    ]


def fields(cli: Cli, swarm: SwarmFacts) -> dict[str, Any]:
    """`docker info --format '{{json .}}'`."""
    host, counts = cli.engine.host, dict(_counts(cli))
    remotes = [{"NodeID": "", "Addr": one} for one in sorted(swarm.remotes)]
    return {
        "ID": host.engine_id,
        "Containers": len(cli.engine.containers),
        "ContainersRunning": counts["Running"],
        "ContainersPaused": counts["Paused"],
        "ContainersStopped": counts["Stopped"],
        "Images": len({image.id for image in cli.engine.images}),
        "Driver": "overlay2",
        "SystemTime": go_time(cli.now),
        "KernelVersion": host.kernel,
        "OperatingSystem": host.system,
        "OSType": "linux",
        "Architecture": "x86_64",
        "NCPU": host.cpus,
        "MemTotal": host.memory,
        "DockerRootDir": host.root,
        "Name": cli.call.machine.hostname,
        "ServerVersion": cli.daemon.version,
        "Swarm": {
            "NodeID": swarm.node,
            "NodeAddr": swarm.address,
            "LocalNodeState": swarm.state,
            "ControlAvailable": swarm.manager,
            "Error": swarm.error,
            "RemoteManagers": remotes or None,
        },
        "LiveRestoreEnabled": False,
        "Warnings": None,
    }
