"""What an operator can get wrong: each is told in words, with its exit code."""

from __future__ import annotations

import fcntl
from pathlib import Path

import asyncssh
import pytest

from runbook.cloud import Cloud
from runbook.errors import ParameterError, RunbookError

from .conftest import CALM, Cluster, Play, ended, verbs

VERIFY = "etcd-verify-cluster"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"membres": 3}, "did you mean members"),
        ({"members": "three"}, "the parameter members is of type int"),
    ],
)
def test_parameters_are_refused_before_anything_is_there(
    furnished: Cluster, play: Play, outputs: Path, given: dict[str, object], told: str
) -> None:
    with pytest.raises(ParameterError, match=told):
        play(VERIFY, furnished.target, **given)
    assert not outputs.exists()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("clock: 10", "clok: 10", "clok: unknown key"),
        ("192.168.0.11", "192.168.0.10", "192.168.0.10:22 stands in"),
    ],
)
def test_a_broken_target_file_names_the_line(
    furnished: Cluster, play: Play, old: str, new: str, told: str
) -> None:
    record = play(VERIFY, furnished.edited("broken", (old, new)))
    assert ended(record) == ("failed", 2)
    assert "TargetError" in record["reason"]
    assert told in record["reason"]
    assert "broken.yaml" in record["reason"]


def test_a_target_that_is_not_there(play: Play) -> None:
    record = play(VERIFY, "no/such/target.yaml")
    assert ended(record) == ("failed", 2)


def test_a_host_that_cannot_be_reached(furnished: Cluster, play: Play) -> None:
    record = play(VERIFY, furnished.edited("far", ("192.168.0.12", "192.168.0.77")))
    assert ended(record) == ("failed", 4)
    assert "node02 (192.168.0.77:22) cannot be reached" in record["reason"]


def with_ssh(cluster: Cluster, name: str, old: str, new: str) -> str:
    """A target whose ssh_config differs in one file name."""
    config = cluster.folder / f"{name}_ssh_config"
    config.write_text((cluster.folder / "ssh_config").read_text().replace(old, new))
    return cluster.edited(name, (str(cluster.folder / "ssh_config"), str(config)))


def test_a_wrong_host_key(furnished: Cluster, play: Play) -> None:
    known = furnished.folder / "known_hosts_nodes"
    wrong = furnished.folder / "known_hosts_wrong"
    lines = known.read_text().splitlines()
    swapped = {"192.168.0.10": "192.168.0.11", "192.168.0.11": "192.168.0.10"}
    words = [line.split(maxsplit=1) for line in lines]
    wrong.write_text("".join(f"{swapped.get(host, host)} {key}\n" for host, key in words))
    record = play(VERIFY, with_ssh(furnished, "swapped", str(known), str(wrong)))
    assert ended(record) == ("failed", 4)
    assert "HostKeyError" in record["reason"]
    assert "CHANGED" in record["reason"]
    assert record["commands"] == [] or {c["server"] for c in record["commands"]} == {"node02"}


def test_a_wrong_user_key(furnished: Cluster, play: Play) -> None:
    key = furnished.folder / "id_wrong"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(key))
    key.chmod(0o600)
    record = play(
        VERIFY, with_ssh(furnished, "stranger", str(furnished.folder / "id_ed25519"), str(key))
    )
    assert ended(record) == ("failed", 4)
    assert "NotAuthenticated" in record["reason"]
    assert record["commands"] == []


def test_an_unknown_cloud(furnished: Cluster, play: Play) -> None:
    record = play(
        "coreos-build-cluster", furnished.edited("nowhere", ("  name: twin", "  name: no"))
    )
    assert ended(record) == ("failed", 2)
    assert "clouds.yaml" in record["reason"]


def test_a_wrong_password_of_the_cloud(furnished: Cluster, play: Play) -> None:
    clouds = furnished.folder / "clouds.yaml"
    wrong = furnished.folder / "clouds_wrong.yaml"
    lines = clouds.read_text().splitlines(keepends=True)
    wrong.write_text(
        "".join('      password: "wrong one"\n' if "password" in x else x for x in lines)
    )
    record = play("coreos-build-cluster", furnished.edited("denied", (str(clouds), str(wrong))))
    assert ended(record) == ("failed", 4)
    assert "NotAuthenticated" in record["reason"]


def test_a_name_that_exists_twice(furnished: Cluster, play: Play) -> None:
    cloud = Cloud("twin", file=furnished.folder / "clouds.yaml", clock=CALM)
    known = cloud.server("node00").id
    with cloud.connection.doing("make it twice") as sdk:
        other = sdk.compute.create_server(
            name="node00",
            image_id=cloud.image_id("coreos"),
            flavor_id=cloud.flavor("m1.small")[0],
            networks=[{"uuid": cloud.network_id("private")}],
        ).id
        sdk.compute.wait_for_server(sdk.compute.get_server(other), interval=0.2)
    for name in ("coreos-build-cluster", "cluster-tear-down"):
        record = play(name, furnished.target, approved=True)
        assert ended(record) == ("failed", 5)
        assert "2 servers have the name node00" in record["reason"]
        assert known in record["reason"]
        assert other in record["reason"]
        assert "change" not in verbs(record)
    with cloud.connection.doing("take it away") as sdk:
        sdk.compute.delete_server(other)
        sdk.compute.wait_for_delete(sdk.compute.get_server(other), interval=0.2)
    cloud.close()


def test_a_tool_that_the_server_does_not_have(furnished: Cluster, play: Play) -> None:
    record = play(VERIFY, furnished.target, group="rancheros")
    assert ended(record) == ("failed", 5)
    assert "there is no program 'etcdctl'" in record["reason"]


def test_outputs_that_cannot_be_written(
    furnished: Cluster, play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RUNBOOK_OUTPUTS", str(tmp_path / "file" / "outputs"))
    with pytest.raises(RunbookError, match="cannot be written") as told:
        play(VERIFY, furnished.target)
    assert told.value.exit_code == 5


def test_two_runs_at_once(furnished: Cluster, play: Play, outputs: Path) -> None:
    lock = outputs / "locks" / "twin.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("a+") as held:
        held.write("swarm-fail-over (process 4711)\n")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        record = play(VERIFY, furnished.target)
    assert ended(record) == ("refused", 3)
    assert "in use by swarm-fail-over (process 4711)" in record["reason"]
    assert record["commands"] == []
    assert ended(play(VERIFY, furnished.target)) == ("passed", 0)
