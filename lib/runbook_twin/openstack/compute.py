"""Nova's small things: flavors, limits, quotas, availability zones."""

from __future__ import annotations

from typing import Any

from runbook_twin.openstack.computing import Computing
from runbook_twin.openstack.handler import ApiError, Row
from runbook_twin.openstack.paging import page, whole_number
from runbook_twin.openstack.records import Flavor

METADATA_ITEMS, KEY_PAIRS, SERVER_GROUPS = 128, 100, 10


class Flavors(Computing):
    """GET /compute/v2.1/flavors, /flavors/detail, /flavors/ID and its extra specs."""

    def get(self, which: str = "", what: str = "") -> None:
        """List, or show one."""
        if which not in ("", "detail"):
            self._one(which, what)
            return
        limit = whole_number(self.query("limit"), "limit")
        rows = page(self.project.flavors, limit, self.query("marker"), key=lambda f: f.id)
        show = self.detail if which else self.brief
        document: dict[str, Any] = {"flavors": [show(flavor) for flavor in rows]}
        if limit and len(rows) == limit:
            href = self.url(f"/flavors{which and '/detail'}?{self.same_query(marker=rows[-1].id)}")
            document["flavors_links"] = [{"rel": "next", "href": href}]
        self.answer(document)

    def _one(self, flavor_id: str, what: str) -> None:
        for flavor in self.project.flavors:
            if flavor.id == flavor_id:
                self.answer({"extra_specs": {}} if what else {"flavor": self.detail(flavor)})
                return
        raise ApiError(404, f"Flavor {flavor_id} could not be found.")

    def brief(self, flavor: Flavor) -> Row:
        """A flavor in the short list."""
        row: Row = {"id": flavor.id, "name": flavor.name}
        if self.since(55):
            row["description"] = None
        return {**row, "links": self.links(f"/flavors/{flavor.id}")}

    def detail(self, flavor: Flavor) -> Row:
        """A flavor in full."""
        row = {
            **self.brief(flavor),
            "vcpus": flavor.vcpus,
            "ram": flavor.ram,
            "disk": flavor.disk,
            "swap": 0 if self.since(75) else "",
            "rxtx_factor": 1.0,
            "OS-FLV-EXT-DATA:ephemeral": 0,
            "OS-FLV-DISABLED:disabled": False,
            "os-flavor-access:is_public": True,
        }
        return {**row, "extra_specs": {}} if self.since(61) else row


class Limits(Computing):
    """GET /compute/v2.1/limits."""

    def get(self) -> None:
        """Limits of the project and what is used of them."""
        quotas, used = self.project.quotas, self.project.used
        absolute = {
            "maxTotalInstances": quotas["instances"],
            "maxTotalCores": quotas["cores"],
            "maxTotalRAMSize": quotas["ram"],
            "maxServerMeta": METADATA_ITEMS,
            "maxTotalKeypairs": KEY_PAIRS,
            "maxServerGroups": SERVER_GROUPS,
            "maxServerGroupMembers": SERVER_GROUPS,
            "totalInstancesUsed": used["instances"],
            "totalCoresUsed": used["cores"],
            "totalRAMUsed": used["ram"],
            "totalServerGroupsUsed": 0,
        }
        if not self.since(57):
            absolute |= {"maxPersonality": 5, "maxPersonalitySize": 10240, "maxImageMeta": 128}
        self.answer({"limits": {"rate": [], "absolute": absolute}})


class QuotaSets(Computing):
    """/compute/v2.1/os-quota-sets/PROJECT."""

    def get(self, project_id: str, how: str = "") -> None:
        """The quotas; with /detail also what is used."""
        if project_id != self.project.credentials.project_id:
            self.put(project_id)
        used = self.project.used
        limits = {
            **self.project.quotas,
            "key_pairs": KEY_PAIRS,
            "metadata_items": METADATA_ITEMS,
            "server_groups": SERVER_GROUPS,
            "server_group_members": SERVER_GROUPS,
        }
        if not self.since(36):
            limits |= dict.fromkeys(("fixed_ips", "floating_ips", "security_groups"), -1)
        shown: Row = dict(limits)
        if how == "detail":
            shown = {
                name: {"limit": limit, "in_use": used.get(name, 0), "reserved": 0}
                for name, limit in limits.items()
            }
        self.answer({"quota_set": shown if how == "defaults" else {"id": project_id, **shown}})

    def put(self, project_id: str) -> None:
        """Only for the cloud's operator."""
        policy = "os_compute_api:os-quota-sets:update"
        raise ApiError(403, f"Policy doesn't allow {policy} to be performed.")


class Zones(Computing):
    """GET /compute/v2.1/os-availability-zone."""

    def get(self) -> None:
        """The one zone."""
        zone = {"zoneName": "nova", "zoneState": {"available": True}, "hosts": None}
        self.answer({"availabilityZoneInfo": [zone]})
