"""Host keys and logging in."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh
import pytest

from runbook.errors import HostKeyError, NotAuthenticated, Unreachable
from runbook.inventory import Server

if TYPE_CHECKING:
    from .conftest import Lab, Sshd

LOCK = "not told"
Agent = Callable[[list[asyncssh.SSHKey]], None]


def ask(lab: Lab, sshd: Sshd, **options: Any) -> int | None:
    return lab.ssh(**options).execute(lab.server(sshd), "exit 0").exit_code


def public(key: asyncssh.SSHKey) -> str:
    return " ".join(key.export_public_key().decode().split()[:2])


def hashed(name: str) -> str:
    salt = b"s" * 20
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


# --- host keys ---------------------------------------------------------------------------------


def test_an_unknown_host_key_tells_its_fingerprint_and_the_line_to_add(lab: Lab) -> None:
    sshd = lab.sshd(known=False)
    with pytest.raises(HostKeyError, match="unknown host key ssh-ed25519") as caught:
        ask(lab, sshd)
    assert sshd.host_key.get_fingerprint() in caught.value.what
    file, line = caught.value.remedy.partition("then add to ")[2].split(": ", 1)
    assert Path(file) == lab.known_hosts
    lab.trust(line)
    assert ask(lab, sshd) == 0


def test_a_changed_host_key(lab: Lab) -> None:
    sshd = lab.sshd(known=False)
    lab.trust(f"{sshd.name} {public(asyncssh.generate_private_key('ssh-ed25519'))}")
    with pytest.raises(HostKeyError, match="CHANGED") as caught:
        ask(lab, sshd, vouch=lambda *_: True)
    assert f"ssh-keygen -R '{sshd.name}'" in caught.value.remedy


def test_a_key_of_another_type_is_a_changed_key(lab: Lab) -> None:
    sshd = lab.sshd(known=False)
    lab.trust(f"{sshd.name} {public(asyncssh.generate_private_key('ecdsa-sha2-nistp256'))}")
    with pytest.raises(HostKeyError, match="CHANGED"):
        ask(lab, sshd)


def test_of_several_host_keys_the_known_one_is_asked_for(lab: Lab) -> None:
    rsa = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    both = [asyncssh.generate_private_key("ssh-ed25519"), rsa]
    sshd = lab.sshd(known=False, server_host_keys=both)
    lab.trust(f"{sshd.name} {public(rsa)}")
    assert ask(lab, sshd) == 0


def test_a_revoked_host_key(lab: Lab) -> None:
    sshd = lab.sshd()
    lab.trust(f"@revoked * {sshd.public}")
    with pytest.raises(HostKeyError, match="is revoked"):
        ask(lab, sshd, vouch=lambda *_: True)


@pytest.mark.parametrize(
    ("names", "known"),
    [
        ("[127.0.0.1]:{port}", True),
        ("[127.0.0.*]:{port}", True),
        ("other,[127.0.0.1]:{port}", True),
        ("*", True),
        ("*,![127.0.0.1]:{port}", False),
        ("127.0.0.1", False),  # that is port 22
        ("[127.0.0.1]:1", False),
    ],
)
def test_names_in_known_hosts(lab: Lab, names: str, known: bool) -> None:
    sshd = lab.sshd(known=False)
    lab.trust(f"{names.format(port=sshd.port)} {sshd.public}")
    if known:
        assert ask(lab, sshd) == 0
        return
    with pytest.raises(HostKeyError, match="unknown host key"):
        ask(lab, sshd)


def test_hashed_names(lab: Lab) -> None:
    sshd, other = lab.sshd(known=False), lab.sshd(known=False)
    lab.trust("|1|broken|")
    lab.trust(f"{hashed('other')} {other.public}")
    lab.trust(f"{hashed(sshd.name)} {sshd.public}")
    assert ask(lab, sshd) == 0
    with pytest.raises(HostKeyError):
        ask(lab, other)


def test_odd_lines_in_known_hosts_are_passed_over(lab: Lab) -> None:
    sshd = lab.sshd(known=False)
    authority = asyncssh.generate_private_key("ssh-ed25519")
    lab.trust("# a comment\n\none two\n@revoked\n@strange * ssh-ed25519 AAAA\n* ssh-ed25519 %%%")
    lab.known_hosts.write_text(lab.known_hosts.read_text().replace("* ssh-ed25519 %%%", ""))
    lab.trust(f"@cert-authority * {public(authority)}")
    lab.trust(f"{sshd.name} {sshd.public}")
    assert ask(lab, sshd) == 0


def test_a_host_certificate_does_not_replace_the_key(lab: Lab) -> None:
    authority = asyncssh.generate_private_key("ssh-ed25519")
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    certificate = authority.generate_host_certificate(host_key, "node", principals=["127.0.0.1"])
    sshd = lab.sshd(known=False, server_host_keys=[(host_key, certificate)])
    lab.trust(f"@cert-authority * {public(authority)}")
    with pytest.raises(HostKeyError, match="host certificates are not used here") as caught:
        ask(lab, sshd)
    lab.trust(caught.value.remedy.rpartition(": ")[2])
    assert ask(lab, sshd) == 0


def test_known_hosts_of_the_target_file_comes_first(lab: Lab) -> None:
    sshd = lab.sshd(known=False)
    own = lab.folder / "own known_hosts"
    own.write_text(f"{sshd.name} {sshd.public}\n")
    assert ask(lab, sshd, known_hosts=own) == 0


def test_vouching_for_an_unknown_key(lab: Lab) -> None:
    sshd = lab.sshd(known=False)
    asked: list[tuple[Server, str, str]] = []

    def vouch(server: Server, key_type: str, key: str) -> bool:
        asked.append((server, key_type, key))
        return f"{key_type} {key}" == sshd.public

    assert ask(lab, sshd, vouch=vouch) == 0
    assert asked == [(lab.server(sshd), *sshd.public.split())]
    lab.expect(sshd)
    assert ask(lab, sshd, vouch=vouch) == 0
    assert len(asked) == 1


def test_nobody_is_asked_for_a_password_or_a_key_before_the_host_key_is_right(lab: Lab) -> None:
    sshd = lab.sshd(known=False)
    with pytest.raises(HostKeyError):
        ask(lab, sshd)
    assert [connection.get_extra_info("username") for connection in sshd.connections] == [None]


# --- who we are --------------------------------------------------------------------------------


def test_the_wrong_key_names_what_was_tried(lab: Lab) -> None:
    other = asyncssh.import_authorized_keys(
        public(asyncssh.generate_private_key("ssh-ed25519")) + " x"
    )
    sshd = lab.sshd(authorized_client_keys=other)
    with pytest.raises(NotAuthenticated, match=r"operator was not let in; tried .*id_ed25519"):
        ask(lab, sshd)
    secret = lab.identity.read_text().splitlines()[1]
    with pytest.raises(NotAuthenticated) as caught:
        ask(lab, sshd)
    assert secret not in str(caught.value)


def test_no_key_at_all(lab: Lab) -> None:
    lab.configure(identity=str(lab.folder / "nowhere"))
    with pytest.raises(NotAuthenticated, match="none of the configured key files is there"):
        ask(lab, lab.sshd())


def test_an_encrypted_key_is_skipped(lab: Lab) -> None:
    locked = lab.folder / "locked"
    locked.write_bytes(lab.key.export_private_key(passphrase=LOCK))
    lab.configure(identity=str(locked))
    sshd = lab.sshd()
    with pytest.raises(NotAuthenticated, match=r"locked \(skipped: encrypted"):
        ask(lab, sshd)
    lab.configure(f"Host *\n    IdentityFile {locked}\n")
    assert ask(lab, sshd) == 0


@pytest.mark.parametrize("content", ["", "no key", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"])
def test_a_broken_key_file_is_skipped(lab: Lab, content: str) -> None:
    broken = lab.folder / "broken"
    broken.write_text(content)
    sshd = lab.sshd()
    lab.configure(f"Host *\n    IdentityFile {broken}\n")
    assert ask(lab, sshd) == 0
    lab.configure(identity=str(broken))
    with pytest.raises(NotAuthenticated, match=r"broken .skipped: not a private key"):
        ask(lab, sshd)


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        *[("ssh-ed25519", "openssh"), ("ssh-rsa", "openssh")],
        *[("ssh-rsa", "pkcs1-pem"), ("ecdsa-sha2-nistp384", "pkcs1-pem")],
    ],
)
def test_kinds_of_keys(lab: Lab, kind: str, form: str) -> None:
    lab.key = asyncssh.generate_private_key(kind)
    lab.identity.write_bytes(lab.key.export_private_key(form))
    assert ask(lab, lab.sshd()) == 0


def test_a_key_of_the_agent(lab: Lab, agent: Agent) -> None:
    lab.configure(identity=str(lab.folder / "nowhere"))
    agent([asyncssh.generate_private_key("ssh-ed25519"), lab.key])
    assert ask(lab, lab.sshd()) == 0


def test_the_agents_fingerprints_are_told(lab: Lab, agent: Agent) -> None:
    lab.configure(identity=str(lab.folder / "nowhere"))
    other = asyncssh.generate_private_key("ssh-ed25519")
    agent([other])
    with pytest.raises(NotAuthenticated) as caught:
        ask(lab, lab.sshd())
    assert f"agent {other.get_fingerprint()}" in caught.value.what


def test_only_the_configured_keys_of_the_agent(lab: Lab, agent: Agent) -> None:
    locked = lab.folder / "locked"
    locked.write_bytes(lab.key.export_private_key(passphrase=LOCK))
    locked.with_name("locked.pub").write_bytes(lab.key.export_public_key())
    lab.configure("Host *\n    IdentitiesOnly yes\n", identity=str(locked))
    other = asyncssh.generate_private_key("ssh-ed25519")
    agent([other, lab.key])
    assert ask(lab, lab.sshd()) == 0
    stranger = asyncssh.import_authorized_keys(f"{public(other)} x")
    with pytest.raises(NotAuthenticated) as caught:
        ask(lab, lab.sshd(authorized_client_keys=stranger))
    assert other.get_fingerprint() not in caught.value.what


def test_a_dead_agent_is_no_error(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.config.write_text(lab.config.read_text().replace("    IdentityAgent none\n", ""))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(lab.folder / "gone"))
    assert ask(lab, lab.sshd()) == 0


def certified(lab: Lab) -> tuple[asyncssh.SSHCertificate, Any]:
    """A certificate for the operator's key, and what a server that trusts its authority lets in."""
    authority = asyncssh.generate_private_key("ssh-ed25519")
    certificate = authority.generate_user_certificate(lab.key, "op", principals=["operator"])
    return certificate, asyncssh.import_authorized_keys(f"cert-authority {public(authority)}")


def test_a_certificate_beside_the_key(lab: Lab) -> None:
    certificate, trusted = certified(lab)
    lab.folder.joinpath("id_ed25519-cert.pub").write_bytes(certificate.export_certificate())
    assert ask(lab, lab.sshd(authorized_client_keys=trusted)) == 0
    assert ask(lab, lab.sshd()) == 0  # this one knows only the plain key


def test_a_certificate_named_in_the_config(lab: Lab) -> None:
    certificate, trusted = certified(lab)
    other, _ = certified(lab)
    stranger = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
    foreign = stranger.generate_user_certificate(stranger, "other", principals=["operator"])
    for name, content in (("mine", certificate), ("foreign", foreign), ("second", other)):
        lab.folder.joinpath(name).write_bytes(content.export_certificate())
    lab.folder.joinpath("text").write_text("no certificate")
    names = ("text", "absent", "foreign", "second", "mine")
    lines = "".join(f"    CertificateFile {lab.folder / name}\n" for name in names)
    lab.configure(f"Host *\n{lines}")
    assert ask(lab, lab.sshd(authorized_client_keys=trusted)) == 0


def test_a_server_that_ends_the_connection_while_we_log_in(lab: Lab, agent: Agent) -> None:
    class Impatient(asyncssh.SSHServer):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            self._connection = conn

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            self._connection.abort()
            return False

    sshd = lab.sshd(authorized_client_keys=None)
    lab.stop(sshd)
    lab.listen(sshd, port=sshd.port, authorized_client_keys=None, factory=Impatient)
    with pytest.raises(Unreachable, match="broke off while logging in"):
        ask(lab, sshd)
