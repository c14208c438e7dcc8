"""etcdctl 2.3, 3.4 and 3.5: which sub-command was asked, by which API, in which form."""

from __future__ import annotations

from runbook.parse import (
    etcdctl_cluster,
    etcdctl_health,
    etcdctl_keys,
    etcdctl_members,
    etcdctl_status,
)
from runbook.parse.base import Answer, Parsed, no_parser
from runbook.parse.command_line import Grammar, names, read
from runbook.parse.source import Source

GRAMMAR = Grammar(
    valued=names(
        # both APIs, then API 2, then API 3
        "endpoints discovery-srv"
        " output peers endpoint cert-file key-file ca-file username password timeout total-timeout"
        " ttl swap-with-value swap-with-index after-index with-value with-index"
        " write-out dial-timeout command-timeout keepalive-time keepalive-timeout cert key cacert"
        " user discovery-srv-name consistency order sort-by limit rev lease"
    ),
    short={
        "w": "write-out",
        "o": "output",
        "C": "peers",
        "D": "discovery-srv",
        "d": "discovery-srv",
        "u": "username",
        "f": "forever",
        "q": "quorum",
        "r": "recursive",
        "h": "help",
        "v": "version",
    },
)

_COMMANDS = {
    "cluster-health": etcdctl_cluster.cluster_health,
    "member list": etcdctl_members.member_list,
    "endpoint health": etcdctl_health.endpoint_health,
    "endpoint status": etcdctl_status.endpoint_status,
    "get": etcdctl_keys.get,
    "set": etcdctl_keys.set_key,
    "put": etcdctl_keys.put,
    "ls": etcdctl_keys.ls,
}


def parse(answer: Answer) -> Parsed:
    """Read an answer of etcdctl; the columns of each sub-command stand beside its reader.

    Raises UsageError for a sub-command that has no parser, ParseError for all that cannot be
    read in full (article rows E1, E2, E3, F5).
    """
    line = read(answer.argv, GRAMMAR)
    for command, reader in _COMMANDS.items():
        if line.starts_with(*command.split()):
            source = Source(f"etcdctl {command}", answer)
            source.refuse_help()
            return reader(source, line)
    raise no_parser(("etcdctl", *line.words[:2]), (f"etcdctl {name}" for name in _COMMANDS))
