"""How the API shows a server, by microversion."""

from __future__ import annotations

import hashlib

from runbook_twin.openstack.computing import Computing
from runbook_twin.openstack.handler import Row
from runbook_twin.openstack.project import Project
from runbook_twin.openstack.records import Flavor, Server, fine_stamp, stamp


def addresses(project: Project, server: Server) -> Row:
    """Addresses by the network's name, from the server's ports."""
    found: Row = {}
    store = project.network
    if server.vm_state == "deleted":
        return found
    for port in store.ports.values():
        if port["device_id"] != server.id or port["network_id"] not in store.networks:
            continue
        name = store.networks[port["network_id"]]["name"]
        fixed = [("fixed", ip["ip_address"]) for ip in port["fixed_ips"]]
        floating = [("floating", address) for address in store.floating.of_port(port["id"])]
        found.setdefault(name, []).extend(
            {
                "version": 4,
                "addr": address,
                "OS-EXT-IPS:type": kind,
                "OS-EXT-IPS-MAC:mac_addr": port["mac_address"],
            }
            for kind, address in fixed + floating
        )
    return found


def embedded_flavor(handler: Computing, flavor: Flavor) -> Row:
    """The flavor inside a server: by id below 2.47, by value from then on."""
    if not handler.since(47):
        return {"id": flavor.id, "links": [handler.links(f"/flavors/{flavor.id}")[1]]}
    return {
        "original_name": flavor.name,
        "vcpus": flavor.vcpus,
        "ram": flavor.ram,
        "disk": flavor.disk,
        "swap": 0,
        "ephemeral": 0,
        "extra_specs": {},
    }


def _host_id(project_id: str, host: str) -> str:
    return hashlib.sha224(f"{project_id}{host}".encode()).hexdigest() if host else ""


def brief(handler: Computing, server: Server) -> Row:
    """A server in the short list."""
    return {"id": server.id, "name": server.name, "links": handler.links(f"/servers/{server.id}")}


def detail(handler: Computing, server: Server) -> Row:
    """A server in full, as a member of the project sees it."""
    project = handler.project
    image: Row = {"id": server.image.id, "links": [handler.links(f"/images/{server.image.id}")[1]]}
    if handler.since(98):
        image["properties"] = {"min_disk": str(server.image.min_disk)}
    row = {
        **brief(handler, server),
        "status": server.status,
        "tenant_id": project.credentials.project_id,
        "user_id": project.credentials.user_id,
        "metadata": server.metadata,
        "hostId": _host_id(project.credentials.project_id, server.host),
        "image": image,
        "flavor": embedded_flavor(handler, server.flavor),
        "created": stamp(server.created),
        "updated": stamp(server.updated or server.created),
        "addresses": addresses(project, server),
        "accessIPv4": "",
        "accessIPv6": "",
        "OS-DCF:diskConfig": "MANUAL",
        "OS-EXT-AZ:availability_zone": "nova" if server.host else "",
        "config_drive": "True" if server.config_drive else "",
        "key_name": server.key_name,
        "OS-SRV-USG:launched_at": fine_stamp(server.launched),
        "OS-SRV-USG:terminated_at": fine_stamp(server.terminated),
        "OS-EXT-STS:task_state": server.task_state,
        "OS-EXT-STS:vm_state": server.vm_state,
        "OS-EXT-STS:power_state": server.power_state,
        "os-extended-volumes:volumes_attached": [],
    }
    if server.status in ("ACTIVE", "BUILD", "REBUILD"):
        row["progress"] = 0
    if server.wanted:
        row["security_groups"] = [{"name": name} for name in server.security_groups]
    if server.fault and server.status in ("ERROR", "DELETED"):
        message, when = server.fault
        row["fault"] = {"code": 500, "created": stamp(when), "message": message}
    return {**row, **_newer(handler, server)}


def _newer(handler: Computing, server: Server) -> Row:
    """What later microversions added."""
    added: tuple[tuple[int, str, object], ...] = (
        (9, "locked", server.locked),
        (19, "description", server.description),
        (26, "tags", sorted(server.tags)),
        (63, "trusted_image_certificates", None),
        (71, "server_groups", []),
        (73, "locked_reason", None),
        (90, "OS-EXT-SRV-ATTR:hostname", server.hostname),
        (96, "pinned_availability_zone", None),
        (100, "scheduler_hints", {}),
    )
    return {name: value for minor, name, value in added if handler.since(minor)}
