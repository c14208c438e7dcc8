"""The discovery service of the lab: an etcd on the bridge, where new clusters meet (B2)."""

from __future__ import annotations

import subprocess
from pathlib import Path

from runbook_lab.network import GATEWAY

URL = f"http://{GATEWAY}:2379"


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Start it with its data in `folder`; it ends with the lab."""
    words = [
        "etcd", "--name", "discovery", "--data-dir", str(folder), "--enable-v2", "--logger", "zap",
        "--listen-client-urls", URL, "--advertise-client-urls", URL,
        "--listen-peer-urls", "http://127.0.0.1:2380", "--log-level", "error",
    ]  # fmt: skip
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603
