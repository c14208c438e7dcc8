"""Commands on what is there: stop, kill, start, restart, rm, logs, exec, wait, port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from runbook_twin.docker.behaviour import FOREVER, behaviour, refuse_missing_program
from runbook_twin.docker.cli import Cli, Command, each
from runbook_twin.docker.cli_run import follow
from runbook_twin.docker.container import Container
from runbook_twin.docker.failures import ClientError, DaemonError
from runbook_twin.docker.flags import Usage
from runbook_twin.docker.text import go_time

SIGNALS = {"KILL": 9, "TERM": 15, "INT": 2, "QUIT": 3, "HUP": 1, "USR1": 10, "USR2": 12, "STOP": 19}


async def _each(cli: Cli, act: Callable[[Container], Awaitable[None]]) -> int:
    code = 0
    for name in cli.given.arguments:
        try:
            await act(cli.engine.find(name))
            cli.out(f"{name}\n")
        except DaemonError as error:
            cli.refused(error)
            code = 1
    return code


def _grace(cli: Cli) -> float:
    return float(cli.given.get("time", "10"))


async def stop(cli: Cli) -> int:
    """`docker stop`."""
    return await _each(cli, lambda one: cli.engine.stop(one, grace=_grace(cli)))


async def restart(cli: Cli) -> int:
    """`docker restart`."""
    return await _each(cli, lambda one: cli.engine.restart(one, grace=_grace(cli)))


async def start(cli: Cli) -> int:
    """`docker start`: names on stdout, then one line for those that failed."""
    if "attach" in cli.given:
        container = cli.engine.find(cli.given.arguments[0])
        cli.engine.start(container)
        return await follow(cli, container)

    def act(name: str) -> None:
        try:
            cli.engine.start(cli.engine.find(name))
        except DaemonError:
            failed.append(name)
            raise

    failed: list[str] = []
    code = each(cli.given.arguments, act, cli)
    if failed:
        prefix = "" if cli.client.new else "Error: "
        cli.err(f"{prefix}failed to start containers: {', '.join(failed)}\n")
    return code


async def kill(cli: Cli) -> int:
    """`docker kill [-s SIGNAL]`."""
    text = cli.given.get("signal", "KILL").upper().removeprefix("SIG")
    number = int(text) if text.isdigit() else SIGNALS.get(text, 0)
    if not number:
        raise DaemonError(f"Invalid signal: {cli.given.get('signal')}")

    def act(name: str) -> None:
        try:
            cli.engine.kill(cli.engine.find(name), number)
        except DaemonError as error:
            if error.status != 404:
                raise
            colon = "" if cli.daemon.old else ":"
            text = f"Cannot kill container{colon} {name}: {error.message}"
            raise DaemonError(text, status=404) from None

    return each(cli.given.arguments, act, cli)


async def rm(cli: Cli) -> int:
    """`docker rm [-f]`."""
    code = 0
    for name in cli.given.arguments:
        try:
            cli.engine.remove(cli.engine.find(name), force="force" in cli.given)
            cli.out(f"{name}\n")
        except DaemonError as error:
            gone = error.status == 404 and not cli.client.old and not cli.client.new
            cli.err(f"Error: {error.message}\n") if gone else cli.refused(error)
            code = 1
    return code


async def wait(cli: Cli) -> int:
    """`docker wait`: the exit codes."""
    for name in cli.given.arguments:
        cli.out(f"{await cli.engine.find(name).until_ended()}\n")
    return 0


async def pause(cli: Cli) -> int:
    """`docker pause` and `docker unpause`."""
    state = "paused" if cli.given.usage.path.endswith(" pause") else "running"

    def act(name: str) -> None:
        container = cli.engine.find(name)
        if not container.running:
            raise DaemonError(f"Container {container.id} is not running")
        container.become(state)

    return each(cli.given.arguments, act, cli)


async def logs(cli: Cli) -> int:
    """`docker logs [--tail N] [-t] [-f]`."""
    try:
        container = cli.engine.find(cli.given.arguments[0])
    except DaemonError as error:
        if cli.client.new:
            raise
        raise ClientError(f"Error: {error.message}\n") from None
    tail = cli.given.get("tail", "all")
    lines = container.log if not tail.isdigit() else container.log[-int(tail) :]
    for when, stream, line in lines:
        stamp = f"{go_time(when)} " if "timestamps" in cli.given else ""
        (cli.err if stream == "stderr" else cli.out)(f"{stamp}{line}\n")
    if "follow" in cli.given:
        await container.until_ended()
    return 0


async def execute(cli: Cli) -> int:
    """`docker exec CONTAINER COMMAND`."""
    name, *command = cli.given.arguments
    container = cli.engine.find(name)
    if not container.running:
        raise DaemonError(f"Container {container.id} is not running")
    if command[0] == "hostname":
        cli.out(f"{container.short}\n")
        return 0
    try:
        refuse_missing_program(command, old=cli.daemon.old)
    except DaemonError as error:
        cli.err(f"{error.message}\n")
        return 126
    does = behaviour(command)
    cli.out(does.output)
    if does.seconds == FOREVER:
        return await container.until_ended()
    await cli.call.clock.sleep(does.seconds)
    return does.exit_code


async def port(cli: Cli) -> int:
    """`docker port CONTAINER`."""
    container = cli.engine.find(cli.given.arguments[0])
    for one in container.ports if container.running else []:
        if one.host:
            cli.out(f"{one.container}/{one.protocol} -> {one.address}:{one.host}\n")
    return 0


def _usage(name: str, arguments: str, about: str, flags: str = "", least: int = 1) -> Usage:
    return Usage(f"docker {name}", arguments, about, flags, least, None)


MANY = "CONTAINER [CONTAINER...]"
COMMANDS = (
    Command(_usage("stop", MANY, "Stop one or more running containers", "t,time="), stop),
    Command(_usage("restart", MANY, "Restart a container", "t,time="), restart),
    Command(
        _usage("start", MANY, "Start one or more stopped containers", "a,attach i,interactive"),
        start,
    ),
    Command(_usage("kill", MANY, "Kill one or more running container", "s,signal="), kill),
    Command(_usage("rm", MANY, "Remove one or more containers", "f,force v,volumes l,link"), rm),
    Command(_usage("wait", MANY, "Block until a container stops, then print its exit code"), wait),
    Command(_usage("pause", MANY, "Pause all processes within one or more containers"), pause),
    Command(_usage("unpause", MANY, "Unpause all processes within one or more containers"), pause),
    Command(
        Usage(
            "docker logs",
            "CONTAINER",
            "Fetch the logs of a container",
            "f,follow t,timestamps details tail= since= until=",
            1,
            1,
        ),
        logs,
    ),
    Command(
        Usage(
            "docker exec",
            "CONTAINER COMMAND [ARG...]",
            "Run a command in a running container",
            "d,detach i,interactive t,tty privileged u,user= e,env= w,workdir=",
            2,
            None,
            greedy=True,
        ),
        execute,
    ),
    Command(
        Usage(
            "docker port",
            "CONTAINER [PRIVATE_PORT[/PROTO]]",
            "List port mappings for the container",
            "",
            1,
            2,
        ),
        port,
    ),
)
