"""The program `coreos-cloudinit`: fetch user-data, check it, apply it."""

# ruff: noqa: E501 - texts of the tool are kept in one piece

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from runbook_twin import shell
from runbook_twin.coreos import cloud_config, goflags
from runbook_twin.coreos.cloud_config import BadYaml
from runbook_twin.coreos.cloudinit_apply import Apply
from runbook_twin.files import DiskFull
from runbook_twin.machine import Call
from runbook_twin.world import NetworkError

_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _PATIENCE_S = 0.1, 30.0, 300.0
_NO_SOURCE = (
    "Provide at least one of --from-file, --from-configdrive, --from-ec2-metadata, --from-gce-metadata, "
    "--from-cloudsigma-metadata, --from-packet-metadata, --from-digitalocean-metadata, "
    "--from-vmware-guestinfo, --from-waagent, --from-url or --from-proc-cmdline\n"
)
_FLAGS: dict[str, tuple[goflags.Default, str]] = {
    "convert-netconf": ("", "Read the network config provided in cloud-drive and translate it from the specified format into networkd unit files"),
    "from-cloudsigma-metadata": (False, "Download data from CloudSigma server context"),
    "from-configdrive": ("", "Read data from provided cloud-drive directory"),
    "from-digitalocean-metadata": ("", "Download DigitalOcean data from the provided url"),
    "from-ec2-metadata": ("", "Download EC2 data from the provided url"),
    "from-file": ("", "Read user-data from provided file"),
    "from-gce-metadata": ("", "Download GCE data from the provided url"),
    "from-metadata-service": (False, "[DEPRECATED - Use -from-ec2-metadata] Download data from metadata service"),
    "from-packet-metadata": ("", "Download Packet data from metadata service"),
    "from-proc-cmdline": (False, "Parse /proc/cmdline for 'cloud-config-url=<url>', using the cloud-config served by an HTTP GET to <url>"),
    "from-url": ("", "Download user-data from provided url"),
    "from-vmware-guestinfo": (False, "Read data from VMware guestinfo"),
    "from-vmware-ovf-env": ("", "Read data from OVF Environment"),
    "from-waagent": ("", "Read data from provided waagent directory"),
    "ignore-failure": (False, "Exits with 0 status in the event of malformed input from user-data"),
    "oem": ("", "Use the settings specific to the provided OEM"),
    "ssh-key-name": ("coreos-cloudinit", "Add SSH keys to the system with the given name"),
    "validate": (False, "[EXPERIMENTAL] Validate the user-data but do not apply it to the system"),
    "version": (False, "Print the version and exit"),
    "workspace": ("/var/lib/coreos-cloudinit", "Base directory coreos-cloudinit should use to store data"),
}  # fmt: skip
_SOURCES = {"from-file": "local-file", "from-url": "url"}


def _usage() -> str:
    lines = ["Usage of coreos-cloudinit:"]
    for name, (default, text) in _FLAGS.items():
        kind = "" if isinstance(default, bool) else " string"
        lines.append(f"  -{name}{kind}")
        lines.append(f"    \t{text}" + (f' (default "{default}")' if default else ""))
    return "\n".join(lines) + "\n"


@dataclass
class _Run:
    """One run: where its messages go, what failed."""

    call: Call
    flags: goflags.Flags
    failed: bool = field(default=False)

    def log(self, text: str) -> None:
        """A line of Go's log."""
        self.call.err(f"{self.call.clock.datetime():%Y/%m/%d %H:%M:%S} {text}\n")

    async def fetch(self) -> tuple[str, bytes] | None:
        """Look for a datasource again and again; its type and the user-data."""
        sources = [name for name in _SOURCES if self.flags.text(name)]
        pause, deadline = _FIRST_PAUSE_S, self.call.clock.now() + _PATIENCE_S
        while True:
            for name in sources:
                self.log(f'Checking availability of "{_SOURCES[name]}"')
                data = await self._read(name, self.flags.text(name))
                if data is not None:
                    return _SOURCES[name], data
            if self.call.clock.now() >= deadline:
                return None
            await self.call.clock.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _read(self, name: str, where: str) -> bytes | None:
        machine = self.call.machine
        if name == "from-file":
            file = machine.disk.files.get(where)
            return file.content if file else None
        try:
            answer = await machine.world.http(
                machine, "GET", where if urlsplit(where).path else where + "/"
            )
        except NetworkError:
            return None
        return answer.body if answer.status == 200 else None

    async def whole(self) -> int:
        """From user-data to a configured machine."""
        fetched = await self.fetch()
        if fetched is None:
            self.call.out("No datasources available in time\n")
            return 1
        source, data = fetched
        self.log(f'Fetching user-data from datasource of type "{source}"')
        text = data.decode("utf-8", "replace")
        findings = cloud_config.validate(text)
        for finding in findings:
            self.log(str(finding))
        if self.flags.on("validate"):
            return 1 if findings else 0
        self.log(f'Fetching meta-data from datasource of type "{source}"')
        return await self._apply(text)

    async def _apply(self, text: str) -> int:
        kind = cloud_config.kind_of(text)
        config = {}
        if kind == "ignition":
            self.call.out("Detected an Ignition config. Exiting...")
            return 0
        if kind == "cloud-config":
            self.log("Parsing user-data as cloud-config")
            text = self._addresses(text)
            try:
                config = cloud_config.load(text)
            except BadYaml as bad:
                self._continue(str(bad))
        elif kind == "script":
            self.log("Parsing user-data as script")
        elif kind == "unknown":
            self._continue("Unrecognized user-data format")
        self.log("Merging cloud-config from meta-data and user-data")
        work = Apply(self.call.machine, config, self.log)
        if not self.call.root and work.touches:
            self.log("Failed to apply cloud-config: exit status 1")
            return 1
        try:
            await work.all()
        except DiskFull as full:
            path = str(full).partition(":")[0]
            self.log(f"Failed to apply cloud-config: write {path}: no space left on device")
            return 1
        if kind == "script":
            result = await shell.run(self.call.machine, text)
            self.call.write_out(result.stdout)
            self.call.write_err(result.stderr)
        return 1 if self.failed and not self.flags.on("ignore-failure") else 0

    def _addresses(self, text: str) -> str:
        """$private_ipv4 and $public_ipv4 (known at boot only, from the cloud's metadata)."""
        for name in ("public", "private"):
            known = self.call.environment.get(f"COREOS_{name.upper()}_IPV4", "")
            text = text.replace(f"${name}_ipv4", known)
        return text

    def _continue(self, why: str) -> None:
        self.call.out(f"Failed to parse user-data: {why}\nContinuing...\n")
        self.failed = True


async def coreos_cloudinit(call: Call) -> int:
    """coreos-cloudinit v1.11.0."""
    try:
        flags = goflags.parse(
            call.argv[1:], {name: default for name, (default, _) in _FLAGS.items()}
        )
    except goflags.Help:
        call.err(_usage())
        return 0
    except goflags.FlagError as error:
        call.err(f"{error}\n{_usage()}")
        return 2
    if flags.on("version"):
        call.out("coreos-cloudinit v1.11.0\n")
        return 0
    if not any(flags.text(name) for name in _SOURCES):
        call.out(_NO_SOURCE)
        return 2
    return await _Run(call, flags).whole()
