"""Parameters in, configurations out: always without a finding, always refused when nasty."""

from __future__ import annotations

import base64
import json
import shutil
import string
import subprocess
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from runbook.errors import ParameterError
from runbook.machine_config import (
    EtcdParameters,
    MachineParameters,
    detect,
    lint,
    render_cloud_config,
    render_ignition,
)

KEY = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519" + bytes(36)).decode() + " a@b"
URL = "https://discovery.etcd.io/ec42cfef0450bd8a99090ee3d3294493"
NODE = MachineParameters(
    hostname="node01",
    ntp_servers=("0.ru.pool.ntp.org", "1.ru.pool.ntp.org"),
    address="10.11.12.13/24",
    gateway="10.11.12.1",
    ssh_port=2345,
    keys=(KEY,),
)
MEMBER = MachineParameters(
    hostname="node00",
    etcd=EtcdParameters("192.168.0.10", URL),
    units=("etcd2.service", "fleet.service"),
)
CLUSTER = (("node00", "192.168.0.10"), ("node01", "192.168.0.11"), ("node02", "192.168.0.12"))


def load(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def test_the_articles_node() -> None:
    config = load(render_cloud_config(NODE))
    network, socket = config["coreos"]["units"]
    assert config["hostname"] == "node01"
    assert config["write_files"][0]["path"] == "/etc/systemd/timesyncd.conf"
    assert config["write_files"][0]["content"] == (
        "[Time]\nNTP=0.ru.pool.ntp.org 1.ru.pool.ntp.org\n"
    )
    assert network["content"] == (
        "[Match]\nName=eth0\n\n[Network]\nDNS=188.93.16.19\nDNS=188.93.17.19\n"
        "Address=10.11.12.13/24\nGateway=10.11.12.1\n"
    )
    assert socket == {
        "name": "sshd.socket",
        "command": "restart",
        "runtime": True,
        "content": "[Socket]\nListenStream=2345\nFreeBind=true\nAccept=yes\n",
    }


def test_the_articles_member() -> None:
    text = render_cloud_config(MEMBER)
    assert text.startswith("#cloud-config\n")
    assert load(text)["coreos"] == {
        "etcd2": {
            "discovery": URL,
            "advertise-client-urls": "http://192.168.0.10:2379,http://192.168.0.10:4001",
            "initial-advertise-peer-urls": "http://192.168.0.10:2380",
            "listen-client-urls": "http://0.0.0.0:2379,http://0.0.0.0:4001",
            "listen-peer-urls": "http://192.168.0.10:2380",
        },
        "units": [
            {"name": "etcd2.service", "command": "start"},
            {"name": "fleet.service", "command": "start"},
        ],
    }


def test_members_differ_in_the_address_only() -> None:
    other = replace(MEMBER, etcd=EtcdParameters("192.168.0.11", URL))
    ours, theirs = render_cloud_config(MEMBER), render_cloud_config(other)
    assert ours.replace("192.168.0.10", "192.168.0.11") == theirs


def test_a_cluster_without_a_discovery_service() -> None:
    etcd = EtcdParameters("192.168.0.11", initial_cluster=CLUSTER)
    section = load(render_cloud_config(replace(MEMBER, etcd=etcd)))["coreos"]["etcd2"]
    assert section["name"] == "node01"
    assert section["initial-cluster"] == (
        "node00=http://192.168.0.10:2380,node01=http://192.168.0.11:2380,"
        "node02=http://192.168.0.12:2380"
    )


def test_the_articles_ignition() -> None:
    config = json.loads(render_ignition(NODE, root_format="btrfs"))
    assert config["ignition"] == {"version": "2.0.0"}
    mount = config["storage"]["filesystems"][0]["mount"]
    assert (mount["format"], mount["create"]["options"]) == ("btrfs", ["--label=ROOT"])
    files = {file["path"]: file for file in config["storage"]["files"]}
    assert files["/etc/hostname"]["contents"]["source"] == "data:,node01"
    assert {file["mode"] for file in files.values()} == {420}
    assert files["/etc/systemd/timesyncd.conf"]["contents"]["source"] == (
        "data:,%5BTime%5D%0ANTP=0.ru.pool.ntp.org%201.ru.pool.ntp.org%0A"
    )
    assert [unit["name"] for unit in config["networkd"]["units"]] == ["iface-eth0.network"]
    assert [sorted(unit) for unit in config["systemd"]["units"]] == [["contents", "name"]]


def test_todays_ignition_has_files_for_networkd() -> None:
    config = json.loads(render_ignition(NODE, version="3.3.0", root_format="btrfs"))
    assert "networkd" not in config
    paths = [file["path"] for file in config["storage"]["files"]]
    assert "/etc/systemd/network/iface-eth0.network" in paths


def test_etcd_in_ignition_is_a_drop_in() -> None:
    for version, unit in (("2.0.0", "etcd2.service"), ("3.3.0", "etcd-member.service")):
        config = json.loads(render_ignition(MEMBER, version=version))  # type: ignore[arg-type]
        etcd = next(u for u in config["systemd"]["units"] if u["name"] == unit)
        assert f'Environment="ETCD_DISCOVERY={URL}"' in etcd["dropins"][0]["contents"]
        assert etcd["enabled" if version == "3.3.0" else "enable"] is True


def test_rancheros() -> None:
    config = load(render_cloud_config(NODE, dialect="rancheros"))
    assert config["rancher"]["network"] == {
        "interfaces": {
            "eth0": {"address": "10.11.12.13/24", "dhcp": False, "gateway": "10.11.12.1"}
        },
        "dns": {"nameservers": ["188.93.16.19", "188.93.17.19"]},
    }
    assert config["ssh_authorized_keys"] == [KEY]
    assert [file.get("container") for file in config["write_files"]] == ["ntp", None]


def test_rancheros_refuses_what_it_cannot_say() -> None:
    with pytest.raises(ParameterError, match="etcd: RancherOS"):
        render_cloud_config(MEMBER, dialect="rancheros")
    with pytest.raises(ParameterError, match="units: RancherOS"):
        render_cloud_config(replace(MEMBER, etcd=None), dialect="rancheros")


@pytest.mark.parametrize(
    "wrong",
    [
        {"hostname": ""},
        {"hostname": "node_01"},
        {"hostname": "-node"},
        {"hostname": "Node01"},
        {"hostname": "a\nb"},
        {"hostname": "node01\n"},
        {"hostname": 'a", "b'},
        {"hostname": "a" * 64},
        {"hostname": "1.2.3.4"},
        {"hostname": "хост"},
        {"dns_servers": ("109.234.159.91",)},
        {"dns_servers": ("dns.example",)},
        {"ntp_servers": ("a b",)},
        {"address": "10.11.12.13"},
        {"address": "10.11.12.13/255.255.255.0"},
        {"address": "10.11.12.13/24", "gateway": "10.9.9.9"},
        {"gateway": "10.11.12.1"},
        {"interface": "eth0\n[Match]"},
        {"ssh_port": 0},
        {"ssh_port": 65536},
        {"ssh_port": True},
        {"keys": ("ssh-rsa nothing",)},
        {"keys": (KEY + "\nssh-rsa AAAA",)},
        {"units": ("fleet",)},
        {"units": ("a.service", "a.service")},
    ],
)
def test_nasty_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError) as caught:
        MachineParameters(**({"hostname": "node01"} | wrong))
    assert caught.value.remedy


@pytest.mark.parametrize(
    "wrong",
    [
        {"discovery": ""},
        {"discovery": "https://discovery.etcd.io/new?size=3"},
        {"discovery": URL, "initial_cluster": CLUSTER},
        {"discovery": "", "initial_cluster": CLUSTER[1:]},
        {"address": "node00"},
    ],
)
def test_nasty_etcd_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        EtcdParameters(**({"address": "192.168.0.10", "discovery": URL} | wrong))


LABELS = st.from_regex(r"\A(?!-)[a-z0-9-]{1,20}(?<!-)\Z").filter(lambda text: not text.isdigit())
NAMES = st.lists(LABELS, min_size=1, max_size=3).map(".".join)
ADDRESSES = st.ip_addresses(v=4).map(str).filter(lambda text: text != "109.234.159.91")
LOCAL = st.integers(2, 254).map(lambda last: f"192.168.0.{last}")
UNITS = st.lists(
    st.text(string.ascii_lowercase, min_size=1).map(lambda name: f"{name}.service"),
    unique=True,
    max_size=3,
)
MEMBERS = st.lists(LOCAL, min_size=1, max_size=5, unique=True).map(
    lambda found: EtcdParameters(
        found[0], initial_cluster=tuple((f"m{at[10:]}", at) for at in found)
    )
)
ETCD = st.none() | LOCAL.map(lambda at: EtcdParameters(at, URL)) | MEMBERS
MACHINES = st.builds(
    MachineParameters,
    hostname=NAMES,
    ntp_servers=st.lists(NAMES | ADDRESSES, max_size=3).map(tuple),
    dns_servers=st.lists(ADDRESSES, max_size=3).map(tuple),
    address=st.just("") | LOCAL.map(lambda at: f"{at}/24"),
    interface=st.sampled_from(["eth0", "ens3", "enp0s3", "N", "on", "yes"]),
    ssh_port=st.integers(1, 65535),
    keys=st.just(()) | st.just((KEY,)),
    etcd=ETCD,
    units=UNITS.map(tuple),
)


@given(MACHINES)
def test_what_is_rendered_has_no_finding(machine: MachineParameters) -> None:
    assert lint(render_cloud_config(machine), "coreos") == []
    plain = replace(machine, etcd=None, units=())
    assert lint(render_cloud_config(plain, dialect="rancheros"), "rancheros") == []
    for version in ("2.0.0", "3.3.0"):
        text = render_ignition(machine, version=version, root_format="ext4")  # type: ignore[arg-type]
        assert detect(text) == "ignition"
        assert lint(text, version=version) == []


@given(st.text(max_size=70))
def test_a_host_name_comes_through_or_is_refused(name: str) -> None:
    try:
        machine = MachineParameters(hostname=name)
    except ParameterError:
        return
    assert load(render_cloud_config(machine))["hostname"] == name
    file = json.loads(render_ignition(machine))["storage"]["files"][0]
    assert unquote(file["contents"]["source"]) == f"data:,{name}"


@pytest.mark.skipif(not shutil.which("ignition-validate"), reason="no ignition-validate here")
@pytest.mark.parametrize("machine", [NODE, MEMBER, replace(NODE, etcd=MEMBER.etcd)])
def test_the_real_validator_takes_it(machine: MachineParameters) -> None:
    text = render_ignition(machine, version="3.3.0", root_format="btrfs")
    done = subprocess.run(
        ["ignition-validate", "-"], input=text, text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
