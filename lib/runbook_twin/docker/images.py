"""Images: references, what the registry holds, how a pull goes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from runbook_twin.docker.failures import DaemonError
from runbook_twin.docker.text import size
from runbook_twin.machine import Machine

REFERENCE = re.compile(  # a registry's host has a dot or a port; the rest is in small letters
    r"^(?:(?:localhost|[\w-]+(?:\.[\w-]+)+)(?::\d+)?/|[\w-]+:\d+/)?"
    r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::[\w.-]{1,128})?(?:@sha256:\w+)?$"
)
KNOWN = {  # reference: (id, digest, layer, bytes)
    "nginx:latest": (
        "1b362fe6e0ba0cb3c4c9063ef447414de5c0e0c386f617b2a543d20e5410fe94",
        "326a8eded7b0083e1e1253fc73ff799ff8eb44fb90517caaad41bee0d2f9bf87",
        "d59e916e68cf",
        13_280_000,
    ),
    "nginx:1.11": (
        "a99680232fb9ec8054f18d0a3d50805ed43d2632b3f2bd9cddc49b6576889d46",
        "93bbbe845b4e8ed21d6b9b11bdcad568025ab1bed6b325b942fc30317d67a0ef",
        "6eff3d0b7f1f",
        13_280_000,
    ),
    "busybox:latest": (
        "5e71dbb64ed541781f2cbfca283e0e899c49c1d23a7a82596a5074d263c39684",
        "88df2c24fa50baca7d70e140855a109b08b84b24f3e27a3191eeedadd6faf3fa",
        "9d5c8ff74a08",
        1_982_000,
    ),
}
NO_REGISTRY = (
    "Get https://registry-1.docker.io/v2/: net/http: request canceled while waiting for connection "
    "(Client.Timeout exceeded while awaiting headers)"
)
COMMANDS = {
    "nginx": ["nginx", "-g", "daemon off;"],
    "redis": ["docker-entrypoint.sh", "redis-server"],
    "busybox": ["sh"],
}
EXPOSED = {"nginx": [(80, "tcp"), (443, "tcp")], "redis": [(6379, "tcp")]}


@dataclass
class Image:
    """An image on a machine. repository and tag may be `<none>`; created in twin seconds."""

    repository: str
    tag: str
    id: str
    digest: str
    layer: str
    bytes: int
    created: float
    parents: list[str] = field(default_factory=list)

    @property
    def reference(self) -> str:
        """`repository:tag`."""
        return f"{self.repository}:{self.tag}"


def normal(reference: str) -> str:
    """`repository:tag` of a reference: `nginx` -> `nginx:latest`; a digest is dropped."""
    name = reference.split("@")[0].removeprefix("docker.io/").removeprefix("library/")
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def valid(reference: str) -> bool:
    """Whether Docker takes it for a repository and tag."""
    return bool(REFERENCE.match(reference))


def short_name(reference: str) -> str:
    """The repository's last part: `registry:5000/team/nginx:1` -> `nginx`."""
    return normal(reference).rpartition(":")[0].rpartition("/")[2]


def default_command(reference: str) -> list[str]:
    """What an image runs when no command is given."""
    return COMMANDS.get(short_name(reference), ["/bin/sh"])


def exposed(reference: str) -> list[tuple[int, str]]:
    """The ports that the image declares: (port, protocol)."""
    return EXPOSED.get(short_name(reference), [])


def describe(reference: str, created: float) -> Image:
    """The image that the registry has under a name (ids are made from the name)."""
    name = normal(reference)
    repository, _, tag = name.rpartition(":")
    digest = hashlib.sha256(name.encode()).hexdigest()
    made = (hashlib.sha256(digest.encode()).hexdigest(), digest, digest[:12], 13_280_000)
    return Image(repository, tag, *KNOWN.get(name, made), created=created)


def seconds_to_pull(machine: Machine, reference: str) -> float | None:
    """How long the registry takes for an image, None when it does not have it."""
    name, images = normal(reference), machine.world.images
    repository, _, tag = name.rpartition(":")
    if name in images:
        return images[name]
    return images.get(repository) if tag == "latest" else None


def missing(machine: Machine, reference: str, *, old: bool) -> DaemonError:
    """What the daemon says about an image that the registry does not have."""
    name = normal(reference)
    repository = name.rpartition(":")[0]
    if not any(known.split(":")[0] == repository for known in machine.world.images):
        return DaemonError("denied", status=404)
    unknown = "manifest unknown: manifest unknown"
    return DaemonError(unknown if old else f"manifest for {name} not found: {unknown}", status=404)


Say = Callable[[str], None]
Wait = Callable[[float], Awaitable[None]]


async def show_pull(
    image: Image, *, seconds: float, say: Say, wait: Wait, have_layer: bool
) -> None:
    """The lines of a pull that is not on a terminal, over `seconds`."""
    where = image.repository if "/" in image.repository else f"library/{image.repository}"
    say(f"{image.tag}: Pulling from {where}\n")
    if not have_layer:
        say(f"{image.layer}: Pulling fs layer\n")
        await wait(seconds)
        for word in ("Verifying Checksum", "Download complete", "Pull complete"):
            say(f"{image.layer}: {word}\n")
    say(f"Digest: sha256:{image.digest}\n")


async def draw_pull(
    image: Image, *, seconds: float, say: Say, wait: Wait, have_layer: bool, old: bool
) -> None:
    """The same on a terminal: a line that is drawn again and again (JSON message progress)."""
    where = image.repository if "/" in image.repository else f"library/{image.repository}"
    say(f"{image.tag}: Pulling from {where}\n")
    say("\x1b[0B" if old else "")
    if not have_layer:
        up, down = ("\x1b[0A\x1b[2K\r", "\r\x1b[0B") if old else ("\x1b[1A\x1b[2K\r", "\r\x1b[1B")
        say(f"\n{up}{image.layer}: Pulling fs layer {down}")
        await _draw_layer(image, seconds, say, wait, old=old)
    say(f"Digest: sha256:{image.digest}\n")


async def _draw_layer(image: Image, seconds: float, say: Say, wait: Wait, *, old: bool) -> None:
    up, down = "\x1b[1A\x1b[2K\r", "\r\x1b[1B"
    whole = size(image.bytes / 2, old=old, digits=4)
    for step in range(1, 21):
        await wait(seconds / 20)
        part = size(image.bytes / 40 * step, old=old, digits=4)
        wide = part.rjust(8) if old else f" {part.rjust(7)}"
        say(f"{up}{image.layer}: Downloading {wide}/{whole}{down}")
    for word in ("Verifying Checksum", "Download complete", "Pull complete"):
        say(f"{up}{image.layer}: {word} {down}")
