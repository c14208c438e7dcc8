"""Looking up servers by group, name and address."""

from __future__ import annotations

import pytest

from runbook.errors import MissingError, TargetError
from runbook.inventory import Inventory, Server

NODES = [Server(f"node0{n}", "coreos", f"192.168.0.1{n}", user="core") for n in range(3)]
MANAGER = Server("manager0", "swarm", "192.168.0.100", port=2222, user="rancher")


def test_lookups() -> None:
    inventory = Inventory([*NODES, MANAGER])
    assert inventory.groups == ["coreos", "swarm"]
    assert inventory.group("coreos") == NODES
    assert inventory.server("manager0") is MANAGER and "manager0" in inventory
    assert inventory.at("192.168.0.11") == NODES[1] and inventory.at("10.0.0.1") is None
    assert len(inventory) == 4 and str(MANAGER) == "manager0 (192.168.0.100)"


def test_errors_name_what_exists() -> None:
    inventory = Inventory(NODES)
    with pytest.raises(MissingError) as caught:
        inventory.server("node09")
    assert "node00, node01, node02" in caught.value.remedy
    with pytest.raises(MissingError) as caught:
        inventory.group("swarm")
    assert "coreos" in caught.value.remedy
    with pytest.raises(MissingError, match="there are none"):
        Inventory([]).group("coreos")


def test_a_name_stands_once() -> None:
    with pytest.raises(TargetError, match="two servers have the name node00"):
        Inventory([NODES[0], Server("node00", "swarm", "10.0.0.1")])
