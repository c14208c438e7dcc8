"""What a node does by itself when it boots: Ignition (the first time), then cloud-config."""

from __future__ import annotations

from runbook_twin.coreos import cloud_config, systemd
from runbook_twin.coreos.cloudinit import coreos_cloudinit
from runbook_twin.coreos.ignition import apply_ignition
from runbook_twin.hypervisor import ServerSpec
from runbook_twin.machine import Call, Machine

OEM = "/usr/share/oem/cloud-config.yml"
USER_DATA = "/media/configdrive/openstack/latest/user_data"


class Boot:
    """The software `boot`: applies the OEM's cloud-config and the server's user data."""

    def __init__(self, machine: Machine, spec: ServerSpec) -> None:
        self.machine = machine
        machine.on_boot.append(self._ignition)
        if spec.user_data:
            machine.disk.write(USER_DATA, spec.user_data)
        if spec.public_keys:
            keys = "".join(f"{key}\n" for key in spec.public_keys)
            machine.disk.write("/home/core/.ssh/authorized_keys", keys, mode=0o600, owner="core")
            known = set(machine.authorized_keys)
            machine.authorized_keys += [key for key in spec.public_keys if key not in known]

    def _ignition(self) -> None:
        """Before systemd runs, the first time only."""
        data = self.machine.disk.files.get(USER_DATA)
        if data and self.machine.boots == 1:
            text = data.content.decode("utf-8", "replace")
            if cloud_config.kind_of(text) == "ignition":
                apply_ignition(self.machine, text)

    def power_on(self) -> None:
        """systemd runs: apply the cloud-configs."""
        self.machine.spawn(self._cloud_configs())

    def power_off(self) -> None:
        """Nothing to keep."""

    async def _cloud_configs(self) -> None:
        for path, unit in ((OEM, "oem-cloudinit.service"), (USER_DATA, "user-cloudinit.service")):
            if path not in self.machine.disk.files:
                continue
            manager = systemd.of(self.machine)
            pipe = manager.pipe(unit, "coreos-cloudinit", manager.new_pid())
            environment = {
                f"COREOS_{kind}_IPV4": self.machine.address for kind in ("PUBLIC", "PRIVATE")
            }
            call = Call(
                self.machine, ["coreos-cloudinit", "--from-file", path], environment=environment,
                write_out=pipe, write_err=pipe,
            )  # fmt: skip
            await coreos_cloudinit(call)
