"""What the lint finds, and where."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.errors import ParameterError
from runbook.machine_config import Finding, detect, lint
from runbook.machine_config.lint import Kind

ARTICLE = Path(__file__).parents[1] / "outputs" / "article"
DNS = "the DNS server 109.234.159.91 is withdrawn and does not answer"


def article(name: str) -> str:
    return (ARTICLE / name).read_text(encoding="utf-8")


def errors(text: str, kind: Kind | None = None) -> list[tuple[int, int, str, str]]:
    return [
        (f.line, f.column, f.path, f.message) for f in lint(text, kind) if f.severity == "error"
    ]


def messages(text: str, kind: Kind, severity: str = "error") -> dict[str, str]:
    return {f.path: f.message for f in lint(text, kind) if f.severity == severity}


def test_the_articles_cloud_config_has_tabs_and_the_withdrawn_server() -> None:
    tab = "found a tab character where an intendation space is expected"
    assert errors(article("cloud-config.yml")) == [
        (24, 1, "", tab),
        (25, 1, "", tab),
        (25, 10, "coreos.units[0].content", DNS),
    ]


def test_the_articles_etcd2_block_has_no_header() -> None:
    found = errors(article("etcd2-cloud-config.yml"))
    assert found == [(1, 1, "", 'the first line must be "#cloud-config" or begin with "#!"')]


def test_the_articles_ignition_has_two_keys_of_cloud_config() -> None:
    dropped = "Ignition 2.0.0 does not know this key and drops it"
    assert errors(article("ignition.json")) == [
        (31, 99, "networkd.units[0].contents", DNS),
        (37, 13, "systemd.units[0].command", dropped),
        (38, 13, "systemd.units[0].runtime", dropped),
    ]


def test_the_remedy_for_the_withdrawn_server_names_both_new_ones() -> None:
    found = next(f for f in lint(article("ignition.json")) if f.message == DNS)
    assert "188.93.16.19" in found.remedy
    assert "188.93.17.19" in found.remedy


@pytest.mark.parametrize(
    ("key", "kind", "owner"),
    [
        ("packages", "coreos", "Launchpad"),
        ("runcmd", "coreos", "RancherOS and Launchpad"),
        ("package_update", "rancheros", "Launchpad"),
        ("users", "rancheros", "CoreOS and Launchpad"),
        ("coreos", "rancheros", "CoreOS"),
        ("rancher", "coreos", "RancherOS"),
    ],
)
def test_a_key_of_another_dialect_says_whose_it_is(key: str, kind: Kind, owner: str) -> None:
    found = lint(f"#cloud-config\nhostname: a\n{key}: {{}}\n", kind)
    assert [(f.line, f.path, f.severity) for f in found] == [(3, key, "error")]
    assert found[0].remedy == f"a key of {owner} cloud-config"


def test_unknown_keys_have_their_whole_path_and_a_guess() -> None:
    text = "#cloud-config\ncoreos:\n  units:\n  - name: a.service\n    drop-in: []\n"
    found = lint(text, "coreos")
    assert [(f.line, f.column, f.path) for f in found] == [(5, 5, "coreos.units[0].drop-in")]
    assert found[0].remedy == "did you mean drop_ins?"


def test_dashes_count_as_underscores_for_coreos_only() -> None:
    text = "#cloud-config\nssh-authorized-keys: []\n"
    assert errors(text, "coreos") == []
    assert [path for _, _, path, _ in errors(text, "rancheros")] == ["ssh-authorized-keys"]


def test_free_maps_of_rancheros_take_any_key() -> None:
    text = """#cloud-config
rancher:
  services:
    web: {image: nginx, anything: [1, 2]}
  environment: {FOO: bar}
  sysctl: {vm.swappiness: "0"}
  network:
    interfaces:
      "mac=52:54:00:12:34:56": {address: 10.0.0.1/24}
      eth*: {dhcp: true}
"""
    assert lint(text, "rancheros") == []


def test_duplicate_keys() -> None:
    text = "#cloud-config\nhostname: a\nhostname: b\n"
    message = "duplicate key, first in line 2: all but the last are lost"
    assert errors(text, "coreos") == [(3, 1, "hostname", message)]
    twice = '{"ignition": {"version": "2.0.0", "version": "2.0.0"}}'
    assert [path for _, _, path, _ in errors(twice)] == ["ignition.version"]


@pytest.mark.parametrize(
    ("permissions", "severity"),
    [('"0644"', None), ("'755'", None), ("0644", "warning"), ("0755", "error"), ('"rw"', "error")],
)
def test_permissions_and_the_octal_trap(permissions: str, severity: str | None) -> None:
    text = f"#cloud-config\nwrite_files:\n- path: /a\n  permissions: {permissions}\n"
    found = [f for f in lint(text, "coreos") if f.severity == (severity or f.severity)]
    assert [f.path for f in found] == (["write_files[0].permissions"] if severity else [])


@pytest.mark.parametrize("value", ["no", "22:22", "0123", "on"])
def test_values_that_yaml_1_1_changes_are_warned_of(value: str) -> None:
    for kind in ("coreos", "rancheros"):
        assert messages(f"#cloud-config\nhostname: {value}\n", kind, "warning").keys() == {
            "hostname"
        }
        assert lint(f'#cloud-config\nhostname: "{value}"\n', kind) == []


def test_a_key_that_yaml_1_1_changes_is_warned_of() -> None:
    text = "#cloud-config\nrancher:\n  environment:\n    N: five\n"
    found = messages(text, "rancheros", "warning")
    assert found == {"rancher.environment.N": "YAML 1.1 reads N as false"}


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://discovery.etcd.io/ec42cfef0450bd8a99090ee3d3294493", True),
        ("http://192.168.0.5:2379/v2/keys/discovery/6c007a14875d53d9bf0ef5a6fc0257c8", True),
        ("http://192.168.0.5:2379/v2/keys/discovery/my-token", True),
        ("https://discovery.etcd.io/<token>", False),
        ("https://discovery.etcd.io/ec42cfef0450bd8a99090ee3d329449", False),
        ("https://discovery.etcd.io/new?size=3", False),
        ("discovery.etcd.io/ec42cfef0450bd8a99090ee3d3294493", False),
    ],
)
def test_discovery_urls(url: str, good: bool) -> None:
    text = f'#cloud-config\ncoreos:\n  etcd2:\n    discovery: "{url}"\n'
    assert (messages(text, "coreos") == {}) is good


@pytest.mark.parametrize(
    "text",
    [
        "#cloud-config\ncoreos:\n  units:\n  - {name: a.service, command: launch}\n",
        "#cloud-config\ncoreos:\n  units:\n  - {name: a.service, enable: 4}\n",
        "#cloud-config\ncoreos:\n  units: {}\n",
        "#cloud-config\ncoreos:\n- a\n",
        "#cloud-config\nhostname: [a]\n",
        "#cloud-config\nhostname:\n",
        "#cloud-config\ncoreos:\n  etcd2: {snapshot-count: many}\n",
        "#cloud-config\nwrite_files:\n- {path: /usr/bin/a, content: b}\n",
        "#cloud-config\nwrite_files:\n- {path: /a, content: '%', encoding: base64}\n",
        "#cloud-config\nwrite_files:\n- {path: /a, content: a, encoding: zip}\n",
        '#cloud-config\ncoreos:\n  units:\n  - {name: a.socket, content: "ListenStream=70000"}\n',
        " #cloud-config\nhostname: a\n",
        "#cloud-config \nhostname: a\n",
        "\ufeff#cloud-config\nhostname: a\n",
        "hello\n",
    ],
)
def test_what_coreos_cannot_use(text: str) -> None:
    assert errors(text, "coreos") != []


def test_yaml_errors_have_line_and_column() -> None:
    assert errors("#cloud-config\na: b: c\n", "coreos") == [
        (2, 5, "", "YAML: mapping values are not allowed here")
    ]


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"storage": {"files": [{"filesystem": "root", "path": "a"}]}}, "storage.files[0].path"),
        ({"storage": {"files": [{"path": "/a"}]}}, "storage.files[0]"),
        (
            {"storage": {"files": [{"filesystem": "root", "path": "/a", "mode": "0644"}]}},
            "storage.files[0].mode",
        ),
        (
            {"storage": {"files": [{"filesystem": "root", "path": "/a", "mode": 99999}]}},
            "storage.files[0].mode",
        ),
        (
            {
                "storage": {
                    "files": [
                        {"filesystem": "root", "path": "/a", "contents": {"source": "data:x"}}
                    ]
                }
            },
            "storage.files[0].contents.source",
        ),
        ({"systemd": {"units": [{"name": "a"}]}}, "systemd.units[0].name"),
        (
            {"systemd": {"units": [{"name": "a.service", "contents": "[Unit"}]}},
            "systemd.units[0].contents",
        ),
    ],
)
def test_what_ignition_2_cannot_use(config: dict[str, object], path: str) -> None:
    text = json.dumps({"ignition": {"version": "2.0.0"}} | config)
    assert messages(text, "ignition").keys() == {path}


def test_a_mode_written_as_if_it_were_octal_is_warned_of() -> None:
    file = {"path": "/a", "mode": 644}
    text = json.dumps({"ignition": {"version": "3.3.0"}, "storage": {"files": [file]}})
    assert messages(text, "ignition", "warning").keys() == {"storage.files[0].mode"}


def test_the_spec_that_the_machine_reads() -> None:
    text = '{"ignition": {"version": "2.0.0"}}'
    assert lint(text, "ignition", version="2.3.0") == []
    found = lint(text, "ignition", version="3.3.0")
    assert [(f.line, f.column, f.path) for f in found] == [(1, 26, "ignition.version")]


def test_the_withdrawn_server_is_found_in_packed_text() -> None:
    packed = base64.b64encode(b"DNS=109.234.159.91\n").decode()
    cloud = f"#cloud-config\nwrite_files:\n- {{path: /a, encoding: b64, content: {packed}}}\n"
    assert messages(cloud, "coreos") == {"write_files[0]": DNS}
    file = {"path": "/a", "contents": {"source": f"data:;base64,{packed}"}}
    config = {"ignition": {"version": "3.3.0"}, "storage": {"files": [file]}}
    assert messages(json.dumps(config), "ignition") == {"storage.files[0].contents.source": DNS}


def test_a_longer_address_is_not_the_withdrawn_one() -> None:
    assert lint("#cloud-config\n# 109.234.159.910 1.109.234.159.91\nhostname: a\n", "coreos") == []


def test_the_kind_is_told_from_the_text() -> None:
    assert detect(article("cloud-config.yml")) == "coreos"
    assert detect(article("ignition.json")) == "ignition"
    assert detect("#cloud-config\nrancher:\n  debug: true\n") == "rancheros"
    with pytest.raises(ParameterError, match="does not say which"):
        detect("#cloud-config\nhostname: a\n")


def test_a_value_that_holds_itself_does_not_hang_the_lint() -> None:
    for text in ("a: &x [*x]", "a: &a [1]\nb: &b [" + "*a," * 300 + "]\nc: [" + "*b," * 300 + "]"):
        assert [f.severity for f in lint(f"#cloud-config\n{text}\n", "coreos")] == ["error"]


def test_a_finding_reads_as_one_line() -> None:
    finding = Finding(3, 5, "coreos.bar", "error", "unknown", "did you mean units?")
    assert str(finding) == "line 3, column 5: error: coreos.bar: unknown (did you mean units?)"


KINDS: st.SearchStrategy[Kind] = st.sampled_from(["coreos", "rancheros", "ignition"])


@given(st.text(), KINDS)
def test_any_text_is_linted_without_a_crash(text: str, kind: Kind) -> None:
    for head in ("", "#cloud-config\n", '{"ignition": '):
        for finding in lint(head + text, kind):
            assert finding.line >= 1
            assert finding.column >= 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
)


@given(JSON, KINDS)
def test_any_json_is_linted_without_a_crash(value: object, kind: Kind) -> None:
    lint(json.dumps(value), kind)
    lint(json.dumps({"ignition": {"version": "3.3.0"}, "storage": value}), kind)
    lint("#cloud-config\n" + json.dumps({"coreos": value, "rancher": value}), kind)
