"""What OpenSSH's configuration says: jumps, aliases, mistakes, and no OpenSSH client at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runbook import ssh_config
from runbook.errors import HostKeyError, TargetError, Unreachable
from runbook.inventory import Server
from runbook.transport.route import find_route, nearest_jump

if TYPE_CHECKING:
    from .conftest import Lab, Sshd

NODE = Server("node00", "coreos", "node", user="operator")


def host(name: str, sshd: Sshd, more: str = "") -> str:
    return f"Host {name}\n    HostName 127.0.0.1\n    Port {sshd.port}\n    User operator\n{more}\n"


@pytest.fixture(params=["plain", "ssh -G", "no OpenSSH client"])
def client(request: pytest.FixtureRequest, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> str:
    """All ways to read ssh_config: a plain file, one with more in it, and without a client."""
    if request.param == "no OpenSSH client":
        monkeypatch.setenv("PATH", "/nowhere")
    if request.param == "ssh -G":
        lab.more = "    LogLevel ERROR\n"
    return str(request.param)


NAMES = ("node", "bastion", "192.168.0.10", "192.168.1.10", "not.me", "other")


@pytest.mark.parametrize("user", ["", "core"])
@pytest.mark.parametrize("port", [22, 2222])
@pytest.mark.parametrize("name", NAMES)
def test_a_plain_file_says_the_same_to_both(
    name: str, user: str, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "# who\nHost bastion node\n    HostName 127.0.0.1\n    Port 2200\n    User op\n"
        "    UserKnownHostsFile ~/a /b\n\nHost 192.168.0.* !192.168.0.11\n"
        "    ProxyJump op@bastion:24,second\n    IdentityFile ~/.ssh/one\n"
        "Host * !not.me\n  IdentityFile /two\n  IdentitiesOnly yes\n  User root\n"
        "  GlobalKnownHostsFile /dev/null\n  HostKeyAlias alias\n  IdentityAgent none\n"
        "Host other\n  ProxyJump none\n  User late\n  Port 9\n"
    )
    server = Server("n", "g", name, port, user)
    plain = find_route(server, config)
    config.write_text(config.read_text() + "  LogLevel ERROR\n")
    asked = find_route(server, config)
    if name == "not.me":  # defaults are a matter of each client's version
        plain, asked = (
            replace(route, identity_files=(), known_hosts=()) for route in (plain, asked)
        )
    known = (plain.known_hosts, asked.known_hosts)
    assert known[0][:1] == known[1][:1]
    assert replace(plain, known_hosts=()) == replace(asked, known_hosts=())


def test_one_jump(lab: Lab, client: str) -> None:
    bastion, node = lab.sshd(), lab.sshd()
    lab.configure(host("bastion", bastion) + host("node", node, "    ProxyJump bastion"))
    ssh = lab.ssh()
    assert ssh.execute(NODE, "exit 0").exit_code == 0
    assert (len(bastion.connections), len(node.connections)) == (1, 1)
    jump = ssh.jump_of(NODE)
    assert jump is not None
    assert ssh.execute(jump, "exit 5").exit_code == 5
    assert len(bastion.connections) == 1


def test_servers_share_the_connection_to_their_jump_host(lab: Lab) -> None:
    bastion, one, two = lab.sshd(), lab.sshd(), lab.sshd()
    jump = "    ProxyJump operator@bastion"
    lab.configure(host("bastion", bastion) + host("node", one, jump) + host("other", two, jump))
    ssh = lab.ssh()
    for name in ("node", "other", "node"):
        server = Server(name, "coreos", name, user="operator")
        assert ssh.execute(server, "exit 0").exit_code == 0
    assert [len(sshd.connections) for sshd in (bastion, one, two)] == [1, 1, 1]


def test_two_jumps(lab: Lab, client: str) -> None:
    """Of `ProxyJump first,second` the second one is reached through the first, whatever its own
    configuration says."""
    first, second, node = lab.sshd(), lab.sshd(), lab.sshd()
    lab.configure(
        host("first", first)
        + host("second", second, "    ProxyJump nowhere")
        + host("node", node, "    ProxyJump first,second")
        + host("other", node, "    ProxyJump first,second")
    )
    ssh = lab.ssh()
    jump = ssh.jump_of(NODE)
    assert jump is not None
    assert jump.name == "second"
    ssh.connect(jump)
    assert ssh.execute(NODE, "exit 0").exit_code == 0
    assert ssh.execute(Server("o", "coreos", "other", user="operator"), "exit 0").exit_code == 0
    assert [len(sshd.connections) for sshd in (first, second, node)] == [1, 1, 2]


def test_a_jump_host_with_a_jump_host_of_its_own(lab: Lab) -> None:
    first, second, node = lab.sshd(), lab.sshd(), lab.sshd()
    lab.configure(
        host("first", first)
        + host("second", second, "    ProxyJump first")
        + host("node", node, "    ProxyJump second")
    )
    assert lab.ssh().execute(NODE, "exit 0").exit_code == 0
    assert [len(sshd.connections) for sshd in (first, second, node)] == [1, 1, 1]


def test_a_jump_host_with_user_and_port(lab: Lab, client: str) -> None:
    bastion, node = lab.sshd(), lab.sshd()
    jump = f"    ProxyJump operator@127.0.0.1:{bastion.port}"
    lab.configure(host("node", node, jump))
    assert lab.ssh().execute(NODE, "exit 0").exit_code == 0
    assert len(bastion.connections) == 1


def test_a_jump_host_that_leads_back(lab: Lab) -> None:
    node = lab.sshd()
    lab.configure(host("a", node, "    ProxyJump node") + host("node", node, "    ProxyJump a"))
    with pytest.raises(TargetError, match="leads back to itself"):
        lab.ssh().execute(NODE, "exit 0")


def test_what_does_not_answer_is_named(lab: Lab) -> None:
    bastion, node = lab.sshd(), lab.sshd()
    lab.configure(host("bastion", bastion) + host("node", node, "    ProxyJump bastion"))
    lab.stop(node)
    told = r"node00 .* cannot be reached through bastion: connect failed"
    with pytest.raises(Unreachable, match=told):
        lab.ssh().execute(NODE, "exit 0")
    lab.stop(bastion)
    with pytest.raises(Unreachable, match=r"^bastion .* cannot be reached: "):
        lab.ssh().execute(NODE, "exit 0")


def test_the_host_key_of_each_jump_is_checked(lab: Lab) -> None:
    bastion, node = lab.sshd(known=False), lab.sshd()
    lab.configure(host("bastion", bastion) + host("node", node, "    ProxyJump bastion"))
    with pytest.raises(HostKeyError, match=r"^bastion"):
        lab.ssh().execute(NODE, "exit 0")
    assert node.connections == []


def test_a_jump_host_that_was_restarted(lab: Lab) -> None:
    bastion, node = lab.sshd(), lab.sshd()
    lab.configure(host("bastion", bastion) + host("node", node, "    ProxyJump bastion"))
    ssh = lab.ssh()
    assert ssh.execute(NODE, "exit 0").exit_code == 0
    lab.stop(bastion)
    lab.listen(bastion, port=bastion.port)
    assert ssh.execute(NODE, "exit 0").exit_code == 0


def test_a_host_key_alias(lab: Lab, client: str) -> None:
    node = lab.sshd(known=False)
    lab.configure(host("node", node, "    HostKeyAlias the-node"))
    lab.trust(f"the-node {node.public}")
    assert lab.ssh().execute(NODE, "exit 0").exit_code == 0


def test_files_with_blanks_in_their_names(lab: Lab, client: str) -> None:
    node = lab.sshd(known=False)
    folder = lab.folder / "my  keys"
    folder.mkdir()
    (folder / "id").write_bytes(lab.identity.read_bytes())
    (folder / "known").write_text(f"{node.name} {node.public}\n")
    lab.config.write_text(
        host(
            "node", node, f'    IdentityFile "{folder}/id"\n    UserKnownHostsFile "{folder}/known"'
        )
    )
    assert lab.ssh().execute(NODE, "exit 0").exit_code == 0


def test_the_users_own_config(lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without `config` in the target file; paramiko reads ~/.ssh/config."""
    node = lab.sshd()
    lab.configure(host("node", node))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text(lab.config.read_text())
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    lab.config = None  # type: ignore[assignment]
    assert lab.ssh().execute(NODE, "exit 0").exit_code == 0


@pytest.mark.parametrize(
    "text", ["Host node\n    Port many\n", "Host node\n    Bogus\n", "Include \\\n\nHost"]
)
def test_a_broken_config(lab: Lab, text: str) -> None:
    lab.config.write_text(text)
    with pytest.raises(TargetError, match=r"ssh cannot read its configuration for node") as caught:
        lab.ssh().execute(NODE, "exit 0")
    assert str(lab.config) in caught.value.remedy


@pytest.mark.parametrize("text", ["Host node\n    Port many\n", "Match\n", "Bogus\n"])
def test_a_broken_config_without_openssh(
    lab: Lab, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    lab.config.write_text(text)
    with pytest.raises(TargetError, match="ssh_config"):
        lab.ssh().execute(NODE, "exit 0")


def test_a_config_that_is_not_there(lab: Lab, client: str) -> None:
    lab.config.unlink()
    with pytest.raises(TargetError, match="No such file"):
        lab.ssh().execute(NODE, "exit 0")


def test_tokens_and_defaults() -> None:
    route = ssh_config.route_of(
        "node",
        {"hostname": ["10.0.0.1"], "port": ["2222"], "identityfile": ["~/k-%h-%%", "none"]},
    )
    assert route.identity_files == (Path.home() / "k-10.0.0.1-%",)
    assert route.known_name == "[10.0.0.1]:2222"
    assert route.user
    assert route.jumps == ()


@pytest.mark.parametrize(
    ("jump", "expected"),
    [
        ("bastion", ("bastion", 22, "")),
        ("me@bastion:24", ("bastion", 24, "me")),
        ("ssh://me@bastion:24", ("bastion", 24, "me")),
        ("[::1]:24", ("::1", 24, "")),
        ("me@[::1]", ("::1", 22, "me")),
    ],
)
def test_how_a_jump_is_written(jump: str, expected: tuple[str, int, str]) -> None:
    found = nearest_jump(ssh_config.Route("node", 22, "me", jumps=(jump,)))
    assert found is not None
    assert (found.address, found.port, found.user) == expected
