"""Neutron v2.0: list, show, make, change and remove networks, subnets, ports and groups."""

from __future__ import annotations

import json
from typing import Any

from runbook_twin.openstack.handler import ApiError, ApiHandler, Row
from runbook_twin.openstack.paging import page, whole_number
from runbook_twin.openstack.records import stamp

COLLECTIONS = "networks|subnets|ports|security-groups|security-group-rules|routers|floatingips"
CONTROLS = {"limit", "marker", "page_reverse", "sort_key", "sort_dir", "fields"}
CHANGEABLE = {
    "name",
    "description",
    "admin_state_up",
    "gateway_ip",
    "dns_nameservers",
    "enable_dhcp",
}
EXTENSIONS = (
    *("security-group", "quotas", "quota_details", "pagination", "sorting", "standard-attr-tag"),
    *("standard-attr-timestamp", "standard-attr-revisions", "standard-attr-description"),
    *("router", "external-net", "net-mtu", "port-security", "subnet_allocation", "binding"),
)
NOT_FOUND = {
    "network": ("NetworkNotFound", "Network {} could not be found."),
    "subnet": ("SubnetNotFound", "Subnet {} could not be found."),
    "port": ("PortNotFound", "Port {} could not be found."),
    "security_group": ("SecurityGroupNotFound", "Security group {} does not exist"),
    "router": ("RouterNotFound", "Router {} could not be found"),
    "floatingip": ("FloatingIPNotFound", "Floating IP {} could not be found"),
    "security_group_rule": ("SecurityGroupRuleNotFound", "Security group rule {} does not exist"),
}


class Networking(ApiHandler):
    """Base of neutron's answers."""

    service = "networking"

    def send_refusal(self, status: int, message: str, kind: str) -> None:
        """Neutron's shape of an error."""
        if status == 401:
            super().send_refusal(status, message, kind)
            return
        error = {"type": kind, "message": message, "detail": ""}
        self.answer({"NeutronError": error}, status)


class Versions(Networking):
    """GET /networking/."""

    needs_token = False

    def get(self) -> None:
        """List the versions."""
        links = [{"rel": "self", "href": f"{self.base}/v2.0/"}]
        self.answer({"versions": [{"id": "v2.0", "status": "CURRENT", "links": links}]})


class Resources(Networking):
    """GET /networking/v2.0/."""

    def get(self) -> None:
        """List what the API has."""
        rows = [
            {
                "name": name.removesuffix("s").replace("-", "_"),
                "collection": name.replace("-", "_"),
                "links": [{"rel": "self", "href": f"{self.base}/v2.0/{name}"}],
            }
            for name in COLLECTIONS.split("|")
        ]
        self.answer({"resources": rows})


class Extensions(Networking):
    """GET /networking/v2.0/extensions."""

    def get(self, alias: str = "") -> None:
        """List the extensions, or show one."""
        rows = [
            {"alias": name, "name": name, "description": "", "links": [], "updated": stamp(0)}
            for name in EXTENSIONS
            if alias in ("", name)
        ]
        if alias and not rows:
            message = f"Extension with alias {alias} does not exist"
            raise ApiError(404, message, "HTTPNotFound")
        self.answer({"extension": rows[0]} if alias else {"extensions": rows})


class Quotas(Networking):
    """/networking/v2.0/quotas/PROJECT."""

    def get(self, project_id: str, how: str = "") -> None:
        """The limits; with details also what is used."""
        store = self.project.network
        if project_id != self.project.credentials.project_id:
            raise ApiError(403, "(rule:get_quota) is disallowed by policy", "PolicyNotAuthorized")
        tables = store.tables()
        details = {
            name: {"limit": limit, "used": len(tables.get(name, {})), "reserved": 0}
            for name, limit in store.quotas.items()
        }
        self.answer({"quota": details if "details" in how else store.quotas})

    def put(self, project_id: str, how: str = "") -> None:
        """Only for the cloud's operator."""
        raise ApiError(403, "(rule:update_quota) is disallowed by policy", "PolicyNotAuthorized")


class Rows(Networking):
    """Base of the collections."""

    def table(self, collection: str) -> tuple[str, dict[str, Row]]:
        """The member's name and the rows."""
        kind = collection.removesuffix("s").replace("-", "_")
        return kind, self.project.network.tables()[kind]

    def shown(self, row: Row) -> Row:
        """The row with the fields that were asked for."""
        fields = self.queries("fields")
        return {key: row[key] for key in fields if key in row} if fields else row


class Collection(Rows):
    """/networking/v2.0/networks and the like."""

    def get(self, collection: str) -> None:
        """List with filters and pages."""
        kind, table = self.table(collection)
        limit = whole_number(self.query("limit"), "limit")
        rows = [row for row in table.values() if self._matches(row)]
        rows.sort(key=lambda row: str(row.get(self.query("sort_key") or "id")))
        if self.query("sort_dir") == "desc":
            rows.reverse()
        if self.query("page_reverse") in ("True", "true", "1"):
            rows.reverse()
        cut = page(rows, limit or None, self.query("marker"), key=lambda row: str(row["id"]))
        answer: dict[str, Any] = {f"{kind}s": [self.shown(row) for row in cut]}
        if limit and cut:
            answer[f"{kind}s_links"] = self._links(cut, limit)
        self.answer(answer)

    def _matches(self, row: Row) -> bool:
        for name in self.request.query_arguments:
            if name in CONTROLS or (name not in row and name != "fixed_ips"):
                continue
            given = self.queries(name)
            if name == "fixed_ips":
                pairs = {f"{k}={v}" for ip in row.get("fixed_ips", []) for k, v in ip.items()}
                if not pairs & set(given):
                    return False
            elif isinstance(row[name], list):
                if not {word for text in given for word in text.split(",")} <= set(row[name]):
                    return False
            elif str(row[name]).lower() not in [text.lower() for text in given]:
                return False
        return True

    def _links(self, cut: list[Row], limit: int) -> list[Row]:
        back = {"marker": cut[0]["id"], "page_reverse": "True"}
        links = [{"rel": "previous", "href": self._here(back)}]
        if len(cut) == limit:
            links.insert(0, {"rel": "next", "href": self._here({"marker": cut[-1]["id"]})})
        return links

    def _here(self, changed: dict[str, str]) -> str:
        return (
            f"{self.request.protocol}://{self.request.host}{self.request.path}?"
            + self.same_query(**changed)
        )

    def post(self, collection: str) -> None:
        """Make one."""
        kind, _ = self.table(collection)
        self.answer({kind: self.project.network.create(kind, self.body(kind))}, 201)


class Member(Rows):
    """/networking/v2.0/networks/ID and the like."""

    def row(self, collection: str, row_id: str) -> tuple[str, Row]:
        """The member's name and its row. Raises ApiError 404."""
        kind, table = self.table(collection)
        if row_id not in table:
            error, message = NOT_FOUND[kind]
            raise ApiError(404, message.format(row_id), error)
        return kind, table[row_id]

    def own_row(self, collection: str, row_id: str) -> tuple[str, Row]:
        """Likewise, if it is the project's own. Raises ApiError 403, 404."""
        kind, row = self.row(collection, row_id)
        if row["project_id"] != self.project.credentials.project_id:
            raise ApiError(
                403, "rule:admin_or_owner is disallowed by policy", "PolicyNotAuthorized"
            )
        return kind, row

    def get(self, collection: str, row_id: str) -> None:
        """Show one."""
        kind, row = self.row(collection, row_id)
        self.answer({kind: self.shown(row)})

    def put(self, collection: str, row_id: str) -> None:
        """Change names and the like; the rest is fixed."""
        kind, row = self.own_row(collection, row_id)
        changed = self.body(kind)
        floating = self.project.network.floating
        if kind == "floatingip":
            floating.change_address(row, changed)
        elif kind == "router":
            floating.change_router(row, changed)
        elif fixed := sorted(set(changed) - CHANGEABLE & set(row)):
            raise ApiError(400, f"Cannot update read-only attribute {', '.join(fixed)}")
        else:
            row |= changed
        row["revision_number"] += 1
        row["updated_at"] = stamp(self.project.clock.now())
        self.answer({kind: row})

    def delete(self, collection: str, row_id: str) -> None:
        """Remove one."""
        kind, _ = self.own_row(collection, row_id)
        self.project.network.delete(kind, row_id)
        self.empty(204)


class RouterInterfaces(Rows):
    """PUT /networking/v2.0/routers/ID/add_router_interface and remove_router_interface."""

    def put(self, router_id: str, act: str) -> None:
        """Tie the router to a subnet, or untie it."""
        floating = self.project.network.floating
        if router_id not in floating.routers:
            raise ApiError(404, f"Router {router_id} could not be found", "RouterNotFound")
        try:
            subnet_id = str(json.loads(self.request.body)["subnet_id"])
        except (ValueError, KeyError, TypeError):
            raise ApiError(400, "Either subnet_id or port_id must be specified") from None
        change = floating.add_interface if act == "add" else floating.remove_interface
        self.answer(change(router_id, subnet_id))
