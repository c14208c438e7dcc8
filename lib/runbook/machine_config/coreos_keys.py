"""Every key of CoreOS' own cloud-config (coreos-cloudinit v1.11)."""

from __future__ import annotations

from runbook.machine_config.key_table import KINDS, key_table
from runbook.machine_config.shape import Scalar, Shape


def _choice(*values: str) -> Scalar:
    return Scalar(("text",), "|".join(values), ", ".join(values[:-1]) + f" or {values[-1]}")


PERMISSIONS = Scalar(("text",), "0?[0-7]{3,4}", 'octal digits in quotes, as "0644"')
ENCODING = Scalar(
    ("text",),
    r"base64|b64|gz|gzip|(?:gz|gzip)\+(?:base64|b64)",
    "base64, b64, gz, gzip, gz+base64, gzip+base64, gz+b64 or gzip+b64",
)
_START = Scalar(
    ("text",),
    r"(?i:(?:sun|mon|tue|wed|thu|fri|sat) )?0*(?:[0-9]|1[0-9]|2[0-3]):0*(?:[0-9]|[1-5][0-9])",
    'a time as "22:30" or "Sun 22:30"',
)
_LENGTH = Scalar(("text",), r"[-+]?(?:[0-9]*(?:\.[0-9]*)?[a-z]+)+", "a duration as 1h or 90m")
_COMMAND = _choice(
    "start", "stop", "restart", "reload", "try-restart", "reload-or-restart",
    "reload-or-try-restart",
)  # fmt: skip
_KINDS: dict[str, Shape] = KINDS | {
    "permissions": PERMISSIONS,
    "encoding": ENCODING,
    "command": _COMMAND,
    "reboot": _choice("best-effort", "etcd-lock", "reboot", "off"),
    "proxy": _choice("on", "off", "readonly"),
    "start": _START,
    "length": _LENGTH,
}
_NOTES = {
    "etcd": "the section of etcd 0.4, which no CoreOS of today has: use etcd2",
    "ca": "deprecated: use trusted_ca_file and client_cert_auth",
    "peer": "deprecated: use peer_trusted_ca_file and peer_client_cert_auth",
    "remote": "deprecated: fetching keys from a remote place fails now and then",
}

FILES = """
- write_files[] text path content owner
- write_files[] permissions permissions
- write_files[] encoding encoding
"""

_TABLE = f"""
- . text hostname manage_etc_hosts ssh_authorized_keys[]
{FILES.strip()}
- users[] text name passwd gecos homedir primary_group shell ssh_authorized_keys[] groups[]
- users[] flag no_create_home no_user_group system no_log_init
remote users[] text coreos_ssh_import_github coreos_ssh_import_github_users[] coreos_ssh_import_url
- coreos.units[] text name content
- coreos.units[] flag mask enable runtime
- coreos.units[] command command
- coreos.units[].drop_ins[] text name content
- coreos.update text group server
- coreos.update reboot reboot_strategy
- coreos.oem text id name version_id home_url bug_report_url
- coreos.locksmith text endpoint etcd_cafile etcd_certfile etcd_keyfile etcd_username etcd_password
- coreos.locksmith text group
- coreos.locksmith start window_start
- coreos.locksmith length window_length
- coreos.flannel text etcd_endpoints etcd_cafile etcd_certfile etcd_keyfile etcd_prefix
- coreos.flannel text etcd_username etcd_password ip_masq subnet_file interface public_ip
- coreos.fleet text agent_ttl authorized_keys_file engine_reconcile_interval etcd_cafile
- coreos.fleet text etcd_certfile etcd_key_prefix etcd_keyfile etcd_servers etcd_username
- coreos.fleet text etcd_password metadata public_ip token_limit
- coreos.fleet flag disable_engine disable_watches verify_units
- coreos.fleet number etcd_request_timeout
- coreos.fleet whole verbosity
ca coreos.etcd2 text ca_file
peer coreos.etcd2 text peer_ca_file
- coreos.etcd2 text advertise_client_urls cert_file cors data_dir discovery discovery_fallback
- coreos.etcd2 text discovery_srv discovery_proxy initial_advertise_peer_urls initial_cluster
- coreos.etcd2 text initial_cluster_state initial_cluster_token key_file listen_client_urls
- coreos.etcd2 text listen_peer_urls log_package_levels name peer_cert_file peer_key_file
- coreos.etcd2 text peer_trusted_ca_file trusted_ca_file wal_dir
- coreos.etcd2 flag client_cert_auth debug enable_pprof force_new_cluster peer_client_cert_auth
- coreos.etcd2 flag strict_reconfig_check
- coreos.etcd2 whole election_timeout heartbeat_interval max_snapshots max_wals snapshot_count
- coreos.etcd2 whole proxy_dial_timeout proxy_failure_wait proxy_read_timeout
- coreos.etcd2 whole proxy_refresh_interval proxy_write_timeout
- coreos.etcd2 proxy proxy
etcd coreos.etcd text addr bind_addr ca_file cert_file cors data_dir discovery graphite_host
etcd coreos.etcd text key_file name peer_addr peer_bind_addr peer_ca_file peer_cert_file
etcd coreos.etcd text peer_key_file peers peers_file trace
etcd coreos.etcd whole cluster_active_size max_result_buffer max_retry_attempts
etcd coreos.etcd whole peer_election_timeout peer_heartbeat_interval snapshot_count
etcd coreos.etcd number cluster_remove_delay cluster_sync_interval http_read_timeout
etcd coreos.etcd number http_write_timeout retry_interval
etcd coreos.etcd flag snapshot verbose very_verbose very_very_verbose
"""

COREOS = key_table(_TABLE, _KINDS, note=lambda mark: _NOTES.get(mark, ""))
