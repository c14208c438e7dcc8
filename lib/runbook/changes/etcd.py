"""Changes in an etcd cluster: keys, and the discovery token that a new cluster starts from."""

from __future__ import annotations

import re

from runbook.changes.base import Act
from runbook.command import Node, quoted
from runbook.errors import CommandFailed
from runbook.facts import etcd


def set_value(node: Node, key: str, value: str) -> Act:
    """etcdctl set KEY VALUE (E2); in the v3 dialect etcdctl put."""
    verb = "etcdctl set" if etcd.dialect(node) == "v2" else "ETCDCTL_API=3 etcdctl put"
    line = quoted(f"{verb} -- %s %s", key, value)
    return Act(
        what=f"set {key}",
        steps=[(node.name, line)],
        is_done=lambda: etcd.read_value(node, key) == value,
        apply=lambda: node.change(line),
        undo=quoted("etcdctl rm %s", key),
    )


def new_discovery_url(node: Node, service: str, size: int) -> str:
    """A fresh discovery URL of a discovery service for exactly `size` members (B2).

    service: such as https://discovery.etcd.io. Raises CommandFailed when the answer is no such
    URL: the service answers errors with HTTP bodies while curl exits 0.
    """
    result = node.change("curl -sS -w %s %s", "\\n", f"{service}/new?size={size}", deadline=30)
    url = result.text.strip()
    if not re.fullmatch(r"https?://\S+/[0-9a-f]{32}", url):
        raise CommandFailed(
            f"{node.name}: {service} gave no discovery URL",
            evidence=result.evidence,
            remedy="use bootstrap=static, or a discovery service of your own",
        )
    return url


def self_hosted_discovery_url(node: Node, endpoint: str, token: str, size: int) -> str:
    """A discovery URL in an etcd of our own: /v2/keys/discovery/TOKEN with _config/size (B2)."""
    url = f"{endpoint}/v2/keys/discovery/{token}"
    node.change("curl -sS -f -X PUT -d %s %s", f"value={size}", f"{url}/_config/size", deadline=30)
    return url
