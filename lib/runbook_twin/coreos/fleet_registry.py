"""fleet's registry: its keys in etcd."""

from __future__ import annotations

import json
from typing import Any

from runbook_twin.coreos import unit_file
from runbook_twin.coreos.etcd_http import confirm
from runbook_twin.coreos.etcd_raft import Server, running
from runbook_twin.coreos.etcd_store import EtcdError, Node
from runbook_twin.coreos.fleet_job import INACTIVE, LAUNCHED, LOADED, Job, MachineState, UnitState
from runbook_twin.machine import Machine

_PREFIX = "/_coreos.com/fleet"
_REQUEST_TIMEOUT_S = 1.0


class Unavailable(Exception):
    """etcd does not answer, or has no quorum."""


class Registry:
    """Reads and writes through the etcd of one machine. Every method raises Unavailable."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    # --- keys

    async def _server(self) -> Server:
        server = running(self.machine)
        if server is None:
            raise Unavailable
        try:
            await confirm(server, _REQUEST_TIMEOUT_S)
        except EtcdError as error:
            raise Unavailable from error
        return server

    async def _children(self, *path: str) -> dict[str, Node]:
        store = (await self._server()).replica.store
        key = "/".join((_PREFIX, *path))
        return dict(store.find(key).children) if store.exists(key) else {}

    async def _set(
        self, *path: str, value: str, ttl: float | None = None, **conditions: Any
    ) -> bool:
        """Write a key; False if a condition did not hold."""
        server = await self._server()
        operation = {"action": "set", "now": server.now(), "key": "/".join((_PREFIX, *path))}
        try:
            await server.propose(
                operation | {"value": value, "ttl": ttl} | conditions, _REQUEST_TIMEOUT_S
            )
        except EtcdError as error:
            if error.code == 300:
                raise Unavailable from error
            return False
        return True

    async def _delete(self, *path: str, **conditions: Any) -> bool:
        server = await self._server()
        operation = {"action": "delete", "now": server.now(), "key": "/".join((_PREFIX, *path))}
        try:
            await server.propose(operation | {"recursive": True} | conditions, _REQUEST_TIMEOUT_S)
        except EtcdError as error:
            if error.code == 300:
                raise Unavailable from error
            return False
        return True

    # --- machines

    async def machines(self) -> dict[str, MachineState]:
        """Machines that have shown themselves within their time to live, by id."""
        found: dict[str, MachineState] = {}
        for number, node in sorted((await self._children("machines")).items()):
            if "object" in node.children:
                saved = json.loads(node.children["object"].value or "{}")
                found[number] = MachineState(
                    saved["ID"], saved["PublicIP"], saved["Metadata"] or {}
                )
        return found

    async def show_machine(self, state: MachineState, ttl: float) -> None:
        """A machine shows itself."""
        saved = {
            "ID": state.id,
            "PublicIP": state.ip,
            "Metadata": state.metadata,
            "Version": "0.11.8",
        }
        await self._set("machines", state.id, "object", value=json.dumps(saved), ttl=ttl)

    # --- units

    async def jobs(self) -> dict[str, Job]:
        """All units by name, with their targets and states."""
        texts = await self._children("unit")
        states = await self.states()
        found: dict[str, Job] = {}
        for name, node in sorted((await self._children("job")).items()):
            values = {key: child.value or "" for key, child in node.children.items()}
            if "object" not in values:
                continue
            digest = bytes(json.loads(values["object"])["UnitHash"]).hex()
            options = tuple(unit_file.parse(json.loads(texts[digest].value or "{}")["Raw"]))
            target = values.get("target", "")
            state = states.get((name, target)) if target else None
            current = INACTIVE
            if state:
                current = LAUNCHED if values.get("job-state") == target else LOADED
            job = Job(name, options, values.get("target-state", INACTIVE), target, current)
            if job.is_global:
                job = Job(name, options, job.desired, "", "")
            found[name] = job
        return found

    async def create(self, name: str, options: tuple[unit_file.Option, ...]) -> None:
        """Put a unit into the registry."""
        digest = unit_file.digest(options)
        await self._set("unit", digest, value=json.dumps({"Raw": unit_file.serialise(options)}))
        saved = {"Name": name, "UnitHash": list(bytes.fromhex(digest))}
        await self._set("job", name, "object", value=json.dumps(saved), prevExist=False)

    async def destroy(self, name: str) -> bool:
        """Take a unit out; False if it is not there."""
        return await self._delete("job", name)

    async def want(self, name: str, state: str) -> None:
        """Set the state that a unit should have."""
        await self._set("job", name, "target-state", value=state)

    async def place(self, name: str, machine: str) -> None:
        """Schedule a unit to a machine."""
        await self._set("job", name, "target", value=machine, prevExist=False)

    async def displace(self, name: str, machine: str) -> None:
        """Take a unit off its machine."""
        await self._delete("job", name, "target", prevValue=machine)

    async def beat(self, name: str, machine: str, ttl: float) -> None:
        """A machine says that it has launched a unit."""
        await self._set("job", name, "job-state", value=machine, ttl=ttl)

    async def still(self, name: str) -> None:
        """A machine has stopped a unit."""
        await self._delete("job", name, "job-state")

    # --- states

    async def states(self) -> dict[tuple[str, str], UnitState]:
        """What the agents say of units, by unit and machine."""
        found: dict[tuple[str, str], UnitState] = {}
        for name, folder in sorted((await self._children("states")).items()):
            for machine, node in sorted(folder.children.items()):
                found[name, machine] = UnitState(name, machine, **json.loads(node.value or "{}"))
        return found

    async def publish(self, state: UnitState, ttl: float) -> None:
        """An agent says how a unit is."""
        saved = {field: getattr(state, field) for field in ("load", "active", "sub", "hash")}
        await self._set("states", state.name, state.machine, value=json.dumps(saved), ttl=ttl)

    async def withdraw(self, name: str, machine: str) -> None:
        """An agent has nothing to say of a unit any more."""
        await self._delete("states", name, machine)

    # --- engine

    async def lead(self, machine: str, ttl: float) -> bool:
        """Take or renew the engines' lease; whether this machine leads now."""
        value = json.dumps({"MachineID": machine, "Version": 1})
        lease = ("lease", "engine-leader")
        if await self._set(*lease, value=value, ttl=ttl, prevValue=value):
            return True
        if not await self._set(*lease, value=value, ttl=ttl, prevExist=False):
            return False
        await self._set("engine", "version", value="1")
        return True
