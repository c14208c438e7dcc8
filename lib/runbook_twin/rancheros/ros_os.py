"""`ros os list|version|upgrade`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from runbook_twin import access
from runbook_twin.docker.failures import DaemonError
from runbook_twin.rancheros.log import Fatal
from runbook_twin.rancheros.run import Run, read_map
from runbook_twin.world import NetworkError

_INSTALL_S = 8.0  # the os-upgrade container copies kernel and initrd to the disk


async def version(run: Run) -> int:
    """`os version`."""
    run.call.out(f"{run.system.version}\n")
    return 0


async def list_releases(run: Run) -> int:
    """`os list`: every release, and whether its image is here."""
    for image in (await _releases(run)).get("available") or []:
        where = "local" if run.system.has(str(image)) else "remote"
        run.call.out(f"{image} {where}\n")
    return 0


async def _releases(run: Run) -> dict[Any, Any]:
    url = str(run.config.get("rancher.upgrade.url"))
    if url.startswith("/"):
        try:
            data = access.read_file(run.call.machine, run.call.user, url)
        except OSError as error:
            raise Fatal(f"open {url}: {(error.strerror or '').lower()}") from None
        return read_map(data.decode("utf-8", "replace"))
    mark = "&" if "?" in url else "?"
    try:
        answer = await run.fetch(f"{url}{mark}{urlencode({'current': run.system.version})}")
    except NetworkError as error:
        raise Fatal(error.reason) from None
    return read_map(answer.body.decode("utf-8", "replace"))


async def upgrade(run: Run) -> int:
    """`os upgrade [-i IMAGE] [--stage] [-f] [--no-reboot]`: pull, install, reboot."""
    image = run.value("image")
    if not image:
        image = str((await _releases(run)).get("current") or "")
        if not image:
            raise Fatal("Failed to find latest image")
    if run.arguments:
        raise Fatal(f"invalid arguments [{' '.join(run.arguments)}]")
    run.call.out(f"Upgrading to {image}\n")
    tag = image.partition(":")[2]
    same = tag == run.system.version
    question = f"Already at version {tag}. Continue anyway" if same else "Continue"
    if not run.has("force") and not await run.yes(question):
        return 1
    if not run.system.has(image):
        await _pull(run, image)
    if run.has("stage"):
        return 0
    await run.call.clock.sleep(_INSTALL_S)
    run.system.installed = tag
    if run.has("no-reboot"):
        return 0
    if run.has("force") or await run.yes("Continue with reboot"):
        run.log.info("Rebooting")
        run.call.machine.go_down(again=True)
        await run.call.clock.sleep(60.0)  # until the console, and with it the session, is gone
    return 0


async def _pull(run: Run, image: str) -> None:
    try:
        await run.system.pull(run.call, "os-upgrade", image)
    except DaemonError as error:
        reason = f"Error response from daemon: {error.message}"
        run.log.error(f"Failed to pull image {image}: {reason}")
        raise Fatal(reason) from None
