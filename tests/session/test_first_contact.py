"""Host keys of new servers: the console log vouches, earlier ones are dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runbook.cloud import fingerprint
from runbook.errors import Unreachable
from runbook.inventory import Server
from runbook.record import Journal
from runbook.session.first_contact import FirstContact
from runbook.ssh_config import Route

SERVER = Server("node00", "coreos", "192.168.0.10")
HASHED = "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg="  # of 192.168.1.61


class Cloud:
    """Shows a console log."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys

    def host_key_fingerprints(self, name: str) -> set[str]:
        return {fingerprint(key) for key in self.keys}


def contact(file: Path | None, cloud: Any = None, journal: Journal | None = None) -> FirstContact:
    route = Route("192.168.0.10", 22, "core", known_hosts=(file,) if file else ())
    return FirstContact(lambda: cloud, lambda server: route, None, journal or Journal())


def test_a_key_in_the_console_log_is_written_down(tmp_path: Path) -> None:
    known, journal = tmp_path / "known", Journal()
    met = contact(known, Cloud("AAAA"), journal)
    assert met.vouch(SERVER, "ssh-ed25519", "AAAA")
    assert known.read_text() == "192.168.0.10 ssh-ed25519 AAAA\n"
    assert [event["tool"] for event in journal.events] == ["host key from its console log"]
    assert not met.vouch(SERVER, "ssh-ed25519", "BBBB")
    assert not met.vouch(Server("bastion", "", "10.0.0.1"), "ssh-ed25519", "AAAA")


def test_an_empty_console_log_says_nothing_yet(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="no host key yet") as told:
        contact(tmp_path / "known", Cloud()).vouch(SERVER, "ssh-ed25519", "AAAA")
    assert "192.168.0.10 ssh-ed25519 AAAA" in told.value.remedy


def test_nobody_vouches_without_a_cloud_or_a_file(tmp_path: Path) -> None:
    assert not contact(tmp_path / "known").vouch(SERVER, "ssh-ed25519", "AAAA")
    assert not contact(None, Cloud("AAAA")).vouch(SERVER, "ssh-ed25519", "AAAA")


def test_only_the_earlier_keys_of_this_address_are_dropped(tmp_path: Path) -> None:
    known, journal = tmp_path / "known", Journal()
    kept = [
        "# a comment\n",
        "192.168.0.* ssh-rsa WILD\n",
        "@revoked 192.168.0.10 ssh-ed25519 BAD\n",
        f"{HASHED} ssh-rsa OTHER\n",
        "192.168.0.11 ssh-ed25519 AAAA\n",
    ]
    gone = ["192.168.0.10 ssh-ed25519 OLD\n", "node00,192.168.0.10 ssh-rsa OLDER comment\n"]
    known.write_text("".join([kept[0], gone[0], *kept[1:], gone[1]]))
    contact(known, journal=journal).forget(SERVER)
    assert known.read_text() == "".join(kept)
    assert len(journal.events) == 1
    contact(known, journal=journal).forget(SERVER)
    contact(tmp_path / "none", journal=journal).forget(SERVER)
    contact(None, journal=journal).forget(SERVER)
    assert len(journal.events) == 1
