"""The OpenStack API as openstacksdk and a plain HTTP client notice it."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from keystoneauth1.exceptions.http import Unauthorized
from openstack import exceptions

from runbook_twin.hypervisor import ServerSpec
from runbook_twin.openstack.computing import Computing

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:openstack"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:openstack"),
]


class Raw:
    """Plain HTTP with a token."""

    def __init__(self, sdk: Any, url: str) -> None:
        self.url, self.token = url, sdk.auth_token

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        request = urllib.request.Request(  # noqa: S310
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Auth-Token": self.token, **headers},
        )
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read().decode()


@pytest.fixture
def raw(sdk: Any, api: Any) -> Raw:
    return Raw(sdk, api.url)


# --- shapes ------------------------------------------------------------------------------------


def test_shapes_by_microversion(sdk: Any, network: Any, raw: Raw, api: Any) -> None:
    server = api.settled(sdk, api.make(sdk, tags=["runbook"], metadata={"role": "etcd"}))
    assert server.flavor.id == "m1.tiny" and server.launched_at.count(".") == 1
    assert server.created_at.endswith("Z") and not server.launched_at.endswith("Z")
    assert len(server.host_id) == 56 and server.access_ipv4 == "" and server.config_drive == ""

    path = f"/compute/v2.1/servers/{server.id}"
    status, headers, text = raw("GET", path)
    old = json.loads(text)["server"]
    assert status == 200 and headers["OpenStack-API-Version"] == "compute 2.1"
    assert set(old["flavor"]) == {"id", "links"} and set(old["image"]) == {"id", "links"}
    assert not {"tags", "description", "locked", "fault", "OS-EXT-SRV-ATTR:user_data"} & set(old)
    newer = {"OpenStack-API-Version": "compute 2.96"}
    _, headers, text = raw("GET", path, **newer)
    new = json.loads(text)["server"]
    assert headers["OpenStack-API-Version"] == "compute 2.96"
    assert "id" not in new["flavor"] and new["flavor"]["original_name"] == "m1.tiny"
    assert new["tags"] == ["runbook"] and "OS-EXT-SRV-ATTR:user_data" not in new
    status, _, text = raw("GET", path, **{"OpenStack-API-Version": "compute 2.104"})
    assert status == 406 and json.loads(text)["computeFault"]["code"] == 406


def test_create_answers_little(sdk: Any, network: Any, raw: Raw) -> None:
    image = next(sdk.image.images(name="coreos")).id
    body = {"name": "x", "imageRef": image, "flavorRef": "1"}
    status, headers, text = raw("POST", "/compute/v2.1/servers", {"server": body})
    answer = json.loads(text)["server"]
    assert status == 202 and headers["Location"].endswith(answer["id"])
    shown = {"id", "links", "OS-DCF:diskConfig", "security_groups", "adminPass"}
    assert set(answer) == shown


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"image_id": "7" * 36}, "Can not find requested image"),
        ({"flavor_id": "nope"}, "Flavor nope could not be found."),
        ({"networks": [{"uuid": "nope"}]}, "Network nope could not be found."),
        ({"key_name": "nope"}, "Invalid key_name provided."),
        ({"security_groups": [{"name": "nope"}]}, "Unable to find security_group"),
        ({"user_data": "*"}, "is not a 'base64'"),
        ({"user_data": base64.b64encode(b"x" * 49152).decode()}, "too long"),
        ({"metadata": {"role": 1}}, "1 is not of type 'string'"),
        ({"tags": ["a,b"]}, "does not match"),
        ({"personality": []}, "Additional properties are not allowed"),
    ],
)
def test_create_refuses(
    sdk: Any, network: Any, given: dict[str, Any], words: str, api: Any
) -> None:
    with pytest.raises(exceptions.BadRequestException, match=words):
        api.make(sdk, **given)


def test_networks_are_required_and_must_be_unambiguous(
    sdk: Any, network: Any, raw: Raw, api: Any
) -> None:
    body = {"name": "x", "imageRef": next(sdk.image.images()).id, "flavorRef": "1"}
    newer = {"OpenStack-API-Version": "compute 2.37"}
    status, _, text = raw("POST", "/compute/v2.1/servers", {"server": body}, **newer)
    assert status == 400 and "'networks' is a required property" in text
    null = {"server": {**body, "key_name": None}}
    assert raw("POST", "/compute/v2.1/servers", null)[0] == 400
    other = sdk.network.create_network(name="private")
    sdk.network.create_subnet(network_id=other.id, cidr="10.0.0.0/24", ip_version=4)
    with pytest.raises(exceptions.ConflictException, match="Multiple possible networks"):
        api.make(sdk)
    assert api.settled(sdk, api.make(sdk, networks="none")).addresses == {}
    with pytest.raises(exceptions.DuplicateResource):
        sdk.network.find_network("private")


def test_quota_of_instances(sdk: Any, network: Any, api: Any) -> None:
    api.faults.instance_quota = 1
    api.make(sdk)
    words = "instances: Requested 1, but already used 1 of 1 instances"
    with pytest.raises(exceptions.ForbiddenException, match=words):
        api.make(sdk)
    assert sdk.compute.get_limits().absolute["totalInstancesUsed"] == 1
    assert sdk.compute.get_quota_set(sdk.current_project_id).instances == 1


# --- lists, filters, tags, metadata ---------------------------------------------------------------


def test_lists(sdk: Any, network: Any, raw: Raw, api: Any) -> None:
    api.make(sdk, "node", min_count=2, max_count=2)
    api.make(sdk, "worker0", tags=["swarm", "runbook"], metadata={"role": "worker"})
    names = [server.name for server in sdk.compute.servers()]
    assert names[0] == "worker0" and set(names[1:]) == {"node-1", "node-2"}
    assert len(list(sdk.compute.servers(name="^node"))) == 2
    assert [s.name for s in sdk.compute.servers(tags="runbook,swarm")] == ["worker0"]
    assert len(list(sdk.compute.servers(not_tags="swarm"))) == 2
    assert [s.name for s in sdk.compute.servers(metadata={"role": "worker"})] == ["worker0"]
    _, _, text = raw("GET", "/compute/v2.1/servers?metadata=x")
    assert len(json.loads(text)["servers"]) == 3
    assert len(list(sdk.compute.servers(limit=1))) == 3
    _, _, text = raw("GET", "/compute/v2.1/servers?limit=3")
    assert json.loads(text)["servers_links"][0]["rel"] == "next"
    assert json.loads(raw("GET", "/compute/v2.1/servers?limit=0")[2]) == {"servers": []}
    assert raw("GET", "/compute/v2.1/servers?limit=-1")[0] == 400
    assert raw("GET", "/compute/v2.1/servers?marker=nope")[0] == 400
    assert raw("GET", "/compute/v2.1/servers/detail?all_tenants=1")[0] == 403


def test_tags_and_metadata(sdk: Any, network: Any, api: Any) -> None:
    server = api.make(sdk)
    server = api.settled(sdk, server)
    server.set_tags(sdk.compute, ["a", "b"])
    server.add_tag(sdk.compute, "runbook-group=coreos")
    server.remove_tag(sdk.compute, "a")
    server.check_tag(sdk.compute, "b")
    with pytest.raises(exceptions.NotFoundException):
        server.check_tag(sdk.compute, "a")
    assert sorted(server.fetch_tags(sdk.compute).tags) == ["b", "runbook-group=coreos"]
    sdk.compute.set_server_metadata(server, role="etcd", zone="1")
    sdk.compute.delete_server_metadata(server, ["zone"])
    assert sdk.compute.get_server_metadata(server).metadata == {"role": "etcd"}
    assert sdk.compute.update_server(server, name="other").name == "other"
    assert [ip.address for ip in sdk.compute.server_ips(server)] == ["192.168.0.2"]
    [interface] = sdk.compute.server_interfaces(server)
    assert interface.net_id == network.id


def test_console(sdk: Any, network: Any, api: Any) -> None:
    server = api.make(sdk)
    api.settled(sdk, server)
    assert sdk.compute.get_server_console_output(server)["output"].startswith("booting")
    assert sdk.compute.get_server_console_output(server, length=1)["output"] == "node00 login: "


# --- key pairs, flavors, images ------------------------------------------------------------------


def test_key_pairs(sdk: Any, raw: Raw) -> None:
    pair = sdk.compute.create_keypair(name="made")
    assert pair.private_key.startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert sdk.compute.get_keypair("made").fingerprint == pair.fingerprint
    with pytest.raises(exceptions.ConflictException, match="'made' already exists"):
        sdk.compute.create_keypair(name="made")
    with pytest.raises(exceptions.BadRequestException, match="unsafe characters"):
        sdk.compute.create_keypair(name="a/b")
    with pytest.raises(exceptions.BadRequestException, match="failed to generate fingerprint"):
        sdk.compute.create_keypair(name="bad", public_key="ssh-rsa nonsense")
    newest = {"OpenStack-API-Version": "compute 2.92"}
    body = {"keypair": {"name": "x", "type": "ssh"}}
    assert raw("POST", "/compute/v2.1/os-keypairs", body, **newest)[0] == 400
    sdk.compute.delete_keypair("made")
    assert list(sdk.compute.keypairs()) == []


def test_flavors_and_images(sdk: Any, api: Any, raw: Raw) -> None:
    assert [f.name for f in sdk.compute.flavors()] == ["m1.tiny", "m1.small", "m1.medium"]
    assert sdk.compute.find_flavor("m1.small").vcpus == 1
    assert sdk.compute.find_flavor("nope") is None
    names = {"coreos", "rancheros", "coreos-old"}
    assert {image.name for image in sdk.image.images(limit=1)} == names
    image = sdk.image.find_image("coreos")
    assert image.status == "active" and sdk.image.get_image(image.id).name == "coreos"
    assert sdk.image.find_image("nope") is None
    api.faults.missing_images.add("coreos")
    assert sdk.image.find_image("coreos") is None
    status, headers, text = raw("GET", f"/image/v2/images/{image.id}")
    assert (status, headers.get_content_type()) == (404, "text/html")
    assert "<title>404 Not Found</title>" in text
    page = json.loads(raw("GET", "/image/v2/images?limit=1")[2])
    assert page["next"].startswith("/v2/images?") and page["schema"] == "/v2/schemas/images"
    assert json.loads(raw("GET", "/image/v2/schemas/image")[2])["name"] == "image"


# --- networks ------------------------------------------------------------------------------------


def test_networks_ports_and_groups(sdk: Any, network: Any, api: Any) -> None:
    with pytest.raises(exceptions.BadRequestException, match="overlaps with another subnet"):
        sdk.network.create_subnet(network_id=network.id, cidr="192.168.0.0/25", ip_version=4)
    port = sdk.network.create_port(network_id=network.id, fixed_ips=[{"ip_address": "192.168.0.7"}])
    with pytest.raises(exceptions.ConflictException, match="already allocated"):
        sdk.network.create_port(network_id=network.id, fixed_ips=[{"ip_address": "192.168.0.7"}])
    server = api.settled(sdk, api.make(sdk, networks=[{"port": port.id}]))
    assert server.addresses["private"][0]["addr"] == "192.168.0.7"
    with pytest.raises(exceptions.ConflictException, match=port.id):
        sdk.network.delete_network(network)
    sdk.compute.delete_server(server)
    sdk.compute.wait_for_delete(server, interval=0.02)
    assert sdk.network.get_port(port.id).device_id == ""
    sdk.network.delete_port(port)
    sdk.network.delete_network(network)
    assert list(sdk.network.subnets()) == []

    group = sdk.network.create_security_group(name="web")
    rule = {"direction": "ingress", "protocol": "tcp", "port_range_min": 80, "port_range_max": 80}
    made = sdk.network.create_security_group_rule(security_group_id=group.id, **rule)
    with pytest.raises(exceptions.ConflictException, match="already exists"):
        sdk.network.create_security_group_rule(security_group_id=group.id, **rule)
    assert len(sdk.network.get_security_group(group.id).security_group_rules) == 3
    sdk.network.delete_security_group_rule(made)
    sdk.network.delete_security_group(group)
    assert [g.name for g in sdk.network.security_groups()] == ["default"]


def test_quota_and_pages_of_neutron(sdk: Any, raw: Raw) -> None:
    for number in range(9):
        sdk.network.create_security_group(name=f"group{number}")
    with pytest.raises(exceptions.ConflictException, match=r"resources: \['security_group'\]"):
        sdk.network.create_security_group(name="one more")
    assert len(list(sdk.network.security_groups(limit=3))) == 10
    text = raw("GET", "/networking/v2.0/security-groups?limit=3")[2]
    assert [link["rel"] for link in json.loads(text)["security_groups_links"]] == [
        *("next", "previous")
    ]
    assert sdk.network.get_quota(sdk.current_project_id).networks == 100
    status, _, text = raw("GET", "/networking/v2.0/networks/nope")
    assert status == 404
    assert json.loads(text)["NeutronError"]["type"] == "NetworkNotFound"


# --- identity and errors -------------------------------------------------------------------------


def test_who_may_come_in(api: Any, sdk: Any, connect: Any) -> None:
    wrong = connect(password="swordfish")  # noqa: S106
    with pytest.raises(Unauthorized):
        list(wrong.compute.servers())
    with pytest.raises(exceptions.SDKException):
        wrong.authorize()
    assert sdk.session.get_project_id() == api.credentials.project_id
    catalog = sdk.session.auth.get_access(sdk.session).service_catalog
    assert catalog.url_for(service_type="compute") == f"{api.url}/compute/v2.1"


@pytest.mark.parametrize("path", ["/compute/v2.1/servers", "/networking/v2.0/networks"])
def test_without_a_token(raw: Raw, path: str) -> None:
    raw.token = "nonsense"  # noqa: S105
    status, headers, text = raw("GET", path)
    assert status == 401 and json.loads(text)["error"]["code"] == 401
    assert headers["WWW-Authenticate"].startswith("Keystone uri=")
    status, headers, _ = raw("GET", "/image/v2/images")
    assert (status, headers.get_content_type()) == (401, "text/html")


def test_versions_and_unknown_paths(raw: Raw) -> None:
    assert raw("GET", "/identity/")[0] == 300 and raw("GET", "/image/")[0] == 300
    version = json.loads(raw("GET", "/compute/v2.1/")[2])["version"]
    assert (version["min_version"], version["version"]) == ("2.1", "2.103")
    assert raw("GET", "/compute/v2.1/nonsense")[0] == 404
    assert json.loads(raw("DELETE", "/compute/v2.1/servers")[2])["badMethod"]["code"] == 405


def test_injected_errors_run_out(sdk: Any, api: Any) -> None:
    list(sdk.compute.servers())
    api.faults.api_error = (500, 2)
    for _ in range(2):
        with pytest.raises(exceptions.HttpException):
            list(sdk.compute.servers())
    assert list(sdk.compute.servers()) == []


def test_a_furnished_start(sdk: Any, api: Any) -> None:
    spec = ServerSpec("0" * 36, "node00", "coreos", "192.168.0.10")
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBsT6YGsjfhRQRzYAnOnFp0WHi3gBVZLsrUJCnzt8Lch x"
    tags = ["runbook", "runbook-group=coreos"]

    def furnish() -> None:
        api.hypervisor.specs[spec.id] = spec
        api.openstack.furnish([(spec, tags)], key_pair="runbook", public_key=key)

    api.call(furnish)
    [server] = sdk.compute.servers(tags=",".join(tags))
    assert server.status == "ACTIVE" and server.addresses["private"][0]["addr"] == spec.address
    sdk.compute.stop_server(server)
    api.settled(sdk, server, "SHUTOFF")
    assert api.hypervisor.acts == ["off node00"]


def test_an_unforeseen_error_is_a_compute_fault(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Computing, path: str) -> str:
        raise RuntimeError(path)

    monkeypatch.setattr(Computing, "links", broken)
    status, _, text = raw("GET", "/compute/v2.1/flavors")
    assert status == 500 and json.loads(text)["computeFault"]["code"] == 500
