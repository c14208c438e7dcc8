"""Security groups and their rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runbook_twin.openstack.handler import ApiError, Row

if TYPE_CHECKING:
    from runbook_twin.openstack.network_store import NetworkStore

# What makes two rules the same rule.
MATCH = (
    *("direction", "ethertype", "protocol", "port_range_min", "port_range_max"),
    *("remote_ip_prefix", "remote_group_id"),
)


class SecurityGroups:
    """The groups of the project; `default` is always there."""

    def __init__(self, store: NetworkStore) -> None:
        self.store = store
        self.groups: dict[str, Row] = {}
        self.rules: dict[str, Row] = {}
        self.default: Row = {}
        self.default = self._make("default", "Default security group")
        for family in ("IPv4", "IPv6"):
            remote = self.default["id"]
            self._add(remote, direction="ingress", ethertype=family, remote_group_id=remote)

    def group(self, group_id: str) -> Row:
        """A group. Raises ApiError 404."""
        if group_id not in self.groups:
            message = f"Security group {group_id} does not exist"
            raise ApiError(404, message, "SecurityGroupNotFound")
        return self.groups[group_id]

    def named(self, name: str) -> Row | None:
        """The group of that name or id."""
        return next((g for g in self.groups.values() if name in (g["name"], g["id"])), None)

    def create_group(self, body: Row) -> Row:
        """Make a group that lets everything out."""
        if body.get("name") == "default":
            message = "Default security group already exists."
            raise ApiError(409, message, "SecurityGroupDefaultAlreadyExists")
        self.store.within_quota("security_group")
        return self._make(body.get("name", ""), body.get("description", ""))

    def _make(self, name: str, description: str) -> Row:
        row = self.store.common({"name": name, "description": description})
        row |= {"stateful": True, "shared": False, "security_group_rules": []}
        self.groups[row["id"]] = row
        for family in ("IPv4", "IPv6"):
            self._add(row["id"], direction="egress", ethertype=family)
        return row

    def delete_group(self, group_id: str) -> None:
        """Remove a group with its rules. Raises ApiError 409 for `default` or one in use."""
        if group_id == self.default["id"]:
            message = "Insufficient rights for removing default security group."
            raise ApiError(409, message, "SecurityGroupCannotRemoveDefault")
        if any(group_id in port["security_groups"] for port in self.store.ports.values()):
            raise ApiError(409, f"Security Group {group_id} in use.", "SecurityGroupInUse")
        for rule in self.group(group_id)["security_group_rules"]:
            self.rules.pop(rule["id"], None)
        del self.groups[group_id]

    def create_rule(self, body: Row) -> Row:
        """Add a rule. Raises ApiError 400 (ports without a protocol) or 409 (it exists)."""
        group = self.group(str(body.get("security_group_id")))
        if body.get("direction") not in ("ingress", "egress"):
            given = body.get("direction")
            why = f"Reason: '{given}' is not in ['ingress', 'egress']."
            raise ApiError(400, f"Invalid input for direction. {why}")
        wanted = {key: body.get(key) for key in MATCH}
        wanted["ethertype"] = body.get("ethertype") or "IPv4"
        low, high = wanted["port_range_min"], wanted["port_range_max"]
        if (low is not None or high is not None) and not wanted["protocol"]:
            message = "Must also specify protocol if port range is given."
            raise ApiError(400, message, "SecurityGroupProtocolRequiredWithPorts")
        for rule in group["security_group_rules"]:
            if all(rule[key] == value for key, value in wanted.items()):
                message = f"Security group rule already exists. Rule id is {rule['id']}."
                raise ApiError(409, message, "SecurityGroupRuleExists")
        self.store.within_quota("security_group_rule")
        return self._add(group["id"], **{**wanted, "description": body.get("description", "")})

    def delete_rule(self, rule_id: str) -> None:
        """Remove a rule."""
        rule = self.rules.pop(rule_id)
        self.groups[rule["security_group_id"]]["security_group_rules"].remove(rule)

    def _add(self, group_id: str, **given: Any) -> Row:
        row = self.store.common(given)
        del row["name"]
        row |= dict.fromkeys(MATCH) | given
        row |= {"security_group_id": group_id, "normalized_cidr": given.get("remote_ip_prefix")}
        self.rules[row["id"]] = row
        self.groups[group_id]["security_group_rules"].append(row)
        return row
