"""`ros engine list|enable|switch` and `ros console list|enable`."""

from __future__ import annotations

from runbook_twin.docker.failures import DaemonError
from runbook_twin.rancheros.log import Fatal
from runbook_twin.rancheros.os_config import SERVICE_COUNT
from runbook_twin.rancheros.release import engine_image
from runbook_twin.rancheros.run import Run
from runbook_twin.rancheros.system import DOCKER_DONE

_STOP_S = 10.0  # compose gives the user Docker that long


async def list_engines(run: Run) -> int:
    """`engine list`: sorted as text; the one that runs is current, the one set is enabled."""
    engines = sorted(await run.index("engines"))
    if not engines:
        return 0
    disk, running = run.call.machine.disk, ""
    if DOCKER_DONE in disk.files:
        running = disk.text(DOCKER_DONE).strip()
    else:
        reason = f"open {DOCKER_DONE}: no such file or directory"
        run.log.warning(f"Failed to detect current Docker engine: {reason}")
    enabled = run.config.get("rancher.docker.engine")
    for engine in engines:
        state = "current " if engine == running else "enabled " if engine == enabled else "disabled"
        run.call.out(f"{state} {engine}\n")
    return 0


async def enable(run: Run) -> int:
    """`engine enable NAME`: from the next boot on. An unknown name is taken without a word."""
    if len(run.arguments) != 1:
        raise Fatal("Must specify exactly one Docker engine to enable")
    engine = run.arguments[0]
    if engine in await run.index("engines"):
        await _pull(run, engine)
    run.config.set_value("rancher.docker.engine", engine)
    return 0


async def switch(run: Run) -> int:
    """`engine switch NAME`: stop the user Docker, put the other one in its place, start it."""
    if len(run.arguments) != 1:
        raise Fatal("Must specify exactly one Docker engine to switch to")
    engine, system = run.arguments[0], run.system
    if engine not in await run.index("engines"):
        url = f"{run.config.get('rancher.repositories.core.url')}/d/{engine}.yml"
        raise Fatal(f"Failed to load {url}: non-200 http response: 404")
    run.log.info("Project [os]: Starting project ")
    run.log.info(f"[0/{SERVICE_COUNT}] [docker]: Starting ")
    await _pull(run, engine)
    if system.container():
        system.user.stop_daemon()
        run.call.machine.disk.remove(DOCKER_DONE)
        await run.call.clock.sleep(_STOP_S)
        run.log.info("Recreating docker")
    system.use_engine(engine)
    system.user.start_daemon()
    system.note_engine()
    run.log.info(f"[1/{SERVICE_COUNT}] [docker]: Started ")
    run.log.info("Project [os]: Project started ")
    run.config.set_value("rancher.docker.engine", engine)
    return 0


async def _pull(run: Run, engine: str) -> None:
    image = engine_image(engine)
    if run.system.has(image):
        return
    try:
        await run.system.pull(run.call, "docker", image)
    except DaemonError as error:
        reason = f"Error response from daemon: {error.message}"
        run.log.error(f"Failed to pull image {image}: {reason}")
        raise Fatal(reason) from None


async def console_list(run: Run) -> int:
    """`console list`: sorted as text, default among them."""
    consoles = await run.index("consoles")
    current = run.config.get("rancher.console") or "default"
    for console in sorted(["default", *consoles]):
        run.call.out(f"{'current ' if console == current else 'disabled'} {console}\n")
    return 0


async def console_enable(run: Run) -> int:
    """`console enable NAME`: from the next boot on."""
    if len(run.arguments) != 1:
        raise Fatal("Must specify exactly one console to enable")
    run.config.set_value("rancher.console", run.arguments[0])
    return 0
