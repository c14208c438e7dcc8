"""RancherOS on one machine: its release, its system containers, its user Docker."""

from __future__ import annotations

from runbook_twin import docker
from runbook_twin.docker import behaviour
from runbook_twin.docker.container import Container
from runbook_twin.docker.failures import DaemonError
from runbook_twin.hypervisor import ServerSpec
from runbook_twin.machine import Call, Machine
from runbook_twin.rancheros import cloud_init, release
from runbook_twin.rancheros import config as places
from runbook_twin.rancheros.config import Config
from runbook_twin.rancheros.os_config import oem_config, os_config
from runbook_twin.rancheros.release import Outside, engine_image, outside_of

DOCKER_DONE = "/run/docker-done"  # the name of the engine that runs
_KERNEL = "4.4.21-rancheros"
_BOOT_FILE = "/boot/global.cfg"
_KERNEL_PARAMETERS = (
    "console=tty1 rancher.state.dev=LABEL=RANCHER_STATE rancher.state.wait console=ttyS0"
)
# (name, image, command), first to start first; `system-docker ps` shows the last first
_CONTAINERS = (
    ("syslog", "os-syslog", "rsyslogd -n"),
    ("acpid", "os-acpid", "/usr/sbin/acpid -f"),
    ("udev", "os-udev", "udevd"),
    ("ntp", "os-base", "ntpd --nofork -g"),
    ("network", "os-base", "netconf --stop-network-pre"),
    ("console", "os-console", "/usr/sbin/console.sh"),
)

behaviour.SERVERS.update({"ros", "user-docker"})  # they run until they are stopped


class RancherOS:
    """The operating system of a machine (Software). `installed` boots next; `version` runs."""

    def __init__(self, machine: Machine, version: str) -> None:
        self.machine = machine
        self.outside: Outside = outside_of(machine.world)
        self.version = self.installed = version
        self.config = Config(machine)
        self.system = docker.install(machine, release.SYSTEM_ENGINE, "system-docker")
        self.user = docker.install(machine, release.default_engine(version).removeprefix("docker-"))
        self._system_docker = machine.programs["system-docker"]
        machine.programs["system-docker"] = self.system_docker
        machine.kernel = _KERNEL
        machine.on_boot.append(self.boot)
        machine.generated[places.CMDLINE] = self.kernel_line
        machine.disk.write(_BOOT_FILE, f"APPEND {_KERNEL_PARAMETERS}\n")

    def kernel_line(self) -> str:
        """The kernel's command line; what follows APPEND in /boot/global.cfg is part of it."""
        disk, name = self.machine.disk, f"{self.version}-rancheros"
        lines = disk.text(_BOOT_FILE).splitlines() if _BOOT_FILE in disk.files else []
        extra = " ".join(line.removeprefix("APPEND ") for line in lines if "APPEND " in line)
        return f"BOOT_IMAGE=../vmlinuz-{name} {extra} initrd=../initrd-{name}\n"

    def prepare(self, spec: ServerSpec) -> None:
        """Before the first boot: the image's files, user data and metadata."""
        self.machine.disk.directories.add(places.CONFIG_FOLDER)
        self.machine.disk.write(places.OEM_CONFIG, oem_config(spec.address))
        cloud_init.save(self.machine, spec)

    def boot(self) -> None:
        """The release's own files, cloud-init, the engine that is enabled."""
        if self.installed != self.version or not self.system.containers:
            self.version = self.installed
            self._lay_out()
        line = self.kernel_line()
        self.machine.generated[places.CMDLINE] = lambda: line
        cloud_init.execute(self.machine, self.config)
        engine = str(self.config.get("rancher.docker.engine"))
        if engine != f"docker-{self.user.version}":
            self.use_engine(engine)
        self.note_engine()

    def _lay_out(self) -> None:
        """What belongs to a release: os-config.yml, /etc/os-release, the system containers."""
        disk = self.machine.disk
        disk.write(places.OS_CONFIG, os_config(self.version))
        name = f'NAME="RancherOS"\nVERSION={self.version}\nID=rancheros\nID_LIKE=\n'
        disk.write(
            "/etc/os-release",
            f'{name}VERSION_ID={self.version}\nPRETTY_NAME="RancherOS {self.version}"\n',
        )
        self.system.containers.clear()
        for name, image, command in _CONTAINERS:
            words = ["/usr/bin/ros", "entrypoint", *command.split()]
            self._add(name, f"rancher/{image}:{self.version}", words)
        self._add("docker", engine_image(f"docker-{self.user.version}"), ["/usr/bin/user-docker"])

    def _add(self, name: str, image: str, command: list[str]) -> None:
        self.system.add_container(name=name, image=image, command=command)
        for order, container in enumerate(reversed(self.system.containers)):
            container.created = self.machine.world.clock.now() - 0.01 * order

    def container(self) -> Container | None:
        """The system container that is the user Docker."""
        found = [one for one in self.system.containers if one.name == "docker"]
        return found[0] if found else None

    def use_engine(self, engine: str) -> None:
        """Put another engine's container and daemon in place; whether it runs stays as it is."""
        if found := self.container():
            self.system.remove(found, force=True)
        self._add("docker", engine_image(engine), ["/usr/bin/user-docker"])
        self.user.set_version(engine.removeprefix("docker-"))

    def note_engine(self) -> None:
        """user-docker says which engine it is once it runs."""
        self.machine.disk.write(DOCKER_DONE, f"docker-{self.user.version}\n")

    async def system_docker(self, call: Call) -> int:
        """system-docker; what it does to the container `docker` happens to the user Docker."""
        before = self.container()
        started = before.started if before else 0.0
        code = await self._system_docker(call)
        after = self.container()
        runs = after is not None and after.running
        if self.user.up and (not runs or (after and after.started != started)):
            self.user.stop_daemon()
        if runs and not self.user.up:
            self.user.start_daemon()
            self.note_engine()
        return code

    def has(self, image: str) -> bool:
        """Whether the system Docker has an image."""
        return self.system.find_image(image) is not None

    async def pull(self, call: Call, service: str, image: str) -> None:
        """Fetch a system image with compose's words. Raises DaemonError as today's registry."""
        name = image if ":" in image else f"{image}:latest"
        call.err(f"Pulling {service} ({image})...\n")
        if self.system.find_image(name) is None and name not in self.machine.world.images:
            unknown = "manifest unknown: manifest unknown"
            raise DaemonError(f"manifest for {name} not found: {unknown}", status=404)
        repository, _, tag = name.rpartition(":")
        call.err(f"{tag}: Pulling from {repository}\n")
        pulled = await self.system.pull(name)
        up, down = ("\x1b[0B\n\x1b[0A\x1b[2K\r", " \r\x1b[0B") if call.tty else ("", "\n")
        call.err(f"{up}bd59f8c0cbb5: Already exists{down}Digest: sha256:{pulled.digest}\n")
        call.err(f"Status: Downloaded newer image for {name}\n")
