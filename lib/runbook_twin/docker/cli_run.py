"""`docker run`, `create` and `pull`: from an image to a running container."""

from __future__ import annotations

import asyncio

from runbook_twin.docker import images
from runbook_twin.docker.cli import Cli, Command
from runbook_twin.docker.container import Container
from runbook_twin.docker.failures import ClientError, DaemonError
from runbook_twin.docker.flags import Usage
from runbook_twin.docker.images import Image
from runbook_twin.docker.ports import BadPort, Port, read_ports

RUN_FLAGS = (
    "d,detach rm i,interactive t,tty P,publish-all privileged init q,quiet read-only sig-proxy "
    "name= p,publish= restart= e,env= env-file= v,volume= net= network= h,hostname= l,label= link= "
    "m,memory= memory-swap= c,cpu-shares= cpus= entrypoint= u,user= w,workdir= log-driver= "
    "log-opt= "
    "pid= ipc= uts= ulimit= cap-add= cap-drop= device= dns= add-host= expose= stop-signal= pull= "
    "health-cmd= health-interval= platform= mount= a,attach= security-opt= tmpfs= volumes-from="
)


async def pull_here(cli: Cli, reference: str, *, to_stderr: bool) -> Image:
    """Pull with the progress that the client shows. Raises DaemonError."""
    engine, say = cli.engine, cli.err if to_stderr else cli.out
    before = engine.find_image(images.normal(reference))
    if images.seconds_to_pull(engine.machine, reference) is None:
        raise images.missing(engine.machine, reference, old=cli.daemon.old)
    seen = images.describe(reference, cli.now)
    layers = {image.layer for image in engine.images}
    work = asyncio.ensure_future(engine.pull(reference))

    async def wait(seconds: float) -> None:
        await asyncio.wait({work}, timeout=seconds / cli.call.clock.factor if seconds else None)

    seconds = images.seconds_to_pull(engine.machine, reference) or 0.0
    have = before is not None or seen.layer in layers
    if cli.call.tty:
        await images.draw_pull(
            seen, seconds=seconds, say=say, wait=wait, have_layer=have, old=cli.client.old
        )
    else:
        await images.show_pull(seen, seconds=seconds, say=say, wait=wait, have_layer=have)
    image = await work
    state = "Image is up to date" if before is not None else "Downloaded newer image"
    say(f"Status: {state} for {image.reference}\n")
    return image


async def pull(cli: Cli) -> int:
    """`docker pull NAME`."""
    reference = cli.given.arguments[0]
    if not images.valid(reference):
        raise ClientError("invalid reference format\n")
    if images.normal(reference) != reference.split("@")[0] and ":" not in reference:
        cli.out("Using default tag: latest\n")
    image = await pull_here(cli, reference, to_stderr=False)
    if not cli.client.old:
        where = image.reference if "/" in image.repository else f"library/{image.reference}"
        cli.out(f"docker.io/{where}\n")
    return 0


def run_error(cli: Cli, message: str, code: int, *, hint: bool) -> ClientError:
    """An error of `docker run`: 28 always names the help, older ones only before the start."""
    path = cli.given.usage.path
    if cli.client.new:
        return ClientError(f"docker: {message}\n\nRun '{path} --help' for more information\n", code)
    see = f"See '{path} --help'.\n" if hint else ""
    return ClientError(f"docker: {message}.\n{see}", code)


async def make(cli: Cli) -> Container:
    """Pull the image if it is not here, and create the container. Raises ClientError."""
    reference, *command = cli.given.arguments
    engine, given = cli.engine, cli.given
    try:
        ports = [port for text in given.all("publish") for port in read_ports(text)]
    except BadPort as error:
        why = str(error)
        raise run_error(cli, why.lower() if cli.client.new else why, 125, hint=True) from None
    if not images.valid(reference):
        raise run_error(cli, "invalid reference format", 125, hint=True)
    try:
        if engine.find_image(reference) is None:
            cli.err(f"Unable to find image '{images.normal(reference)}' locally\n")
            await pull_here(cli, reference, to_stderr=True)
        container = engine.create(
            reference,
            [*given.all("entrypoint"), *command],
            name=given.get("name"),
            ports=_with_free_ports(cli, ports),
            restart=given.get("restart", "no"),
            remove="rm" in given,
            environment=given.all("env"),
            labels=dict(text.partition("=")[::2] for text in given.all("label")),
        )
        for text in given.all("link"):
            target, _, alias = text.partition(":")
            engine.find(target).aliases.append(f"{container.name}/{alias or target}")
    except DaemonError as error:
        message = f"Error response from daemon: {error.message}"
        raise run_error(cli, message, error.code, hint=True) from None
    container.health = "healthy" if given.get("health-cmd") else ""
    return container


def _with_free_ports(cli: Cli, ports: list[Port]) -> list[Port]:
    free = (n for n in range(32768, 61000) if n not in cli.call.machine.listeners)
    return [
        port if port.host else Port(port.container, port.protocol, next(free), port.address)
        for port in ports
    ]


async def create(cli: Cli) -> int:
    """`docker create IMAGE`."""
    cli.out(f"{(await make(cli)).id}\n")
    return 0


async def run(cli: Cli) -> int:
    """`docker run IMAGE`: detached it prints the id, else it lasts as long as the container."""
    container = await make(cli)
    detached = "detach" in cli.given
    try:
        cli.engine.start(container)
    except DaemonError as error:
        if detached:
            cli.out(f"{container.id}\n")
        if container.remove:
            cli.engine.remove(container)
        message = f"Error response from daemon: {error.message}"
        raise run_error(cli, message, error.code, hint=False) from None
    if detached:
        cli.out(f"{container.id}\n")
        return 0
    return await follow(cli, container)


async def follow(cli: Cli, container: Container) -> int:
    """Stay with a running container: its output, its exit code; a cancelled client ends it."""
    shown = 0
    try:
        while True:
            changed = container.changed
            shown = _show(cli, container, shown)
            if container.state in ("exited", "removed"):
                return container.exit_code
            await changed.wait()
    except asyncio.CancelledError:
        if container.running and cli.call.machine.powered:
            cli.engine.kill(container, 15)
        raise


def _show(cli: Cli, container: Container, shown: int) -> int:
    for _, stream, line in container.log[shown:]:
        (cli.err if stream == "stderr" else cli.out)(f"{line}\n")
    return len(container.log)


COMMANDS = (
    Command(
        Usage(
            "docker run",
            "IMAGE [COMMAND] [ARG...]",
            "Run a command in a new container",
            RUN_FLAGS,
            1,
            None,
            greedy=True,
        ),
        run,
    ),
    Command(
        Usage(
            "docker create",
            "IMAGE [COMMAND] [ARG...]",
            "Create a new container",
            RUN_FLAGS,
            1,
            None,
            greedy=True,
        ),
        create,
    ),
    Command(
        Usage(
            "docker pull",
            "NAME[:TAG|@DIGEST]",
            "Pull an image or a repository from a registry",
            "a,all-tags disable-content-trust q,quiet platform=",
            1,
            1,
        ),
        pull,
    ),
)
