"""Every key of RancherOS' cloud-config (v0.6.1 to v1.5, BurmillaOS 2.0)."""

from __future__ import annotations

from runbook.machine_config.coreos_keys import ENCODING, FILES, PERMISSIONS
from runbook.machine_config.key_table import KINDS, key_table
from runbook.machine_config.shape import Anything, Scalar, Shape

LATER = "RancherOS v0.6.1 drops this key without a word: it came later"

_DOCKER = """
- . text bridge ca_cert ca_key config_file containerd engine exec_root graph group log_driver
- . text pid_file registry_mirror server_cert server_key storage_context storage_driver
- . text args[] environment[] extra_args[] host[] insecure_registry[] tls_args[]
- . switch debug exec live_restore restart selinux_enabled userland_proxy
- . flag tls
- . pairs log_opts
later . text bip
"""

_NETWORK = """
- . text http_proxy https_proxy no_proxy pre_cmds[] post_cmds[]
- dns text nameservers[] search[] domain[]
- interfaces{} text match dhcp_args address gateway gateway_ipv6 bridge bond vlans
- interfaces{} text addresses[] post_up[] pre_up[]
- interfaces{} flag dhcp ipv4ll
- interfaces{} whole mtu
- interfaces{} pairs bond_opts
later interfaces{} text wifi_network modem_network
later . whole dhcp_timeout
later . maps wifi_networks modem_networks
"""

_TABLE = f"""
- . text hostname ssh_authorized_keys[] mounts[][]
{FILES.strip()}
- write_files[] text container
later . anything runcmd[] bootcmd[]
- rancher text console resize_device disable[] modules[] restart_services[]
- rancher flag debug rm_usr no_sharedroot log force_console_rebuild
later rancher flag recovery hypervisor_service preload_wait
later rancher whole shutdown_timeout http_load_retries
- rancher docker docker system_docker bootstrap_docker
- rancher network network default_network
- rancher pairs environment sysctl
- rancher flags services_include
- rancher maps services bootstrap autoformat registry_auths
later rancher maps cloud_init_services
- rancher.cloud_init text datasources[]
- rancher.repositories{{}} text url
- rancher.ssh pairs keys
later rancher.ssh flag daemon
later rancher.ssh whole port
later rancher.ssh text listen_address
- rancher.upgrade text url image rollback
later rancher.upgrade text policy
- rancher.defaults text hostname
later rancher.defaults text system_docker_logs
- rancher.defaults docker docker
- rancher.defaults network network
- rancher.state text directory fstype dev script oem_fstype oem_dev autoformat[]
- rancher.state flag wait required mdadm_scan
later rancher.state text boot_fstype boot_dev
later rancher.state flag cryptsetup lvm_scan rngd
"""


def _note(mark: str) -> str:
    return LATER if mark == "later" else ""


_KINDS: dict[str, Shape] = KINDS | {
    "anything": Anything(),
    "permissions": PERMISSIONS,
    "encoding": ENCODING,
    "switch": Scalar(("flag", "null")),
}
_KINDS["docker"] = key_table(_DOCKER, _KINDS, note=_note)
_KINDS["network"] = key_table(_NETWORK, _KINDS, note=_note)

RANCHEROS = key_table(_TABLE, _KINDS, note=_note)
