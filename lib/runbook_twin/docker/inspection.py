"""`docker inspect`: a container or an image as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runbook_twin.docker.container import Container
from runbook_twin.docker.images import Image
from runbook_twin.docker.text import go_time

if TYPE_CHECKING:
    from runbook_twin.docker.engine import Engine

ZERO = "0001-01-01T00:00:00Z"


def container(engine: Engine, one: Container) -> dict[str, Any]:
    """What `docker inspect` shows of a container."""
    policy, _, most = one.restart.partition(":")
    bindings = {
        f"{port.container}/{port.protocol}": [{"HostIp": port.address, "HostPort": str(port.host)}]
        if port.host
        else None
        for port in one.ports
    }
    return {
        "Id": one.id,
        "Created": go_time(one.created),
        "Path": one.command[0],
        "Args": one.command[1:],
        "State": {
            "Status": one.state,
            "Running": one.running,
            "Paused": one.state == "paused",
            "Restarting": one.state == "restarting",
            "OOMKilled": False,
            "Dead": False,
            "Pid": 2000 + engine.containers.index(one) if one.running else 0,
            "ExitCode": one.exit_code,
            "Error": "",
            "StartedAt": go_time(one.started) if one.started else ZERO,
            "FinishedAt": go_time(one.finished) if one.finished else ZERO,
        },
        "Image": f"sha256:{one.image_id}",
        "Name": f"/{one.name}",
        "RestartCount": one.restarts,
        "Driver": "overlay2",
        "HostConfig": {
            "NetworkMode": "default",
            "PortBindings": {key: value for key, value in bindings.items() if value},
            "RestartPolicy": {"Name": policy, "MaximumRetryCount": int(most or 0)},
            "AutoRemove": one.remove,
        },
        "Config": {
            "Hostname": one.short,
            "Env": one.environment,
            "Cmd": one.command,
            "Image": one.image,
            "Labels": one.labels,
        },
        "NetworkSettings": {"Ports": bindings if one.running else {}},
    }


def image(one: Image) -> dict[str, Any]:
    """What `docker inspect` shows of an image."""
    return {
        "Id": f"sha256:{one.id}",
        "RepoTags": [one.reference],
        "RepoDigests": [f"{one.repository}@sha256:{one.digest}"],
        "Created": go_time(one.created),
        "Architecture": "amd64",
        "Os": "linux",
        "Size": one.bytes,
        "VirtualSize": one.bytes,
    }
