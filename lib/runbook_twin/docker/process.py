"""The life of a container's process: start, run, end, restart, and its published ports."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from runbook_twin.docker import page
from runbook_twin.docker.behaviour import FOREVER, behaviour, refuse_missing_program
from runbook_twin.docker.container import Container
from runbook_twin.docker.failures import DaemonError
from runbook_twin.docker.ports import Port
from runbook_twin.docker.text import hex_id
from runbook_twin.machine import HttpHandler

if TYPE_CHECKING:
    from runbook_twin.docker.engine import Engine

FIRST = "admiring adoring agitated big clever cranky distracted elated evil furious gifted happy"
SECOND = "archimedes bell bohr curie darwin edison euler fermi hopper jones lovelace newton turing"


def random_name(engine: Engine) -> str:
    """A name such as gifted_edison that is free on this engine."""
    pick = engine.machine.world.random.choice
    while True:
        name = f"{pick(FIRST.split())}_{pick(SECOND.split())}"
        if all(one.name != name for one in engine.containers):
            return name


def refuse_name(engine: Engine, name: str) -> None:
    """Raise DaemonError when a container has this name."""
    for other in engine.containers:
        if other.name == name:
            kind, holder = ("container name", f'"{other.id}"')
            if engine.dialect.old:
                kind, holder = "name", other.id
            raise DaemonError(
                f'Conflict. The {kind} "/{name}" is already in use by container {holder}. You have '
                "to remove (or rename) that container to be able to reuse that name.",
                status=409,
            )


def start(engine: Engine, container: Container) -> None:
    """Start the process. Raises DaemonError (port in use, no such program); it stays created."""
    if container.running:
        return
    try:
        refuse_missing_program(container.command, old=engine.dialect.old)
    except DaemonError as error:
        container.exit_code = error.code
        raise
    _publish(engine, container)
    container.started, container.stopped_by_hand, container.signalled = engine.now, False, 0
    container.become("running")
    container.work = engine.machine.spawn(_run(engine, container))
    engine.machine.world.note(f"container {container.name} up on {engine.machine.hostname}")


async def _run(engine: Engine, container: Container) -> None:
    does = behaviour(container.command)
    for line in does.output.splitlines():
        container.log.append((engine.now, "stdout", line))
    for line in page.start_lines(container, engine.now) if not engine.dialect.old else []:
        container.log.append((engine.now, "stderr", line))
    if does.seconds == FOREVER:
        await asyncio.get_running_loop().create_future()
    await engine.machine.world.clock.sleep(does.seconds + 0.05)
    _end(engine, container, does.exit_code)


def _end(engine: Engine, container: Container, exit_code: int) -> None:
    """The process has ended: free the ports; restart it, remove it or keep it as exited."""
    _withdraw(engine, container)
    container.exit_code, container.finished = exit_code, engine.now
    work, container.work = container.work, None
    engine.machine.world.note(f"container {container.name} down on {engine.machine.hostname}")
    if container.remove:
        engine.containers.remove(container)
    if _wants_restart(container, exit_code):
        container.restarts += 1
        container.become("restarting")
        container.work = engine.machine.spawn(_again(engine, container))
    else:
        container.become("exited")
    if work is not None and work is not asyncio.current_task():
        work.cancel()


def _wants_restart(container: Container, exit_code: int) -> bool:
    policy, _, most = container.restart.partition(":")
    if container.stopped_by_hand or policy in ("no", ""):
        return False
    if policy == "on-failure":
        return exit_code != 0 and (not most or container.restarts < int(most))
    return True


async def _again(engine: Engine, container: Container) -> None:
    await engine.machine.world.clock.sleep(min(0.1 * 2 ** min(container.restarts, 10), 60.0))
    start(engine, container)


async def stop(engine: Engine, container: Container, grace: float) -> None:
    """SIGTERM; SIGKILL after `grace` seconds to a process that ignores it."""
    container.stopped_by_hand = True
    if container.state == "restarting":
        _end(engine, container, container.exit_code)
    if not container.running:
        return
    obeys = behaviour(container.command).obeys
    await engine.machine.world.clock.sleep(0.3 if obeys else max(grace, 0.1))
    if container.running:
        container.signalled = 15 if obeys else 9
        _end(engine, container, 0 if obeys else 137)


def kill(engine: Engine, container: Container, signal: int) -> None:
    """Send a signal to the process. Raises DaemonError when it does not run."""
    if not container.running:
        raise DaemonError(
            f"Cannot kill container: {container.name}: Container {container.id} is not running",
            status=409,
        )
    obeys = behaviour(container.command).obeys
    if signal == 9 or (obeys and signal in (2, 3, 15)):
        container.stopped_by_hand, container.signalled = True, signal
        _end(engine, container, 137 if signal == 9 else 0)


def remove(engine: Engine, container: Container, *, force: bool) -> None:
    """Take the container off the disk. Raises DaemonError when it runs."""
    if container.running or container.state == "restarting":
        if not force:
            how = "use -f" if engine.dialect.old else "force remove"
            raise DaemonError(
                f"You cannot remove a running container {container.id}. "
                f"Stop the container before attempting removal or {how}",
                status=409,
            )
        container.stopped_by_hand = True
        _end(engine, container, 137)
    if container in engine.containers:
        engine.containers.remove(container)
    container.become("removed")


def note_gone(engine: Engine, container: Container) -> None:
    """The power went while it ran: it answers no more."""
    if container.running:
        engine.machine.world.note(f"container {container.name} down on {engine.machine.hostname}")


def cut(engine: Engine, container: Container) -> None:
    """The daemon stops: the process ends with it, to be recovered at the next start."""
    _withdraw(engine, container)
    if container.work is not None:
        container.work.cancel()
        container.work = None


def recover(engine: Engine, container: Container) -> None:
    """After a loss of power: what ran is found ended; restart policies start it again."""
    ran = container.running or container.state == "restarting"
    if ran:
        container.work = None
        container.exit_code = 1 if engine.dialect.old else 255
        container.finished = engine.now
        container.become("exited")
        if container.remove:
            engine.containers.remove(container)
            return
    if container.restart == "always" or (ran and _wants_restart(container, container.exit_code)):
        with contextlib.suppress(DaemonError):  # its port may be taken now: it stays exited
            start(engine, container)


# ---- ports


def _publish(engine: Engine, container: Container) -> None:
    listeners = engine.machine.listeners
    mine = [port for port in container.ports if port.host and port.protocol == "tcp"]
    for port in mine:
        if port.host in listeners:
            endpoint = hex_id(engine.machine.world.random)
            raise DaemonError(
                "driver failed programming external connectivity on endpoint "
                f"{container.name} ({endpoint}): Bind for {port.address}:{port.host} failed: "
                "port is already allocated",
            )
    for port in mine:
        listeners[port.host] = answer_on(container, port)
        engine.machine.world.note(
            f"http up {engine.machine.address}:{port.host} by {container.name}"
        )


def _withdraw(engine: Engine, container: Container) -> None:
    for port in container.ports:
        if port.host and port.protocol == "tcp" and container.running:
            engine.machine.listeners.pop(port.host, None)
            engine.machine.world.note(
                f"http down {engine.machine.address}:{port.host} by {container.name}"
            )


def answer_on(container: Container, port: Port) -> HttpHandler:
    """What answers HTTP on a container's port."""
    return page.handler(container, port.container)
