"""The twin's `ros` and `system-docker` against recordings of v0.6.1."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from runbook_twin import shell
from runbook_twin.clock import Clock
from runbook_twin.hypervisor import ServerSpec
from runbook_twin.machine import HttpAnswer, Machine
from runbook_twin.rancheros import install
from runbook_twin.world import World

OUTPUTS = Path(__file__).parents[1] / "outputs" / "ros"
NOTHING: tuple[str, ...] = ()

# recording -> command lines that bring the machine into its situation
SITUATIONS: dict[str, tuple[str, ...]] = {
    "os-version": NOTHING,
    "version-flag": NOTHING,
    "version-flag-long": NOTHING,
    "not-root": NOTHING,
    "help": NOTHING,
    "engine-list-article": NOTHING,
    "engine-enable": NOTHING,
    "engine-list-enabled": ("sudo ros engine enable docker-1.11.2",),
    "engine-enable-unknown": NOTHING,
    "engine-list-no-current": (
        "sudo ros config set rancher.docker.engine docker-1.10.3",
        "sudo rm /run/docker-done",
    ),
    "engine-switch-recreate-tty": ("sudo ros engine enable docker-1.11.2",),
    "engine-switch-create-tty": ("sudo system-docker rm -f docker",),
    "engine-switch-tty": ("sudo system-docker rm -f docker",),
    "config-get-missing": NOTHING,
    "config-get-empty-arg": NOTHING,
    "config-get-engine": NOTHING,
    "config-get-hostname": NOTHING,
    "config-get-services": NOTHING,
    "config-get-keys-after": (
        "printf 'ssh_authorized_keys:\\n- ssh-rsa AAAAB3 test@lab\\n' | sudo ros config merge",
    ),
    "config-set-bool": NOTHING,
    "config-set-mtu": NOTHING,
    "config-set-address": NOTHING,
    "config-set-no-value": NOTHING,
    "config-set-no-args": NOTHING,
    "config-set-url": NOTHING,
    "config-set-bad-yaml": (
        "sudo ros config set hostname node01",
        "sudo ros config set rancher.debug false",
    ),
    "config-merge-stdin": NOTHING,
    "config-merge-broken": NOTHING,
    "config-merge-empty": NOTHING,
    "config-merge-unknown-key": NOTHING,
    "config-export-file": NOTHING,
    "config-images": NOTHING,
    "config-images-missing": NOTHING,
    "os-list-after-wrong-type": NOTHING,
    "os-list-local": ("sudo ros os upgrade --stage -f -i rancher/os:v0.5.0",),
    "os-list-after-stage": ("sudo ros os upgrade --stage -f -i rancher/os:v0.5.0",),
    "os-upgrade-eof": NOTHING,
    "os-upgrade-latest-no": NOTHING,
    "os-upgrade-same": NOTHING,
    "os-upgrade-stage": NOTHING,
    "os-upgrade-missing-image": NOTHING,
    "os-upgrade-y-n": ("sudo ros os upgrade --stage -f -i rancher/os:v0.5.0",),
    "service-enable": NOTHING,
    "service-ps": NOTHING,
    "system-docker-no-sudo": NOTHING,
    "system-docker-ps-article": NOTHING,
    "system-docker-restart-ntp": NOTHING,
    "system-docker-ps-after-restart": NOTHING,
    "system-docker-logs": NOTHING,
}
MANY_SETS = (
    "sudo ros config set hostname node01",
    "sudo ros config set rancher.debug false",
    "sudo ros config set rancher.network.dns.nameservers"
    " \"['188.93.16.19','188.93.17.19', '109.234.159.91']\"",
    "sudo ros config set rancher.network.interfaces.eth0.mtu 1460",
    "sudo ros config set rancher.network.interfaces.eth0.address 192.168.0.50/24",
    "sudo ros config set rancher.nothing",
    "sudo ros config set rancher.environment.N 5",
    "sudo ros config set rancher.environment.FOO bar",
)
SITUATIONS |= {
    "config-set-unicode": MANY_SETS,
    "cat-cloud-config-many": MANY_SETS,
    "config-export": MANY_SETS,
    "config-export-private": MANY_SETS,
}
_RELEASES = "sudo ros config set rancher.upgrade.url http://192.168.0.1"
_REPOSITORY = "sudo ros config set rancher.repositories.core.url http://192.168.0.1/nosuch"
SITUATIONS |= {
    "os-list-404": (f"{_RELEASES}/nosuch.yml",),
    "os-list-empty": (f"{_RELEASES}/empty.yml",),
    "engine-list-404": (_REPOSITORY,),
    "service-list-404": (_REPOSITORY,),
}
PAGE = (
    b"<html>\n<head><title>404 Not Found</title></head>\n<body>\n<center><h1>404 Not Found</h1>"
    b"</center>\n<hr><center>nginx/1.22.1</center>\n</body>\n</html>\n"
)
# what no two runs have in common
CHANGING = (
    (r'time="[^"]*"', 'time="T"'),
    (r"\[\d{4}\]", "[T]"),
    (r"sha256:[0-9a-f]{64}", "sha256:D"),
    (r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", "T"),
    (r"(?m)^[0-9a-f]{12} ", "I "),
    (r"(?:About )?(?:\d+|an?|Less than a) (?:second|minute|hour)s?(?: ago)? *", "A "),
    (r"[A-Z][a-z]{2} +\d+ \d\d:\d\d", "T"),
    (r"CREATED +STATUS +", "CREATED STATUS "),
    (r"\r\n", "\n"),
)


def comparable(text: str) -> str:
    for pattern, shown in CHANGING:
        text = re.sub(pattern, shown, text)
    return text


def machine() -> Machine:
    """A RancherOS machine without metadata, OEM file and kernel parameters, as the recorded one."""
    world = World(Clock(1000.0))
    made = Machine(world, "rancher-os", "192.168.0.100", "rancheros", "rancher")
    install(made, ServerSpec("1", "rancher-os", "rancheros", "192.168.0.100"))
    made.disk.remove("/var/lib/rancher/conf/metadata")
    made.disk.remove("/usr/share/ros/oem")
    made.disk.remove("/boot")
    made.power_on()
    return made


def missing_pages(world: World) -> None:
    async def answer(method: str, path: str, body: bytes) -> HttpAnswer:
        return HttpAnswer(200) if path.startswith("/empty.yml") else HttpAnswer(404, PAGE)

    world.internet["192.168.0.1"] = answer


async def replay(recorded: dict[str, Any], before: tuple[str, ...]) -> shell.Result:
    made = machine()
    missing_pages(made.world)
    for line in before:
        done = await shell.run(made, line, user="rancher")
        assert done.exit_code == 0, done.stderr
    return await shell.run(
        made,
        shlex.join(recorded["argv"]),
        user="rancher",
        stdin=(recorded["stdin"] or "").encode(),
        tty=recorded["tty"],
    )


@pytest.mark.parametrize("name", SITUATIONS)
def test_as_recorded(name: str) -> None:
    recorded = json.loads((OUTPUTS / f"{name}.json").read_text(encoding="utf-8"))
    result = asyncio.run(replay(recorded, SITUATIONS[name]))
    out, err = result.stdout.decode(), result.stderr.decode()
    if recorded["tty"]:
        out, err = out + err, ""
    assert comparable(out) == comparable(recorded["stdout"])
    assert comparable(err) == comparable(recorded["stderr"])
    assert result.exit_code == recorded["exit_code"]
