"""The cloud as the runbooks use it, over real HTTP with the real openstacksdk."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from runbook.cloud import Cloud, Seen, fingerprint, secrets_of
from runbook.errors import (
    CloudError,
    MissingError,
    NotAuthenticated,
    ParameterError,
    Refused,
    RunbookError,
    TargetError,
    Unreachable,
    WaitFailed,
)

PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBsT6YGsjfhRQRzYAnOnFp0WHi3gBVZLsrUJCnzt8Lch me@here"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJzkkg9kYAbyJqUGKiw9LHFB2zS9GU8aBF0m9HmZ+vmw me@here"
NODE: dict[str, Any] = {
    "name": "node00",
    "group": "coreos",
    "image": "coreos",
    "flavor": "m1.small",
    "network": "private",
    "address": "192.168.0.10",
    "key_pair": "runbook",
}


@pytest.fixture
def cloud(api: Any, tmp_path: Path) -> Iterator[Cloud]:
    cloud = Cloud("here", file=api.clouds_yaml(tmp_path), clock=20.0)
    yield cloud
    cloud.close()


@pytest.fixture
def ground(cloud: Cloud) -> Cloud:
    cloud.ensure_network("private", "192.168.0.0/24")
    cloud.ensure_key_pair("runbook", PUBLIC)
    return cloud


def test_a_server_is_made_once_and_then_left_alone(ground: Cloud, api: Any) -> None:
    seen: list[Seen] = []
    server, changed = ground.ensure_server(
        **NODE, user_data="#cloud-config\n", observer=seen.append
    )
    assert changed and server.is_settled("ACTIVE")
    assert (server.address, server.group) == ("192.168.0.10", "coreos")
    [spec] = api.hypervisor.specs.values()
    assert (spec.image, spec.user_data) == ("coreos", b"#cloud-config\n")
    assert spec.public_keys == (PUBLIC,)
    states = [(state.status, state.task_state) for state in seen]
    assert states[-1] == ("ACTIVE", None) and len(states) == len(set(states))

    again, changed = ground.ensure_server(**NODE, user_data="#cloud-config\n")
    assert (again.id, changed) == (server.id, False)
    assert len(api.hypervisor.specs) == 1


def test_grounds_are_made_once(cloud: Cloud) -> None:
    made = [cloud.ensure_network("private", "192.168.0.0/24") for _ in range(2)]
    made += [cloud.ensure_key_pair("runbook", PUBLIC) for _ in range(2)]
    assert made == [True, False, True, False]
    assert cloud.delete_network("private") and not cloud.delete_network("private")
    assert cloud.delete_key_pair("runbook") and not cloud.delete_key_pair("runbook")


def test_servers_are_found_by_group(ground: Cloud) -> None:
    ground.ensure_server(**{**NODE, "name": "node01", "address": "192.168.0.11"}, wait=False)
    ground.ensure_server(**NODE, wait=False)
    rancher = {"name": "manager0", "group": "swarm", "image": "rancheros"}
    ground.ensure_server(**{**NODE, **rancher, "address": "192.168.0.100"}, wait=False)
    assert [server.name for server in ground.servers("coreos")] == ["node00", "node01"]
    assert [server.name for server in ground.servers()] == ["manager0", "node00", "node01"]
    assert ground.servers("nobody") == []


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"address": "192.168.0.99"}, "its address is 192.168.0.10, not 192.168.0.99"),
        ({"image": "rancheros"}, "its image is coreos, not rancheros"),
        ({"flavor": "m1.medium"}, "its flavor is m1.small, not m1.medium"),
        ({"group": "swarm"}, "it has no tag runbook-group=swarm"),
    ],
)
def test_an_existing_server_that_differs_is_an_error(
    ground: Cloud, other: dict[str, str], words: str
) -> None:
    ground.ensure_server(**NODE)
    with pytest.raises(CloudError, match=words):
        ground.ensure_server(**{**NODE, **other})
    assert len(ground.servers()) == 1


def test_an_existing_server_whose_image_is_lost_is_still_the_same(ground: Cloud, api: Any) -> None:
    ground.ensure_server(**NODE)
    api.faults.missing_images.add("coreos")
    _, changed = ground.ensure_server(**NODE)
    assert not changed
    with pytest.raises(MissingError, match="no image coreos") as caught:
        ground.ensure_server(**{**NODE, "name": "node01", "address": "192.168.0.11"})
    assert "rancheros" in str(caught.value)


def test_power_goes_off_and_on_and_is_asked_for_once(ground: Cloud, api: Any) -> None:
    ground.ensure_server(**NODE)
    assert ground.stop("node00") and not ground.stop("node00")
    assert ground.server("node00").is_settled("SHUTOFF")
    assert ground.start("node00") and not ground.start("node00")
    acts = [act.removesuffix(" node00") for act in api.hypervisor.acts]
    assert acts == ["off", "on"]


def test_a_stopped_server_is_started_by_ensure(ground: Cloud) -> None:
    ground.ensure_server(**NODE)
    ground.stop("node00")
    server, changed = ground.ensure_server(**NODE)
    assert changed and server.is_settled("ACTIVE")


def test_a_fresh_or_busy_server_is_asked_until_it_takes_it(ground: Cloud) -> None:
    ground.ensure_server(**NODE, wait=False)
    assert ground.stop("node00")  # 404, 409 not ready, 409 building before
    starter = threading.Thread(target=lambda: ground.start("node00"))
    starter.start()
    starter.join()
    assert ground.server("node00").is_settled("ACTIVE")


def test_delete_waits_until_the_cloud_forgets(ground: Cloud, api: Any) -> None:
    ground.ensure_server(**NODE)
    with pytest.raises(CloudError, match=r"network private .* in use: 192.168.0.10"):
        ground.delete_network("private")
    seen: list[Seen] = []
    assert ground.delete("node00", observer=seen.append)
    assert seen[-1].status == "GONE" and not ground.delete("node00")
    assert api.hypervisor.specs == {} and ground.delete_network("private")


def test_delete_in_the_middle_of_the_build(ground: Cloud, api: Any) -> None:
    ground.ensure_server(**NODE, wait=False)
    assert ground.delete("node00")
    assert api.hypervisor.specs == {} and ground.servers() == []
    _, changed = ground.ensure_server(**NODE)
    assert changed


def test_a_server_that_is_not_ours_is_not_deleted(ground: Cloud, api: Any) -> None:
    server, _ = ground.ensure_server(**NODE)
    api.call(lambda: api.openstack.project.servers[server.id].tags.clear())
    with pytest.raises(Refused, match="not ours"):
        ground.delete("node00")
    assert ground.servers() == [] and ground.server("node00").id == server.id


def test_a_name_that_exists_twice_is_an_error_with_both_ids(ground: Cloud, api: Any) -> None:
    first, _ = ground.ensure_server(**NODE)
    second, _ = ground.ensure_server(**{**NODE, "name": "node01", "address": "192.168.0.11"})
    api.call(lambda: setattr(api.openstack.project.servers[second.id], "name", "node00"))
    with pytest.raises(CloudError) as caught:
        ground.stop("node00")
    assert first.id in str(caught.value) and second.id in str(caught.value)


def test_no_valid_host_in_plain_words(ground: Cloud, api: Any) -> None:
    api.faults.no_valid_host = True
    with pytest.raises(CloudError, match="no hypervisor of the cloud has room"):
        ground.ensure_server(**NODE)
    with pytest.raises(CloudError, match="no hypervisor of the cloud has room"):
        ground.ensure_server(**NODE)
    api.faults.no_valid_host = False
    assert ground.delete("node00")
    api.hypervisor.full = True
    with pytest.raises(CloudError, match="no hypervisor of the cloud has room"):
        ground.ensure_server(**NODE)


def test_an_address_outside_the_subnet(ground: Cloud) -> None:
    with pytest.raises(CloudError, match="fixed address is not in the subnet"):
        ground.ensure_server(**{**NODE, "address": "10.0.0.1"})


def test_an_address_in_use_is_refused_at_once(ground: Cloud) -> None:
    ground.ensure_server(**NODE)
    with pytest.raises(CloudError, match=r"make server node01.*192.168.0.10 is already in use"):
        ground.ensure_server(**{**NODE, "name": "node01"})


def test_quotas_in_plain_words(ground: Cloud, api: Any) -> None:
    api.faults.instance_quota = 0
    with pytest.raises(CloudError, match="quota of instances is used up: 0 of 0"):
        ground.ensure_server(**NODE)
    api.openstack.project.network.quotas["network"] = 1
    with pytest.raises(CloudError, match="quota of network is used up"):
        ground.ensure_network("second", "10.0.0.0/24")


def test_user_data_that_nova_would_not_take(ground: Cloud, api: Any) -> None:
    before = len(api.requests)
    with pytest.raises(ParameterError, match="has 49152 bytes; the cloud takes 49149"):
        ground.ensure_server(**NODE, user_data=b"x" * 49152)
    assert len(api.requests) == before
    _, changed = ground.ensure_server(**NODE, user_data=b"x" * 49149)
    assert changed


def test_another_key_under_the_name(ground: Cloud) -> None:
    with pytest.raises(CloudError) as caught:
        ground.ensure_key_pair("runbook", OTHER)
    assert str(caught.value).count("SHA256:") == 2
    with pytest.raises(ParameterError, match="not an OpenSSH public key"):
        ground.ensure_key_pair("runbook", "no key")


def test_another_subnet_under_the_name(ground: Cloud) -> None:
    with pytest.raises(CloudError, match=r"has the subnet 192.168.0.0/24, not 10.0.0.0/24"):
        ground.ensure_network("private", "10.0.0.0/24")
    with pytest.raises(ParameterError, match="is no network"):
        ground.ensure_network("private", "192.168.0.1/24")


def test_what_is_not_there_is_named(ground: Cloud) -> None:
    ground.ensure_server(**NODE)
    with pytest.raises(MissingError, match="no server node09") as caught:
        ground.server("node09")
    assert "node00" in caught.value.remedy
    with pytest.raises(MissingError, match="no flavor huge") as caught:
        ground.ensure_server(**{**NODE, "name": "node01", "flavor": "huge"})
    assert "m1.tiny" in caught.value.remedy
    with pytest.raises(MissingError, match="no network nowhere"):
        ground.ensure_server(**{**NODE, "name": "node01", "network": "nowhere"})


def test_host_keys_come_from_the_console(ground: Cloud, api: Any) -> None:
    api.hypervisor.create_s = 600.0
    other = {"name": "node01", "address": "192.168.0.11"}
    ground.ensure_server(**{**NODE, **other}, wait=False)
    assert ground.console_log("node01") == ""
    api.hypervisor.create_s = 1.0
    ground.ensure_server(**NODE)
    assert ground.console_log("node00").startswith("booting")
    assert ground.host_key_fingerprints("node00") == {fingerprint(PUBLIC.split()[1])}


def test_the_deadline_is_in_seconds_of_the_target(ground: Cloud, api: Any) -> None:
    api.hypervisor.create_s = 600.0
    ground.ensure_server(**NODE, wait=False)
    while ground.server("node00").task_state != "spawning":  # however busy this machine is
        pass
    with pytest.raises(WaitFailed, match=r"not ACTIVE within 30 s; it is BUILD \(spawning\)"):
        ground.ensure_server(**NODE, deadline=30.0)


def test_a_hiccup_of_the_api_is_borne_while_waiting(ground: Cloud, api: Any) -> None:
    server, _ = ground.ensure_server(**NODE, wait=False)
    api.faults.api_error = (500, 3)
    assert ground.wait_for(server).is_settled("ACTIVE")
    assert api.faults.api_error is None
    api.faults.api_error = (503, 50)
    with pytest.raises(CloudError, match="answered 503"):
        ground.servers()


def test_a_server_that_vanishes_while_it_is_awaited(ground: Cloud, api: Any) -> None:
    api.hypervisor.create_s = 600.0
    server, _ = ground.ensure_server(**NODE, wait=False)
    api.call(lambda: api.openstack.project.servers.pop(server.id))
    with pytest.raises(CloudError, match="was deleted while it was awaited"):
        ground.wait_for(server)


def told(cloud: Cloud) -> RunbookError:
    with pytest.raises(RunbookError) as caught:
        cloud.servers()
    return caught.value


def test_wrong_password(api: Any, tmp_path: Path) -> None:
    file = api.clouds_yaml(tmp_path, password="swordfish")  # noqa: S106
    error = told(Cloud("here", file=file))
    assert type(error) is NotAuthenticated and error.exit_code == 4
    assert "swordfish" not in str(error) and api.url in str(error)


def test_a_token_that_ended_is_renewed(ground: Cloud, api: Any) -> None:
    api.call(lambda: api.openstack.project.tokens._tokens.clear())
    assert ground.servers() == []


def test_nobody_listens(api: Any, tmp_path: Path) -> None:
    file = api.clouds_yaml(tmp_path, url="http://127.0.0.1:9")
    error = told(Cloud("here", file=file))
    assert type(error) is Unreachable
    assert "http://127.0.0.1:9/identity/v3" in error.what and "connection refused" in error.what


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("there", None, "there is no cloud 'there'"),
        ("here", "clouds:\n  here: {auth: {}}\n", "cannot be used"),
        ("here", "clouds: [\n", "is no YAML"),
        ("here", "", "there is no cloud 'here'"),
    ],
)
def test_a_clouds_yaml_that_cannot_be_used(
    api: Any, tmp_path: Path, name: str, text: str | None, words: str
) -> None:
    file = api.clouds_yaml(tmp_path)
    if text is not None:
        file.write_text(text)
    error = told(Cloud(name, file=file))
    assert type(error) is TargetError and words in error.what


def test_a_missing_file_and_a_wrong_region(api: Any, tmp_path: Path) -> None:
    assert type(told(Cloud("here", file=tmp_path / "nowhere.yaml"))) is TargetError
    error = told(Cloud("here", file=api.clouds_yaml(tmp_path), region="Mars"))
    assert type(error) is TargetError and "Mars" in str(error)


def test_the_environment_does_not_override_a_given_file(
    api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_AUTH_URL", "http://127.0.0.1:9/identity/v3")
    monkeypatch.setenv("OS_PASSWORD", "elsewhere")
    monkeypatch.setenv("OS_CLOUD", "envvars")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert Cloud("here", file=api.clouds_yaml(tmp_path)).servers() == []


def test_the_first_call_asks_no_more_than_it_must(cloud: Cloud, api: Any) -> None:
    cloud.servers("coreos")
    api.call(lambda: None)  # the last answer is noted after it was sent
    assert len(api.requests) == 4  # keystone's version, token, nova's version, the list


def test_servers_are_made_side_by_side(ground: Cloud) -> None:
    def one(number: int) -> str:
        wanted = {**NODE, "name": f"node0{number}", "address": f"192.168.0.1{number}"}
        return ground.ensure_server(**wanted)[0].address

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(one, range(3))) == [f"192.168.0.1{n}" for n in range(3)]
    assert len(ground.servers("coreos")) == 3


def test_nothing_is_connected_before_the_first_call(tmp_path: Path) -> None:
    Cloud("here", file=tmp_path / "nowhere.yaml").close()


def test_a_network_that_we_did_not_make_stays(cloud: Cloud, api: Any) -> None:
    with cloud.connection.doing("make a network by hand") as sdk:
        sdk.network.create_network(name="private")
    assert not cloud.owns_network("private")
    with pytest.raises(Refused, match="was not made by us"):
        cloud.delete_network("private")
    assert cloud.network("private") is not None


def test_secrets_are_told_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text("clouds: {mine: {auth: {username: me, password: hunter22}}, other: {}}")
    (tmp_path / "secure.yaml").write_text("clouds: {mine: {auth: {token: abc-def}}}")
    monkeypatch.setenv("OS_PASSWORD", "of the environment")
    assert list(secrets_of("mine", clouds)) == [
        ("mine password", "hunter22"),
        ("mine token", "abc-def"),
        ("OS_PASSWORD", "of the environment"),
    ]
    clouds.write_text(": not yaml [")
    assert ("mine token", "abc-def") in secrets_of("mine", clouds)
