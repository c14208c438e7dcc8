"""The dialects that the lint knows, and which of them has a key that another one lacks."""

from __future__ import annotations

from runbook.machine_config.coreos_keys import COREOS
from runbook.machine_config.ignition_keys import SPECS
from runbook.machine_config.rancheros_keys import RANCHEROS
from runbook.machine_config.shape import Dialect

_LAUNCHPAD = """
apt apt_mirror apt_pipelining apt_preserve_sources_list apt_proxy apt_reboot_if_required
apt_sources apt_update apt_upgrade bootcmd byobu_by_default ca_certs chef chpasswd
cloud_config_modules cloud_final_modules cloud_init_modules datasource datasource_list
debug disable_ec2_metadata disable_root disk_setup drivers fan final_message fqdn fs_setup
groups grub_dpkg growpart hostname keyboard landscape locale locale_configfile lxd
manage_etc_hosts manage_resolv_conf mcollective mount_default_fields mounts network ntp
output package_reboot_if_required package_update package_upgrade packages password
phone_home power_state prefer_fqdn_over_hostname preserve_hostname puppet
random_seed repo_update repo_upgrade reporting resize_rootfs resolv_conf rh_subscription
rsyslog runcmd salt_minion snap snappy spacewalk ssh ssh_authorized_keys ssh_deletekeys
ssh_fp_console_blacklist ssh_genkeytypes ssh_import_id ssh_keys ssh_publish_hostkeys
ssh_pwauth ssh_quiet_keygen swap system_info timezone ubuntu_advantage ubuntu_pro
unverified_modules updates user users vendor_data wireguard write_files yum_repo_dir
yum_repos zypper
"""  # cloud-init 0.7 to 22

LAUNCHPAD = frozenset(_LAUNCHPAD.split())
_OWNERS = (
    ("CoreOS", frozenset(COREOS.keys)),
    ("RancherOS", frozenset(RANCHEROS.keys)),
    ("Launchpad", LAUNCHPAD),
)


def _other_cloud_config(path: str, key: str) -> str:
    if path in ("coreos", "rancher") and key in {*COREOS.keys, *RANCHEROS.keys}:
        return f"{key} belongs to the top level, not below {path}"
    owners = [name for name, keys in _OWNERS if key in keys] if not path else []
    return f"a key of {' and '.join(owners)} cloud-config" if owners else ""


def _other_ignition(path: str, key: str) -> str:
    if path.startswith("systemd.units[") and key in ("command", "runtime"):
        return (
            "a key of CoreOS cloud-config: Ignition runs before systemd, so a unit file that it"
            " writes is in force at the first start; leave the key out"
        )
    if path == "" and key == "networkd":
        return "spec 3 has no networkd: write a file below /etc/systemd/network instead"
    if path.startswith("systemd.units[") and key in ("enable", "enabled"):
        return "spec 2.0.0 says enable, spec 3 says enabled"
    if path.startswith("storage.") and key in ("filesystem", "mount"):
        return "a key of spec 2: spec 3 takes device and format directly, and absolute paths"
    if not path and key in {*COREOS.keys, *RANCHEROS.keys, *LAUNCHPAD}:
        return "a key of cloud-config, not of Ignition"
    return ""


COREOS_DIALECT = Dialect(
    "CoreOS cloud-config", COREOS, ("text", "whole", "number", "flag"), _other_cloud_config
)
RANCHEROS_DIALECT = Dialect(
    "RancherOS cloud-config",
    RANCHEROS,
    ("text", "whole", "number", "flag"),
    _other_cloud_config,
    same_dash=False,
)


def ignition_dialect(version: str) -> Dialect:
    """The dialect of one spec version (a key of SPECS)."""
    name = f"Ignition {version}"
    return Dialect(name, SPECS[version], ("text",), _other_ignition, same_dash=False)
