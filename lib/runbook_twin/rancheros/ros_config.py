"""`ros config get|set|images|export|merge`."""

from __future__ import annotations

from runbook_twin import access
from runbook_twin.files import DiskFull
from runbook_twin.rancheros.log import Fatal
from runbook_twin.rancheros.run import Run
from runbook_twin.rancheros.yaml_text import YamlTrouble, dump, load


async def get(run: Run) -> int:
    """`config get KEY`: lists and maps as YAML and an empty line, the rest as it is."""
    if not run.arguments or not run.arguments[0]:
        return 0
    value = run.config.get(run.arguments[0])
    if isinstance(value, (list, dict)):
        run.call.out(f"{dump(value)}\n")
    else:
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        run.call.out(f"{'<nil>' if value is None else shown}\n")
    return 0


async def set_key(run: Run) -> int:
    """`config set KEY VALUE`: silent."""
    key, value = ([*run.arguments, "", ""])[:2]
    if key:
        try:
            run.config.set(key, value)
        except (YamlTrouble, DiskFull) as error:
            raise Fatal(str(error)) from None
    return 0


async def merge(run: Run) -> int:
    """`config merge [-i FILE]`: silent."""
    try:
        text = (await _input(run)).decode("utf-8", "replace")
        run.config.merge_text(text)
    except (YamlTrouble, DiskFull) as error:
        raise Fatal(str(error)) from None
    return 0


async def _input(run: Run) -> bytes:
    path = run.value("input")
    if not path:
        return await run.call.read_input()
    try:
        return access.read_file(run.call.machine, run.call.user, path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Fatal(f"open {path}: {reason}") from None


async def export(run: Run) -> int:
    """`config export [-o FILE] [--private] [--full]`."""
    text = run.config.export(private=run.has("private"), full=run.has("full"))
    path = run.value("output")
    if not path:
        run.call.out(f"{text}\n")
        return 0
    place = access.absolute(run.call.directory, path)
    try:
        run.call.machine.disk.write(place, text, mode=0o400, now=run.call.clock.now())
    except DiskFull as error:
        raise Fatal(f"open {error}") from None
    return 0


async def images(run: Run) -> int:
    """`config images -i FILE`: all images of the services in it, sorted."""
    path = run.value("input")
    disk = run.call.machine.disk
    try:
        whole = load(disk.text(path)) if path in disk.files else {}
    except YamlTrouble as error:
        raise Fatal(f"Could not read config from file {path}: {error}") from None
    rancher = whole.get("rancher", {}) if isinstance(whole, dict) else {}
    found = {
        str(service["image"])
        for group in ("bootstrap", "autoformat", "services")
        for service in (rancher.get(group) or {}).values()
        if isinstance(service, dict) and "image" in service
    }
    run.call.out(f"{' '.join(sorted(found))}\n")
    return 0
