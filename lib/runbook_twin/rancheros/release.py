"""What RancherOS releases are made of, and what the world outside says is available."""

from __future__ import annotations

from dataclasses import dataclass, field

from runbook_twin.machine import HttpAnswer
from runbook_twin.world import World

ENGINE_OF_RELEASE = {  # oldest first; the engine that a release brings
    "v0.4.0": "1.9.1",
    "v0.4.1": "1.9.1",
    "v0.4.2": "1.9.1",
    "v0.4.3": "1.10.1",
    "v0.4.4": "1.10.3",
    "v0.4.5": "1.10.3",
    "v0.5.0": "1.11.2",
    "v0.6.0": "1.12.1",
    "v0.6.1": "1.12.1",
}
NEWEST = "v0.6.1"
SYSTEM_ENGINE = "1.10.3"  # system-docker of the v0.x releases
RELEASES_HOST = "releases.rancher.com"
SERVICES_HOST = "raw.githubusercontent.com"
RELEASES_URL = f"https://{RELEASES_HOST}/os/releases.yml"
SERVICES_URL = f"https://{SERVICES_HOST}/rancher/os-services"
_PULL_S = {"os": 20.0, "engine": 8.0}


@dataclass
class Outside:
    """The release list and the service index that every RancherOS machine asks: world state."""

    current: str = f"rancher/os:{NEWEST}"
    releases: list[str] = field(
        default_factory=lambda: [f"rancher/os:{version}" for version in ENGINE_OF_RELEASE]
    )
    engines: list[str] = field(
        default_factory=lambda: ["docker-1.10.3", "docker-1.11.2", "docker-1.12.1"]
    )
    consoles: list[str] = field(
        default_factory=lambda: ["alpine", "centos", "debian", "fedora", "ubuntu"]
    )
    services: list[str] = field(
        default_factory=lambda: [
            "amazon-ecs-agent",
            "kernel-extras",
            "kernel-headers",
            "kernel-headers-system-docker",
            "open-vm-tools",
        ]
    )

    async def release_list(self, method: str, path: str, body: bytes) -> HttpAnswer:
        """https://releases.rancher.com/os/releases.yml."""
        if path.partition("?")[0] != "/os/releases.yml":
            return HttpAnswer(404, b"<html>\n<head><title>404 Not Found</title></head>\n</html>\n")
        lines = "".join(f"- {image}\n" for image in self.releases)
        return HttpAnswer(200, f"current: {self.current}\navailable:\n{lines}".encode())

    async def service_index(self, method: str, path: str, body: bytes) -> HttpAnswer:
        """https://raw.githubusercontent.com/rancher/os-services/VERSION/index.yml."""
        if not path.startswith("/rancher/os-services/") or not path.endswith("/index.yml"):
            return HttpAnswer(404, b"404: Not Found")
        text = ""
        for name in ("services", "consoles", "engines"):
            text += f"{name}:\n" + "".join(f"- {item}\n" for item in getattr(self, name))
        return HttpAnswer(200, text.encode())


def outside_of(world: World) -> Outside:
    """The world's release list; made, with the images in the registry, when it has none yet."""
    handler = world.internet.get(RELEASES_HOST)
    found = getattr(handler, "__self__", None)
    if isinstance(found, Outside):
        return found
    outside = Outside()
    world.internet[RELEASES_HOST] = outside.release_list
    world.internet[SERVICES_HOST] = outside.service_index
    for image in outside.releases:
        world.images.setdefault(image, _PULL_S["os"])
    for engine in outside.engines:
        world.images.setdefault(engine_image(engine), _PULL_S["engine"])
    return outside


def engine_image(engine: str) -> str:
    """The system image of an engine: docker-1.12.1 -> rancher/os-docker:1.12.1."""
    return f"rancher/os-docker:{engine.removeprefix('docker-')}"


def default_engine(version: str) -> str:
    """The engine that a release brings: v0.5.0 -> docker-1.11.2."""
    return f"docker-{ENGINE_OF_RELEASE.get(version, ENGINE_OF_RELEASE[NEWEST])}"
