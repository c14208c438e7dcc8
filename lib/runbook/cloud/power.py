"""Servers over time: wait for them, stop, start, reboot and delete them."""

from __future__ import annotations

from runbook.cloud.read import CloudReader
from runbook.cloud.refusal import ApiRefused
from runbook.cloud.values import TAG, CloudServer
from runbook.cloud.waiting import Deadline, Observer, Watch, failed, quiet
from runbook.errors import MissingError, Refused

DEADLINE = 300.0  # seconds of the target


class Power(CloudReader):
    """What moves an existing server from one state to another."""

    def wait_for(
        self,
        server: CloudServer,
        status: str = "ACTIVE",
        *,
        deadline: float = DEADLINE,
        observer: Observer = quiet,
    ) -> CloudServer:
        """Wait until the server has `status` and nothing is under way (task state empty).

        observer is told every new state. Raises CloudError (ERROR, with the fault; deleted),
        WaitFailed at the deadline.
        """
        return self._watch(server, deadline, observer).settle(status)

    def _watch(self, server: CloudServer, deadline: float, observer: Observer) -> Watch:
        return Watch(self.get, server, Deadline(deadline, self.clock), observer)

    def stop(self, name: str, *, deadline: float = DEADLINE, observer: Observer = quiet) -> bool:
        """Switch a server off; back when it is SHUTOFF. Returns whether it was on."""
        return self._power(name, "stop", "SHUTOFF", deadline, observer)

    def start(self, name: str, *, deadline: float = DEADLINE, observer: Observer = quiet) -> bool:
        """Switch a server on; back when it is ACTIVE. Returns whether it was off."""
        return self._power(name, "start", "ACTIVE", deadline, observer)

    def _power(self, name: str, act: str, goal: str, deadline: float, observer: Observer) -> bool:
        """Ask until the server takes it (a fresh or busy one does not), then wait for the goal."""
        watch = self._watch(self.server(name), deadline, observer)
        while True:
            server = watch.look()
            if server is None:
                raise MissingError(f"server {name} was deleted meanwhile")
            if server.status == "ERROR":
                raise failed(server)
            if server.is_settled(goal):
                return False
            try:
                with self.connection.doing(f"{act} server {name}") as sdk:
                    getattr(sdk.compute, f"{act}_server")(server.id)
                break
            except ApiRefused as error:
                if not error.not_yet:
                    raise
                watch.pause_or_raise(error)
        watch.settle(goal)
        return True

    def delete(self, name: str, *, deadline: float = DEADLINE, observer: Observer = quiet) -> bool:
        """Delete a server; back when the cloud does not know it any more (404).

        Returns False when there was none. Raises Refused for a server that is not ours.
        """
        server = self.find(name)
        if server is None:
            return False
        if not server.ours:
            raise Refused(
                f"server {name} ({server.id}) does not carry the tag {TAG!r}: it is not ours",
                remedy=f"delete it by hand, or tag it: openstack server set --tag {TAG} {name}",
            )
        with self.connection.doing(f"delete server {name}") as sdk:
            sdk.compute.delete_server(server.id, ignore_missing=True)
        self.await_gone(server, deadline, observer)
        return True

    def await_gone(self, server: CloudServer, deadline: float, observer: Observer) -> None:
        """Wait until the cloud does not know the server any more."""

        def gone(now: CloudServer | None) -> bool:
            if now is not None and now.is_settled("ERROR") and server.status != "ERROR":
                raise failed(now)
            return now is None

        self._watch(server, deadline, observer).until("deleted", gone)
