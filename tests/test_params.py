"""Target files: what is wrong is told with file, line, key and what was expected."""

from __future__ import annotations

# ruff: noqa: E501 - a mistake and what is told of it stand in one line
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from runbook.errors import TargetError
from runbook.params import load_target, target_schema

TARGETS = Path(__file__).parent.parent / "params" / "targets"
GOOD = """\
name: test
clock: 10
ssh: {config: ssh_config}
cloud:
  name: mycloud
  key_pair:
    name: operator
    public_key: ~/.ssh/id.pub
groups:
  coreos:
    user: core
    servers:
      node00: 192.168.0.10
      node01:
        address: 192.168.0.11
        port: 2222
  rancheros:
    user: rancher
    servers: {manager0: 192.168.0.100}
"""


def load(folder: Path, text: str | bytes) -> Any:
    file = folder / "target.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_target(file)


def refused(folder: Path, text: str | bytes) -> str:
    with pytest.raises(TargetError) as caught:
        load(folder, text)
    assert caught.value.exit_code == 2
    assert caught.value.remedy
    return caught.value.what.replace(f"{folder}/", "")


def test_a_good_one(tmp_path: Path) -> None:
    target = load(tmp_path, GOOD)
    assert (target.name, target.clock, target.ssh.connect_deadline) == ("test", 10.0, 30.0)
    assert target.file == tmp_path / "target.yaml"
    assert len(target.sha256) == 64
    servers = target.groups["coreos"].servers
    assert [(n, str(s.address), s.port) for n, s in servers.items()] == [
        ("node00", "192.168.0.10", 22),
        ("node01", "192.168.0.11", 2222),
    ]


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("KEYS", "/keys")
    text = GOOD.replace("{config: ssh_config}", "{config: ../x/c, known_hosts: $KEYS/known}")
    target = load(tmp_path, text)
    assert target.ssh.config == tmp_path.parent / "x" / "c"
    assert target.ssh.known_hosts == Path("/keys/known")
    assert target.cloud.key_pair.public_key == Path("/home/me/.ssh/id.pub")
    assert target.cloud.file is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("port: 2222", "port: 22:22", "16: groups.coreos.servers.node01.port: Input should be a valid integer, got '22:22'"),
        ("port: 2222", "port: 0", "16: groups.coreos.servers.node01.port: Input should be greater than or equal to 1, got 0"),
        ("port: 2222", "port: '22'", "16: groups.coreos.servers.node01.port: Input should be a valid integer, got '22'"),
        ("port: 2222", "prot: 2222", "16: groups.coreos.servers.node01.prot: unknown key; known here: address, port"),
        ("clock: 10", "clock: fast", "2: clock: Input should be a valid number, got 'fast'"),
        ("clock: 10", "clock: true", "2: clock: Input should be a valid number, got True"),
        ("clock: 10", "clock: -1", "2: clock: Input should be greater than 0, got -1"),
        ("clock: 10", "clock: 0", "2: clock: Input should be greater than 0, got 0"),
        ("clock: 10", "clock: .inf", "2: clock: Input should be a finite number, got inf"),
        ("clock: 10", "clock: .nan", "2: clock: Input should be "),
        ("clock: 10", "clcok: 10", "2: clcok: unknown key; known here: name, clock, prepare, ssh, "),
        ("clock: 10", "name: again", '2: found duplicate key "name"'),
        ("clock: 10", "clock:\t- 10\n\tx: 1", "2: found character '\\t' that cannot start any token"),
        ("name: test", "name: a b", "1: name: String should match pattern"),
        ("name: test", "name: 7", "1: name: Input should be a valid string, got 7"),
        ("name: test\n", "", "1: name: this key is missing"),
        ("{config: ssh_config}", "{config: 5}", "3: ssh.config: expected a text, got 5"),
        ("~/.ssh/id.pub", "~.ssh/id.pub", "8: cloud.key_pair.public_key: there is no such user's home, got '~.ssh/id.pub'"),
        ("{config: ssh_config}", '{config: "a\\0b"}', "3: ssh.config: expected a path"),
        ("{config: ssh_config}", '{config: "\\ud800"}', "3: ssh.config: expected a path"),
        ("{config: ssh_config}", "{config: ''}", "3: ssh.config: expected a text, got ''"),
        ("{config: ssh_config}", "ssh_config", "3: ssh: Input should be a valid dictionary or instance of Ssh, got 'ssh_config'"),
        ("192.168.0.10\n", "192.168.0.300\n", "13: groups.coreos.servers.node00.address: Input is not a valid IPv4 address, got '192.168.0.300'"),
        ("192.168.0.10\n", "3232235530\n", "13: groups.coreos.servers.node00: Input should be a valid dictionary"),
        ("address: 192.168.0.11", "address: 3232235530", "15: groups.coreos.servers.node01.address: expected a text, got 3232235530"),
        ("192.168.0.10\n", "192.168.0.11:22\n", "13: groups.coreos.servers.node00.address: Input is not a valid IPv4 address"),
        ("manager0: 192", "node00: 192", "19: groups.rancheros.servers.node00: node00 stands in groups coreos and rancheros"),
        ("192.168.0.100", "192.168.0.10", "19: groups.rancheros.servers.manager0: 192.168.0.10:22 stands in groups coreos and rancheros"),
        ("    user: core\n", "    user: core\n    subnet: 10.0.0.0/8\n", "14: groups.coreos.servers.node00: 192.168.0.10 is not in subnet 10.0.0.0/8"),
        ("    user: core\n", "    user: core\n    subnet: 192.168.0.5/24\n", "12: groups.coreos.subnet: "),
        ("    user: core\n", "    image: coreos\n", "10: groups.coreos.user: this key is missing"),
        ("{manager0: 192.168.0.100}", "[192.168.0.100]", "19: groups.rancheros.servers: Input should be a valid dictionary"),
        ("{manager0: 192.168.0.100}", "{}", "19: groups.rancheros.servers: Dictionary should have at least 1 item"),
        ("  key_pair:\n    name: operator\n    public_key: ~/.ssh/id.pub\n", "", "4: cloud.key_pair: this key is missing"),
        ("    public_key: ~/.ssh/id.pub\n", "", "6: cloud.key_pair.public_key: this key is missing"),
        ("clock: 10", "prepare: runbook twin up", "2: prepare: Input should be a valid list, got 'runbook twin up'"),
        ("clock: 10", "prepare: [sleep, 5]", "2: prepare.1: Input should be a valid string, got 5"),
        ("clock: 10", "power: {off: [x]}", "2: power.on: this key is missing"),
        ("clock: 10", "clock: 10\n... \n---\nname: b", "4: but found another document"),
        ("clock: 10", "clock: [10", "expected ',' or ']'"),
        ("clock: 10", "clock: *ten", "2: found undefined alias"),
        ("clock: 10", "? [a]\n: b", "Keys should be strings"),
        ("clock: 10", "1: b", "1: "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    what = refused(tmp_path, GOOD.replace(old, new, 1))
    assert what.startswith("target.yaml:")
    assert told in what


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "target.yaml:1: (whole file): expected keys and values, found nothing"),
        (b"# a comment\n", "target.yaml:1: (whole file): expected keys and values, found nothing"),
        (b"- a\n- b\n", "target.yaml:1: (whole file): expected keys and values, found a list"),
        (b"a text\n", "target.yaml:1: (whole file): expected keys and values, found a str"),
        (b"name: a\nclock: \xff\n", "target.yaml:2: (whole file): expected UTF-8 text"),
        (b"name: a\nclock: \x07\n", "target.yaml:2: the character"),
        (b"&a {b: *a}\n", "target.yaml:1: (whole file): a value holds itself"),
        (b"[" * 3000, "target.yaml:1: "),
        (b"name: !!int abc\n", "target.yaml:1: "),
        (b"name: 2020-99-99\n", "target.yaml:1: "),
    ],
)
def test_what_is_no_target_at_all(tmp_path: Path, content: bytes, told: str) -> None:
    assert refused(tmp_path, content).startswith(told)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("clock: 10", "clock: 0").replace("port: 2222", "port: x")
    assert [line.split(": ")[1] for line in refused(tmp_path, text).splitlines()] == [
        "clock",
        "groups.coreos.servers.node01.port",
    ]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="No such file"):
        load_target(tmp_path / "absent.yaml")
    with pytest.raises(TargetError, match="Is a directory"):
        load_target(tmp_path)


YAML_TEXT = st.text("{}[]:-,#&*!|>'\"%@`?~ \t\n=<0123456789abnoxXeE_.truefals\u00e9\ufeff\u0085")
EVERY_CHECK = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])


@EVERY_CHECK
@given(st.one_of(st.text().map(str.encode), YAML_TEXT.map(str.encode), st.binary()))
def test_no_file_gives_a_traceback(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TargetError):
        load(tmp_path, content)


@EVERY_CHECK
@given(st.integers(0, len(GOOD)), st.integers(0, 12), YAML_TEXT)
def test_no_slip_of_the_pen_gives_a_traceback(tmp_path: Path, at: int, cut: int, put: str) -> None:
    try:
        load(tmp_path, GOOD[:at] + put + GOOD[at + cut :])
    except TargetError as error:
        assert "target.yaml:" in error.what  # some slips are no mistake


@pytest.mark.parametrize("name", ["twin", "lab", "hosts", "openstack"])
def test_the_targets_of_the_project(name: str) -> None:
    file = TARGETS / f"{name}.yaml"
    target = load_target(file)
    assert target.name == name
    assert [(group.user, list(group.servers)) for group in target.groups.values()] == [
        ("core", ["node00", "node01", "node02"]),
        ("rancher", ["manager0", "worker0", "worker1"]),
    ]
    jsonschema.validate(YAML(typ="safe").load(file), target_schema())


@pytest.mark.parametrize(
    "change", [{"clock": -1}, {"bogus": 1}, {"groups": {}}, {"groups": {"a": {"user": "x"}}}]
)
def test_the_schema_refuses_what_the_reader_refuses(change: dict[str, Any]) -> None:
    good = YAML(typ="safe").load(GOOD)
    jsonschema.validate(good, target_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**good, **change}, target_schema())
