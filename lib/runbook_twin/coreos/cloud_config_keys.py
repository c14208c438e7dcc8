"""The keys of CoreOS' cloud-config: their types, and which values are good."""

# ruff: noqa: E501 - texts of the tool are kept in one piece

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    """A value's type: `string`, `int`, `bool`, `struct` (with keys) or a list of `items`."""

    name: str
    valid: str = ""
    keys: dict[str, Kind] = field(default_factory=dict)
    items: Kind | None = None

    @property
    def shown(self) -> str:
        """As coreos-cloudinit names it."""
        return f"[]{self.items.shown}" if self.items else self.name

    def accepts(self, value: str) -> bool:
        """Whether a value matches the pattern; empty values always do."""
        return not self.valid or not value or re.fullmatch(self.valid, value) is not None


_TEXT, _NUMBER, _SWITCH = Kind("string"), Kind("int"), Kind("bool")


def _struct(**keys: Kind) -> Kind:
    return Kind("struct", keys=keys)


def _list(items: Kind) -> Kind:
    return Kind("list", items=items)


def _texts(names: str) -> dict[str, Kind]:
    return dict.fromkeys(names.split(), _TEXT)


_ETCD2 = _struct(
    **_texts(
        "advertise_client_urls ca_file cert_file cors data_dir discovery discovery_fallback discovery_srv "
        "discovery_proxy initial_advertise_peer_urls initial_cluster initial_cluster_state "
        "initial_cluster_token key_file listen_client_urls listen_peer_urls log_package_levels name "
        "peer_ca_file peer_cert_file peer_key_file peer_trusted_ca_file trusted_ca_file wal_dir"
    ),
    **dict.fromkeys(["client_cert_auth", "debug", "enable_pprof", "force_new_cluster", "peer_client_cert_auth", "strict_reconfig_check"], _SWITCH),
    **dict.fromkeys(["election_timeout", "heartbeat_interval", "max_snapshots", "max_wals", "proxy_dial_timeout", "proxy_failure_wait", "proxy_read_timeout", "proxy_refresh_interval", "proxy_write_timeout", "snapshot_count"], _NUMBER),
    proxy=Kind("string", "on|off|readonly"),
)  # fmt: skip
_ETCD = _struct(
    **_texts(
        "addr bind_addr ca_file cert_file cors_origins data_dir discovery http_read_timeout "
        "http_write_timeout key_file name peer_addr peer_bind_addr peer_ca_file peer_cert_file "
        "peer_key_file peers peers_file"
    ),
    **dict.fromkeys(["cluster_active_size", "max_result_buffer", "max_retry_attempts", "peer_election_timeout", "peer_heartbeat_interval", "retry_interval", "snapshot_count"], _NUMBER),
    cluster_remove_delay=Kind("float64"), cluster_sync_interval=Kind("float64"),
    snapshot=_SWITCH, str_trace=_TEXT, verbose=_SWITCH, very_verbose=_SWITCH, very_very_verbose=_SWITCH,
)  # fmt: skip
_FLEET = _struct(
    **_texts(
        "authorized_keys_file agent_ttl etcd_cafile etcd_certfile etcd_keyfile etcd_key_prefix "
        "etcd_servers metadata public_ip"
    ),
    disable_engine=_SWITCH, verify_units=_SWITCH, disable_watches=_SWITCH,
    engine_reconcile_interval=Kind("float64"), etcd_request_timeout=Kind("float64"),
    token_limit=_NUMBER, verbosity=_NUMBER,
)  # fmt: skip
_UNIT = _struct(
    name=_TEXT, mask=_SWITCH, enable=_SWITCH, runtime=_SWITCH, content=_TEXT,
    command=Kind("string", "start|stop|restart|reload|try-restart|reload-or-restart|reload-or-try-restart"),
    drop_ins=_list(_struct(name=_TEXT, content=_TEXT)),
)  # fmt: skip
_FILE = _struct(
    encoding=Kind("string", r"base64|b64|gz|gzip|gz\+base64|gzip\+base64|gz\+b64|gzip\+b64"),
    content=_TEXT, owner=_TEXT, path=_TEXT, permissions=Kind("string", "0?[0-7]{3,4}"),
)  # fmt: skip
_USER = _struct(
    **_texts("name passwd coreos_ssh_import_github coreos_ssh_import_url gecos homedir primary_group shell"),
    **dict.fromkeys(["no_create_home", "no_user_group", "system", "no_log_init"], _SWITCH),
    ssh_authorized_keys=_list(_TEXT), groups=_list(_TEXT), coreos_ssh_import_github_users=_list(_TEXT),
)  # fmt: skip
CLOUD_CONFIG = _struct(
    ssh_authorized_keys=_list(_TEXT),
    coreos=_struct(
        etcd=_ETCD, etcd2=_ETCD2, fleet=_FLEET,
        flannel=_struct(**_texts("etcd_endpoints etcd_cafile etcd_certfile etcd_keyfile etcd_prefix ip_masq "
                                 "subnet_file interface public_ip")),
        locksmith=_struct(**_texts("endpoint etcd_cafile etcd_certfile etcd_keyfile group "
                                   "reboot_window_start reboot_window_length window_start window_length")),
        oem=_struct(**_texts("id name version_id home_url bug_report_url")),
        update=_struct(group=_TEXT, server=_TEXT,
                       reboot_strategy=Kind("string", "best-effort|etcd-lock|reboot|off")),
        units=_list(_UNIT),
    ),
    write_files=_list(_FILE), hostname=_TEXT, users=_list(_USER),
    manage_etc_hosts=Kind("string", "localhost"),
)  # fmt: skip
