"""Nodes and services as the API's JSON."""

from __future__ import annotations

from typing import Any

from runbook_twin.docker.cli import Cli
from runbook_twin.docker.cli_node import manager_status
from runbook_twin.docker.cli_swarm import certificate
from runbook_twin.docker.info_text import LOGS
from runbook_twin.docker.swarm.state import Cluster, Node, Publish, Service, Spec
from runbook_twin.docker.text import go_time

SUBJECT = "MBMxETAPBgNVBAMTCHN3YXJtLWNh"
NANO = 1_000_000_000


def plugins(*, old: bool) -> list[tuple[str, str]]:
    """The engine's plugins: (type, name), sorted."""
    network = "bridge host null overlay" if old else "bridge host ipvlan macvlan null overlay"
    logs = [] if old else [("Log", name) for name in LOGS.split()]
    return [*logs, *(("Network", name) for name in network.split()), ("Volume", "local")]


def node(cli: Cli, cluster: Cluster, one: Node) -> dict[str, Any]:
    """A node as `docker node inspect` shows it."""
    engine, old = one.agent.engine, cli.api_old
    host = engine.host
    description: dict[str, Any] = {
        "Hostname": one.hostname,
        "Platform": {"Architecture": "x86_64", "OS": "linux"},
        "Resources": {"NanoCPUs": host.cpus * NANO, "MemoryBytes": host.memory},
        "Engine": {
            "EngineVersion": engine.version,
            "Plugins": [
                {"Type": kind, "Name": name} for kind, name in plugins(old=engine.dialect.old)
            ],
        },
    }
    if not old:
        description["TLSInfo"] = {
            "TrustRoot": certificate(cluster),
            "CertIssuerSubject": SUBJECT,
            "CertIssuerPublicKey": public_key(cluster),
        }
    status = {"State": one.status, **({"Message": one.message} if one.message else {})}
    labels = {"Labels": one.labels} if one.labels or not old else {}
    shown: dict[str, Any] = {
        "ID": one.id,
        "Version": {"Index": one.version},
        "CreatedAt": go_time(one.joined),
        "UpdatedAt": go_time(one.updated),
        "Spec": {**labels, "Role": one.role, "Availability": one.availability},
        "Description": description,
        "Status": status if old else {**status, "Addr": one.address},
    }
    if word := manager_status(cluster, one, cli.now):
        shown["ManagerStatus"] = {
            **({"Leader": True} if word == "Leader" else {}),
            "Reachability": "unreachable" if word == "Unreachable" else "reachable",
            "Addr": f"{one.address}:2377",
        }
    return shown


def public_key(cluster: Cluster) -> str:
    """The issuer's key as text (not a real one)."""
    return certificate(cluster).split("\n")[2] + certificate(cluster).split("\n")[3][:58] + "=="


def _port(port: Publish, *, old: bool) -> dict[str, Any]:
    shown = {"Protocol": port.protocol, "TargetPort": port.target, "PublishedPort": port.published}
    return shown if old else {**shown, "PublishMode": port.mode}


def service(cli: Cli, one: Service) -> dict[str, Any]:
    """A service as `docker service inspect` shows it."""
    spec, old = one.spec, cli.api_old
    ports = [_port(port, old=old) for port in spec.ports]
    endpoint: dict[str, Any] = {"Mode": spec.endpoint, **({"Ports": ports} if ports else {})}
    addresses = [{"NetworkID": one.id[::-1], "Addr": "10.255.0.6/16" if old else "10.0.0.5/24"}]
    shown = {
        "ID": one.id,
        "Version": {"Index": one.version},
        "CreatedAt": go_time(one.created),
        "UpdatedAt": go_time(one.updated),
        "Spec": _spec(spec, endpoint, old=old),
        **({"PreviousSpec": _spec(one.previous, endpoint, old=old)} if one.previous else {}),
        "Endpoint": {
            "Spec": endpoint if ports or old else {},
            **({"Ports": ports, "VirtualIPs": addresses} if ports else {}),
        },
    }
    zero = "0001-01-01T00:00:00Z"
    if one.update is not None:
        shown["UpdateStatus"] = {
            "State": one.update.state,
            "StartedAt": go_time(one.update.started),
            **({"CompletedAt": go_time(one.update.completed)} if one.update.completed else {}),
            "Message": one.update.message,
        }
    elif old:
        shown["UpdateStatus"] = {"StartedAt": zero, "CompletedAt": zero}
    return shown


def _resources(memory: int, cpu: float) -> dict[str, int]:
    shown = {"NanoCPUs": int(cpu * NANO), "MemoryBytes": memory}
    return {key: value for key, value in shown.items() if value}


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    return dict(text.partition("=")[::2] for text in texts)


def _spec(spec: Spec, endpoint: dict[str, Any], *, old: bool) -> dict[str, Any]:
    container: dict[str, Any] = {"Image": spec.image}
    container |= {"Args": list(spec.command)} if spec.command else {}
    container |= {"Env": list(spec.environment)} if spec.environment else {}
    restart: dict[str, Any] = {"Condition": spec.restart_condition}
    placement: dict[str, Any] = {"Constraints": list(spec.constraints)} if spec.constraints else {}
    update: dict[str, Any] = {"Parallelism": spec.update_parallelism}
    update |= {"Delay": int(spec.update_delay * NANO)} if spec.update_delay else {}
    update |= {"FailureAction": spec.update_failure}
    if not old:
        container |= {
            "Init": False,
            "StopGracePeriod": int(spec.grace * NANO),
            "DNSConfig": {},
            "Isolation": "default",
        }
        restart |= {"Delay": int(spec.restart_delay * NANO)}
        placement |= {"Platforms": [{"Architecture": "amd64", "OS": "linux"}]}
        update |= {"Monitor": 5 * NANO, "MaxFailureRatio": 0, "Order": spec.update_order}
    template = {
        "ContainerSpec": container,
        "Resources": {
            "Limits": _resources(spec.limit_memory, spec.limit_cpu),
            "Reservations": _resources(spec.reserve_memory, spec.reserve_cpu),
        },
        "RestartPolicy": {**restart, "MaxAttempts": spec.restart_attempts},
        "Placement": placement,
        **({} if old else {"ForceUpdate": spec.forced, "Runtime": "container"}),
    }
    mode = {"Global": {}} if spec.replicas is None else {"Replicated": {"Replicas": spec.replicas}}
    labels = {"Labels": _pairs(spec.labels)} if spec.labels or not old else {}
    rollback = {
        "Parallelism": 1,
        "FailureAction": "pause",
        "Monitor": 5 * NANO,
        "MaxFailureRatio": 0,
        "Order": "stop-first",
    }
    return {
        "Name": spec.name,
        **labels,
        "TaskTemplate": template,
        "Mode": mode,
        "UpdateConfig": update,
        **({} if old else {"RollbackConfig": rollback}),
        "EndpointSpec": endpoint,
    }
