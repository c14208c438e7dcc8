"""Every key of Ignition configs: spec 2.0 to 2.3 and 3.0 to 3.4."""

from __future__ import annotations

from runbook.machine_config.key_table import KINDS, key_table
from runbook.machine_config.shape import Keys, Scalar, Shape

_KINDS: dict[str, Shape] = KINDS | {
    "mode": Scalar(("whole",), expected="a decimal number (0644 is 420, 0755 is 493)")
}

_SECOND = """
2.0 ignition text version
2.0 ignition.config resource append[] replace
2.1 ignition.timeouts whole httpResponseHeaders httpTotal
2.2 ignition.security.tls resource certificateAuthorities[]
2.0 storage.disks[] text device
2.0 storage.disks[] flag wipeTable
2.0 storage.disks[].partitions[] whole number size start
2.0 storage.disks[].partitions[] text label typeGuid
2.1 storage.disks[].partitions[] text guid
2.3 storage.disks[].partitions[] whole sizeMiB startMiB
2.3 storage.disks[].partitions[] flag wipePartitionEntry shouldExist
2.0 storage.raid[] text name level devices[]
2.0 storage.raid[] whole spares
2.1 storage.raid[] text options[]
2.0 storage.filesystems[] text name path
2.0 storage.filesystems[].mount text device format
2.0 storage.filesystems[].mount.create flag force
2.0 storage.filesystems[].mount.create text options[]
2.1 storage.filesystems[].mount text label uuid options[]
2.1 storage.filesystems[].mount flag wipeFilesystem
2.0 storage.files[] text filesystem path
2.0 storage.files[] mode mode
2.0 storage.files[].contents text source compression
2.0 storage.files[].contents.verification text hash
2.2 storage.files[] flag append overwrite
2.0 storage.files[].user whole id
2.0 storage.files[].group whole id
2.1 storage.files[].user text name
2.1 storage.files[].group text name
2.1 storage.directories[] text filesystem path
2.1 storage.directories[] mode mode
2.2 storage.directories[] flag overwrite
2.1 storage.directories[] owner user group
2.1 storage.links[] text filesystem path target
2.1 storage.links[] flag hard
2.2 storage.links[] flag overwrite
2.1 storage.links[] owner user group
2.0 systemd.units[] text name contents
2.0 systemd.units[] flag enable mask
2.1 systemd.units[] flag enabled
2.0 systemd.units[].dropins[] text name contents
2.0 networkd.units[] text name contents
2.3 networkd.units[].dropins[] text name contents
2.0 passwd.users[] text name passwordHash sshAuthorizedKeys[]
2.0 passwd.users[].create whole uid
2.0 passwd.users[].create text gecos homeDir primaryGroup groups[] shell
2.0 passwd.users[].create flag noCreateHome noUserGroup system noLogInit
2.1 passwd.users[] whole uid
2.1 passwd.users[] text gecos homeDir primaryGroup groups[] shell
2.1 passwd.users[] flag noCreateHome noUserGroup system noLogInit
2.0 passwd.groups[] text name passwordHash
2.0 passwd.groups[] whole gid
2.0 passwd.groups[] flag system
"""

_THIRD = """
3.0 ignition text version
3.0 ignition.config resource merge[] replace
3.0 ignition.timeouts whole httpResponseHeaders httpTotal
3.0 ignition.security.tls resource certificateAuthorities[]
3.1 ignition.proxy text httpProxy httpsProxy noProxy[]
3.3 kernelArguments text shouldExist[] shouldNotExist[]
3.0 storage.disks[] text device
3.0 storage.disks[] flag wipeTable
3.0 storage.disks[].partitions[] whole number sizeMiB startMiB
3.0 storage.disks[].partitions[] text label typeGuid guid
3.0 storage.disks[].partitions[] flag wipePartitionEntry shouldExist
3.2 storage.disks[].partitions[] flag resize
3.0 storage.raid[] text name level devices[] options[]
3.0 storage.raid[] whole spares
3.0 storage.filesystems[] text device format path label uuid options[]
3.1 storage.filesystems[] text mountOptions[]
3.0 storage.filesystems[] flag wipeFilesystem
3.0 storage.files[] text path
3.0 storage.files[] flag overwrite
3.0 storage.files[] mode mode
3.0 storage.files[] owner user group
3.0 storage.files[] resource contents append[]
3.0 storage.directories[] text path
3.0 storage.directories[] flag overwrite
3.0 storage.directories[] mode mode
3.0 storage.directories[] owner user group
3.0 storage.links[] text path target
3.0 storage.links[] flag overwrite hard
3.0 storage.links[] owner user group
3.2 storage.luks[] text name device label uuid options[]
3.2 storage.luks[] flag wipeVolume
3.2 storage.luks[] resource keyFile
3.2 storage.luks[].clevis flag tpm2
3.2 storage.luks[].clevis whole threshold
3.2 storage.luks[].clevis.tang[] text url thumbprint
3.2 storage.luks[].clevis.custom text config pin
3.2 storage.luks[].clevis.custom flag needsNetwork
3.4 storage.luks[] text openOptions[]
3.4 storage.luks[] flag discard
3.4 storage.luks[].clevis.tang[] text advertisement
3.0 systemd.units[] text name contents
3.0 systemd.units[] flag enabled mask
3.0 systemd.units[].dropins[] text name contents
3.0 passwd.users[] text name passwordHash sshAuthorizedKeys[] gecos homeDir primaryGroup
3.0 passwd.users[] text groups[] shell
3.0 passwd.users[] whole uid
3.0 passwd.users[] flag noCreateHome noUserGroup system noLogInit
3.2 passwd.users[] flag shouldExist
3.0 passwd.groups[] text name passwordHash
3.0 passwd.groups[] whole gid
3.0 passwd.groups[] flag system
3.2 passwd.groups[] flag shouldExist
"""

_OWNER = "3.0 . whole id\n3.0 . text name"
_RESOURCE = """
2.0 . text source
2.0 verification text hash
2.1 . text compression
3.1 httpHeaders[] text name value
"""


def _spec(table: str, version: str) -> Keys:
    def has(mark: str) -> bool:
        return mark <= version

    kinds = _KINDS | {
        "owner": key_table(_OWNER, _KINDS),
        "resource": key_table(_RESOURCE, _KINDS, has=has),
    }
    return key_table(table, kinds, has=has)


SPECS: dict[str, Keys] = {
    **{f"2.{minor}.0": _spec(_SECOND, f"2.{minor}") for minor in range(4)},
    **{f"3.{minor}.0": _spec(_THIRD, f"3.{minor}") for minor in range(5)},
}
