"""What stands before the tool, and what an unknown command line may not tell."""

from __future__ import annotations

import shlex

import pytest

from runbook.errors import UsageError
from runbook.parse import parse
from runbook.parse.prefix import split_prefix

ROWS = parse(["ros", "os", "version"], "v0.6.1\n").rows


@pytest.mark.parametrize(
    "prefix",
    [
        *["sudo", "sudo -n", "sudo -n -u root", "sudo -nu root", "sudo -nuroot", "sudo --"],
        *["sudo --user root -E", "sudo --user=root", "sudo -n --", "/usr/bin/sudo -H", "env"],
        *["LANG=C", "LANG=C LC_ALL=", "env LANG=C", "sudo -n LANG=C", "sudo -n env A=1 B=2"],
        *["A=1 sudo -n", "sudo sudo -n", "sudo -p 'type it: ' -n", "sudo -n -T 5"],
    ],
)
@pytest.mark.parametrize("tool", ["ros", "/usr/bin/ros"])
def test_prefixes(prefix: str, tool: str) -> None:
    words = [*shlex.split(prefix), tool, "os", "version"]
    assert parse(words, "v0.6.1\n").rows == ROWS
    docker = [*shlex.split(prefix), "docker", "ps", "-q"]
    assert parse(docker, "0123456789ab\n").rows[0]["container"] == "0123456789ab"


def test_the_variables_that_change_what_is_printed_are_seen() -> None:
    fields = '"ClusterID" : 1\n"MemberID" : 1\n"Revision" : 1\n"RaftTerm" : 1\n'
    fields += '"Key" : "/a"\n"CreateRevision" : 1\n"ModRevision" : 1\n"Version" : 1\n'
    fields += '"Value" : "b"\n"Lease" : 0\n"More" : false\n"Count" : 1\n'
    for line in (
        "ETCDCTL_API=3 ETCDCTL_WRITE_OUT=fields etcdctl get /a",
        "sudo -n ETCDCTL_API=3 ETCDCTL_WRITE_OUT=fields /usr/bin/etcdctl get /a",
        "env ETCDCTL_API=3 etcdctl -w fields get /a",
    ):
        assert parse(line.split(), fields).rows == [{"key": "/a", "value": "b"}]


def test_options_of_the_tool_are_not_those_of_sudo() -> None:
    assert split_prefix(["sudo", "-n", "docker", "-D", "ps"]) == ([], ["docker", "-D", "ps"])
    assert split_prefix(["-n", "docker"]) == ([], ["-n", "docker"])
    assert split_prefix(["sudo", "-u"]) == ([], [])


TOKEN = "SWMTKN-1-49nj1cmql0jkz5s954yi3oex3nedyz0fb0xx14ie39trti4wxv-8vxv8rssmk743ojnwacrr2e7c"  # noqa: S105


@pytest.mark.parametrize(
    "line",
    [
        "",
        "sudo",
        "sudo -n",
        f"dokcer swarm join --token {TOKEN} 192.168.0.100:2377",
        f"docker swarm update --token {TOKEN}",
        f"docker {TOKEN}",
        f"docker --bogus={TOKEN} ps",
        f"{TOKEN}",
        f"TOKEN={TOKEN} curl -H {TOKEN} http://x",
        f"sh -c 'docker swarm join --token {TOKEN}'",
        f"TOKEN={TOKEN} etcdctl mk /token {TOKEN}",
        "etcdctl --username root:secret-word auth enable",
        "etcdctl user add root:secret-word",
        f"fleetctl --etcd-password secret-word ssh {TOKEN}",
        f"ros {TOKEN}",
        "ros config set rancher.x secret-word",
        f"systemctl {TOKEN}",
        "sudo -u secret-word nothing",
    ],
)
def test_an_unknown_command_line_tells_no_secret(line: str) -> None:
    with pytest.raises(UsageError, match="no parser for") as caught:
        parse(shlex.split(line), "")
    told = str(caught.value)
    assert TOKEN[8:] not in told
    assert "secret-word" not in told
