"""The flags of `docker service create` and `update`, put into a spec."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from runbook_twin.docker.cli import Cli
from runbook_twin.docker.failures import ClientError
from runbook_twin.docker.flags import bad_value
from runbook_twin.docker.ports import BadPort, read_ports
from runbook_twin.docker.swarm.state import Publish, Spec

SHARED = (
    "replicas= mode= restart-condition= restart-delay= restart-max-attempts= restart-window= "
    "update-delay= update-parallelism= update-failure-action= update-monitor= update-order= "
    "update-max-failure-ratio= rollback-parallelism= rollback-delay= rollback-monitor= "
    "rollback-order= rollback-failure-action= limit-cpu= limit-memory= reserve-cpu= "
    "reserve-memory= stop-grace-period= stop-signal= u,user= w,workdir= endpoint-mode= log-driver= "
    "log-opt= health-cmd= health-interval= health-retries= health-timeout= hostname= isolation= "
    "replicas-max-per-node= d,detach q,quiet no-resolve-image t,tty with-registry-auth init "
    "no-healthcheck read-only"
)
CREATE = (
    f"{SHARED} name= p,publish= constraint= e,env= env-file= l,label= container-label= mount= "
    "network= secret= config= dns= placement-pref= entrypoint= cap-add= cap-drop= ulimit= group="
)
UPDATE = (
    f"{SHARED} name= image= args= publish-add= publish-rm= constraint-add= constraint-rm= env-add= "
    "env-rm= label-add= label-rm= container-label-add= container-label-rm= mount-add= mount-rm= "
    "network-add= network-rm= force rollback placement-pref-add= placement-pref-rm="
)
UNITS = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def size(text: str) -> int:
    """Bytes of `900g`. Raises ValueError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?", text.lower())
    if found is None:
        raise ValueError(f"invalid size: '{text}'")
    return int(float(found[1]) * UNITS[found[2]])


def seconds(text: str) -> float:
    """Seconds of Go's `1m30s`. Raises ValueError."""
    parts = re.findall(r"([\d.]+)(ns|us|ms|s|m|h)", text)
    if "".join(number + unit for number, unit in parts) != text or not parts:
        raise ValueError(f"time: invalid duration {text}")
    return sum(float(number) * SECONDS[unit] for number, unit in parts)


def _count(text: str) -> int:
    if not text.isdigit():
        raise ValueError(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    return int(text)


VALUES: dict[str, tuple[str, Callable[[str], Any]]] = {  # flag: field of Spec, reader
    "replicas": ("replicas", _count),
    "restart-condition": ("restart_condition", str),
    "restart-delay": ("restart_delay", seconds),
    "restart-max-attempts": ("restart_attempts", _count),
    "update-delay": ("update_delay", seconds),
    "update-parallelism": ("update_parallelism", _count),
    "update-failure-action": ("update_failure", str),
    "update-order": ("update_order", str),
    "limit-cpu": ("limit_cpu", float),
    "limit-memory": ("limit_memory", size),
    "reserve-cpu": ("reserve_cpu", float),
    "reserve-memory": ("reserve_memory", size),
    "stop-grace-period": ("grace", seconds),
    "endpoint-mode": ("endpoint", str),
}
LISTS = {  # flag of create: field of Spec; update has NAME-add and NAME-rm
    "constraint": "constraints",
    "env": "environment",
    "label": "labels",
    "container-label": "container_labels",
    "mount": "mounts",
}


def apply(cli: Cli, spec: Spec) -> Spec:
    """The spec with the flags of this command line. Raises ClientError."""
    given = cli.given
    changes: dict[str, Any] = {}
    for flag, (name, read) in VALUES.items():
        if flag in dict(given.flags):
            changes[name] = _read(cli, flag, read)
    for flag, name in LISTS.items():
        removed = set(given.all(f"{flag}-rm"))
        kept = [
            one
            for one in getattr(spec, name)
            if one.partition("=")[0] not in removed | {one} & removed
        ]
        changes[name] = (*kept, *given.all(flag), *given.all(f"{flag}-add"))
    changes["ports"] = _ports(cli, spec)
    changes["replicas"] = _replicas(cli, spec, changes)
    if args := given.get("args"):
        changes["command"] = tuple(shlex.split(args))
    if "force" in given:
        changes["forced"] = spec.forced + 1
    return replace(spec, **changes)


def _read(cli: Cli, flag: str, read: Callable[[str], Any]) -> Any:
    text = cli.given.get(flag)
    try:
        return read(text)
    except ValueError as error:
        raise bad_value(cli.given.usage, text, f"--{flag}", str(error), cli.client) from None


def _replicas(cli: Cli, spec: Spec, changes: dict[str, Any]) -> int | None:
    mode = cli.given.get("mode")
    if mode not in ("", "global", "replicated"):
        raise ClientError(f"Unknown mode: {mode}\n")
    if mode == "global" or (spec.replicas is None and mode == ""):
        if "replicas" in changes:
            raise ClientError("replicas can only be used with replicated mode\n")
        return None
    number: int | None = changes.get("replicas", spec.replicas)
    return number


def _ports(cli: Cli, spec: Spec) -> tuple[Publish, ...]:
    given = cli.given
    removed = {text.partition("/")[0].rpartition(":")[2] for text in given.all("publish-rm")}
    kept = [port for port in spec.ports if str(port.target) not in removed]
    texts = [("publish", text) for text in given.all("publish")]
    texts += [("publish-add", text) for text in given.all("publish-add")]
    for flag, text in texts:
        try:
            kept += publish(text, kept)
        except BadPort as error:
            spelling = "-p, --publish" if flag == "publish" else "--publish-add"
            raise bad_value(given.usage, text, spelling, str(error), cli.client) from None
    return tuple(kept)


def publish(text: str, others: list[Publish]) -> list[Publish]:
    """The ports of `80:80`, or of `published=80,target=80,mode=host`. Raises BadPort."""
    if "=" in text:
        pairs = dict(part.partition("=")[::2] for part in text.split(","))
        mode, protocol = pairs.get("mode", "ingress"), pairs.get("protocol", "tcp")
        target = pairs.get("target", "")
        if not target.isdigit():
            raise BadPort('missing mandatory field "target"')
        if mode not in ("ingress", "host"):
            raise BadPort(
                f"invalid publish mode value ({mode}): must be either 'ingress' or 'host'"
            )
        published = int(pairs.get("published", "0")) or _free(others)
        return [Publish(published, int(target), protocol, mode)]
    return [
        Publish(port.host or _free(others), port.container, port.protocol)
        for port in read_ports(text)
    ]


def _free(others: list[Publish]) -> int:
    return 30000 + len(others)
