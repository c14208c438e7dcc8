"""Nova's servers: list, make, show, rename, delete."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

from runbook_twin.openstack import server_view
from runbook_twin.openstack.computing import Computing
from runbook_twin.openstack.handler import ApiError, Row
from runbook_twin.openstack.lifecycle import Lifecycle
from runbook_twin.openstack.paging import page, whole_number
from runbook_twin.openstack.records import Server, new_id, stamp
from runbook_twin.openstack.server_request import (
    ServerRequest,
    check_name,
    check_strings,
    check_tags,
)

MAXIMUM_LIMIT = 1000


def hostname_of(name: str) -> str:
    """The host name that nova makes of a server's name."""
    clean = re.sub(r"[^a-z0-9.-]+", "", re.sub(r"[ _.]+", "-", name.lower()))
    return clean.strip(".-")[:63]


def _word_sets(handler: Computing, name: str) -> set[str]:
    return {tag for text in handler.queries(name) for tag in text.split(",") if tag}


class Servers(Computing):
    """/compute/v2.1/servers and /servers/detail."""

    def get(self, how: str = "") -> None:
        """List with filters and pages, newest first."""
        if self.query("all_tenants") in ("1", "True", "true"):
            policy = "os_compute_api:servers:detail:get_all_tenants"
            raise ApiError(403, f"Policy doesn't allow {policy} to be performed.")
        limit = whole_number(self.query("limit"), "limit")
        found = [server for server in self.project.servers.values() if self._matches(server)]
        found = self._sorted(found)
        most = MAXIMUM_LIMIT if limit is None else min(limit, MAXIMUM_LIMIT)
        cut = page(found, most, self.query("marker"), key=lambda server: server.id)
        show = server_view.detail if how else server_view.brief
        document: dict[str, Any] = {"servers": [show(self, server) for server in cut]}
        if cut and len(cut) == most:
            href = self.url(f"/servers{how and '/detail'}?{self.same_query(marker=cut[-1].id)}")
            document["servers_links"] = [{"rel": "next", "href": href}]
        self.answer(document)

    def _sorted(self, found: list[Server]) -> list[Server]:
        key = self.query("sort_key") or "created_at"
        columns: dict[str, Callable[[Server], float | str]] = {
            "created_at": lambda s: s.created,
            "updated_at": lambda s: s.updated,
            "display_name": lambda s: s.name,
            "vm_state": lambda s: s.vm_state,
            "uuid": lambda s: s.id,
        }
        if key not in columns:
            key = "created_at"
        newest_first = (self.query("sort_dir") or "desc") == "desc"
        return sorted(found, key=columns[key], reverse=newest_first)

    def _matches(self, server: Server) -> bool:
        """The filters that a member may use; nova ignores the others."""
        addresses = [
            ip["addr"]
            for rows in server_view.addresses(self.project, server).values()
            for ip in rows
        ]
        tests: dict[str, Callable[[str], object]] = {
            "name": lambda text: re.search(text, server.name),
            "status": lambda text: text.upper() == server.status,
            "image": lambda text: text == server.image.id,
            "flavor": lambda text: text == server.flavor.id,
            "uuid": lambda text: text == server.id,
            "reservation_id": lambda text: text == server.reservation_id,
            "ip": lambda text: any(re.match(text, address) for address in addresses),
            "changes-since": lambda text: stamp(server.updated or server.created) >= text,
        }
        for name, test in tests.items():
            try:
                if self.queries(name) and not any(test(text) for text in self.queries(name)):
                    return False
            except re.error:
                raise ApiError(400, f"Invalid filter field: {name}.") from None
        return not self.since(26) or self._tags_match(server.tags)

    def _tags_match(self, tags: set[str]) -> bool:
        every, some = _word_sets(self, "tags"), _word_sets(self, "tags-any")
        not_every, none = _word_sets(self, "not-tags"), _word_sets(self, "not-tags-any")
        return (
            every <= tags
            and (not some or bool(some & tags))
            and not (not_every and not_every <= tags)
            and not none & tags
        )

    def post(self, how: str = "") -> None:
        """Accept new servers; they are built after the answer."""
        asked = ServerRequest(self)
        image, flavor, pair = asked.image(), asked.flavor(), asked.key_pair()
        user_data, groups = asked.user_data(), asked.security_groups()
        details = self._details(asked)
        least, most = asked.counts()
        most = self._within_quota(least, most, flavor.vcpus, flavor.ram)
        networks = [asked.networks() for _ in range(most)]
        names = [asked.name] if most == 1 else [f"{asked.name}-{n + 1}" for n in range(most)]
        reservation = f"r-{secrets.token_hex(4)}"
        made = []
        for name, wanted in zip(names, networks, strict=True):
            server = Server(
                *(new_id(), name, image, flavor, self.project.clock.now()),
                key_name=pair.name if pair else None,
                public_key=pair.public_key if pair else None,
                user_data=user_data,
                wanted=wanted,
                security_groups=groups,
                reservation_id=reservation,
                hostname=asked.body.get("hostname") or hostname_of(name),
                **details,
            )
            self.project.servers[server.id] = server
            self.project.start(Lifecycle(self.project, server).build())
            made.append(server)
        self._accepted(asked.body, made[0], groups)

    def _details(self, asked: ServerRequest) -> dict[str, Any]:
        body = asked.body
        return {
            "metadata": dict(check_strings("metadata", body.get("metadata", {}))),
            "tags": check_tags(body.get("tags", [])),
            "description": body.get("description") if self.since(19) else asked.name,
            "config_drive": str(body.get("config_drive", False)).lower() in ("true", "1", "yes"),
        }

    def _within_quota(self, least: int, most: int, vcpus: int, ram: int) -> int:
        """How many fit. Raises ApiError 403 when not even `least` do."""
        each = {"instances": 1, "cores": vcpus, "ram": ram}
        quotas, used = self.project.quotas, self.project.used
        room = {name: max(0, quotas[name] - used[name]) // need for name, need in each.items()}
        fits = min(most, *room.values())
        if fits >= least:
            return fits
        over = sorted(name for name in each if room[name] < least)
        words = [
            ", ".join(str(number) for number in numbers)
            for numbers in (
                [each[name] * least for name in over],
                [used[name] for name in over],
                [quotas[name] for name in over],
            )
        ]
        names = ", ".join(over)
        raise ApiError(
            403,
            f"Quota exceeded for {names}: Requested {words[0]}, "
            f"but already used {words[1]} of {words[2]} {names}",
        )

    def _accepted(self, body: Row, server: Server, groups: list[str]) -> None:
        self.set_header("Location", self.url(f"/servers/{server.id}"))
        if str(body.get("return_reservation_id", False)).lower() == "true":
            self.answer({"reservation_id": server.reservation_id}, 202)
            return
        row = server_view.brief(self, server)
        del row["name"]
        row |= {
            "OS-DCF:diskConfig": body.get("OS-DCF:diskConfig", "MANUAL"),
            "security_groups": [{"name": name} for name in groups],
            "adminPass": body.get("adminPass") or secrets.token_urlsafe(9)[:12],
        }
        self.answer({"server": row}, 202)


class ServerById(Computing):
    """/compute/v2.1/servers/ID."""

    def get(self, server_id: str) -> None:
        """Show one."""
        self.answer({"server": server_view.detail(self, self.project.server(server_id))})

    def put(self, server_id: str) -> None:
        """Rename or describe it."""
        server = self.project.server(server_id)
        body = self.body("server")
        if "name" in body:
            server.name = check_name(body["name"])
        if "description" in body and self.since(19):
            server.description = body["description"]
        if "hostname" in body and self.since(90):
            server.hostname = body["hostname"]
        server.updated = self.project.clock.now()
        self.answer({"server": server_view.detail(self, server)})

    def delete(self, server_id: str) -> None:
        """Begin to delete it; asking again is fine while it is still there."""
        server = self.project.server(server_id)
        if server.locked:
            raise ApiError(409, f"Instance {server_id} is locked")
        if server.task_state != "deleting" and server.vm_state != "deleted":
            server.task_state = "deleting"
            self.project.start(Lifecycle(self.project, server).delete())
        self.empty(204)
