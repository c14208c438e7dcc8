"""A server's states, one by one, under a clock that stands still between them."""

from __future__ import annotations

from typing import Any

import pytest
from openstack import exceptions

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:openstack"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:openstack"),
]


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> Any:
    conftest = request.config.pluginmanager.get_plugin(str(request.path.with_name("conftest.py")))
    return conftest.StepClock()


def shown(servers: list[Any]) -> list[tuple[Any, ...]]:
    return [(s.status, s.vm_state, s.task_state, s.power_state) for s in servers]


def test_states_from_create_to_delete(sdk: Any, network: Any, api: Any) -> None:
    server = api.make(sdk)
    assert server.status is None and server.admin_password
    assert shown(api.states(sdk, server, "ACTIVE")) == [
        ("BUILD", "building", "scheduling", 0),
        ("BUILD", "building", None, 0),
        ("BUILD", "building", "networking", 0),
        ("BUILD", "building", "block_device_mapping", 0),
        ("BUILD", "building", "spawning", 0),
        ("ACTIVE", "active", None, 1),
    ]
    sdk.compute.stop_server(server)
    stopped = api.states(sdk, server, "SHUTOFF")
    assert shown(stopped) == [
        ("ACTIVE", "active", "powering-off", 1),
        ("SHUTOFF", "stopped", None, 4),
    ]
    assert stopped[-1].addresses
    sdk.compute.start_server(server)
    assert shown(api.states(sdk, server, "ACTIVE")) == [
        ("SHUTOFF", "stopped", "powering-on", 4),
        ("ACTIVE", "active", None, 1),
    ]
    sdk.compute.reboot_server(server, "SOFT")
    tasks = ["rebooting", "reboot_pending", "reboot_started"]
    states = api.states(sdk, server, "ACTIVE")
    assert [(s.status, s.task_state) for s in states[:-1]] == [("REBOOT", task) for task in tasks]
    sdk.compute.reboot_server(server, "HARD")
    states = api.states(sdk, server, "ACTIVE")
    hard = [("HARD_REBOOT", f"{task}_hard") for task in tasks]
    assert [(s.status, s.task_state) for s in states[:-1]] == hard

    sdk.compute.delete_server(server)
    sdk.compute.delete_server(server, ignore_missing=False)
    states = api.states(sdk, server, "DELETED")
    assert shown(states) == [
        ("ACTIVE", "active", "deleting", 1),
        ("DELETED", "deleted", None, 0),
    ]
    assert states[-1].addresses == {} and states[-1].terminated_at
    assert [s.id for s in sdk.compute.servers()] == [server.id]
    api.call(api.clock.step)
    assert sdk.compute.delete_server(server) is None
    with pytest.raises(exceptions.NotFoundException):
        sdk.compute.delete_server(server, ignore_missing=False)


def refusal(act: Any, *arguments: Any) -> tuple[int, str]:
    with pytest.raises(exceptions.HttpException) as caught:
        act(*arguments)
    return caught.value.status_code or 0, caught.value.details or ""


def test_a_fresh_server_takes_no_action(sdk: Any, network: Any, api: Any) -> None:
    server = api.make(sdk)
    said = []
    while sdk.compute.get_server(server.id).status == "BUILD":
        answer = refusal(sdk.compute.stop_server, server)
        said += [answer] if answer not in said else []
        api.call(api.clock.step)
    assert said == [
        (404, f"Instance {server.id} could not be found."),
        (409, f"Instance {server.id} is not ready"),
        (409, f"Cannot 'stop' instance {server.id} while it is in vm_state building"),
    ]


def test_tags_wait_for_the_build(sdk: Any, network: Any, api: Any) -> None:
    server = api.make(sdk)
    code, words = refusal(server.add_tag, sdk.compute, "early")
    assert code == 409 and words.endswith("while it is in vm_state building")


def test_actions_that_do_not_fit_the_state(sdk: Any, network: Any, api: Any) -> None:
    server = api.settled(sdk, api.make(sdk))
    sdk.compute.stop_server(server)
    assert refusal(sdk.compute.stop_server, server) == (
        *(409, f"Cannot 'stop' instance {server.id} while it is in task_state powering-off"),
    )
    api.settled(sdk, server, "SHUTOFF")
    assert refusal(sdk.compute.reboot_server, server, "SOFT") == (
        *(409, f"Cannot 'reboot' instance {server.id} while it is in vm_state stopped"),
    )
    sdk.compute.reboot_server(server, "HARD")
    api.settled(sdk, server)
    sdk.compute.pause_server(server)
    api.settled(sdk, server, "PAUSED")
    assert refusal(sdk.compute.stop_server, server)[1].endswith("in vm_state paused")
    sdk.compute.unpause_server(server)
    api.settled(sdk, server)
    image = next(sdk.image.images(name="rancheros"))
    sdk.compute.rebuild_server(server, image=image.id)
    states = api.states(sdk, server, "ACTIVE")
    assert (states[0].status, states[0].task_state) == ("REBUILD", "rebuilding")
    assert states[-1].image.id == image.id
    sdk.compute.lock_server(server)
    assert refusal(sdk.compute.delete_server, server)[0] == 409


def test_a_delete_in_the_build_flips_back_while_the_hypervisor_is_busy(
    sdk: Any, network: Any, api: Any
) -> None:
    server = api.make(sdk)
    while sdk.compute.get_server(server.id).task_state != "block_device_mapping":
        api.call(api.clock.step)
    sdk.compute.delete_server(server)
    states = api.states(sdk, server, "DELETED")
    tasks = ["deleting", "spawning", "deleting", None]
    assert [s.task_state for s in states] == tasks
    assert api.hypervisor.specs == {}


def test_a_delete_early_in_the_build_ends_it(sdk: Any, network: Any, api: Any) -> None:
    server = api.make(sdk)
    sdk.compute.delete_server(server)
    assert list(sdk.compute.servers()) == []
    api.call(api.clock.step)
    assert api.hypervisor.specs == {}


def test_error_with_a_fault(sdk: Any, network: Any, api: Any) -> None:
    api.faults.no_valid_host = True
    server = api.make(sdk)
    building, failed = api.states(sdk, server, "ERROR")
    assert building.fault is None and failed.host_id == ""
    assert failed.fault["code"] == 500 and failed.fault["message"] == "No valid host was found. "
    assert set(failed.fault) == {"code", "created", "message"}
    with pytest.raises(exceptions.ResourceFailure, match="transitioned to failure state ERROR"):
        sdk.compute.wait_for_server(building, interval=0.01)
    assert refusal(sdk.compute.stop_server, server) == (409, f"Instance {server.id} is not ready")
    sdk.compute.delete_server(server)
    assert sdk.compute.find_server("node00") is None


def test_fixed_addresses(sdk: Any, network: Any, api: Any) -> None:
    def on(address: str) -> Any:
        return api.make(sdk, networks=[{"uuid": network.id, "fixed_ip": address}])

    server = api.settled(sdk, on("192.168.0.10"))
    [row] = server.addresses["private"]
    assert row["addr"] == "192.168.0.10" and row["OS-EXT-IPS:type"] == "fixed"
    assert row["OS-EXT-IPS-MAC:mac_addr"].startswith("fa:16:3e:")
    words = f"Fixed IP address 192.168.0.10 is already in use on instance {server.id}."
    assert refusal(on, "192.168.0.10") == (400, words)
    outside = on("10.9.9.9")
    assert "Exhausted all hosts" in api.settled(sdk, outside, "ERROR").fault["message"]


def test_a_floating_address_arrives_later(sdk: Any, network: Any, api: Any) -> None:
    server = api.settled(sdk, api.make(sdk))
    public = sdk.network.find_network("public")
    [port] = sdk.network.ports(device_id=server.id)
    [subnet] = sdk.network.subnets(network_id=network.id)
    floating = sdk.network.create_ip(floating_network_id=public.id)
    assert refusal(lambda: sdk.network.update_ip(floating, port_id=port.id))[0] == 404
    router = sdk.network.create_router(external_gateway_info={"network_id": public.id})
    sdk.network.add_interface_to_router(router, subnet.id)
    floating = sdk.network.update_ip(floating, port_id=port.id)
    assert floating.status == "DOWN" and floating.fixed_ip_address == "192.168.0.2"
    assert len(sdk.compute.get_server(server.id).addresses["private"]) == 1
    sdk.compute.stop_server(server)
    api.settled(sdk, server, "SHUTOFF")
    fixed, moved = sdk.compute.get_server(server.id).addresses["private"]
    assert moved["addr"] == floating.floating_ip_address
    assert moved["OS-EXT-IPS:type"] == "floating"
    assert moved["OS-EXT-IPS-MAC:mac_addr"] == fixed["OS-EXT-IPS-MAC:mac_addr"]
    assert refusal(lambda: sdk.network.remove_interface_from_router(router, subnet.id))[0] == 409
    assert refusal(lambda: sdk.network.delete_router(router))[0] == 409
    assert refusal(lambda: sdk.network.delete_network(public))[0] == 403
    sdk.network.delete_ip(floating)
    sdk.network.remove_interface_from_router(router, subnet.id)
    sdk.network.delete_router(router)
