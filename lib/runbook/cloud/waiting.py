"""Wait for a server, looking often, until it is where it should be or the deadline passes."""

from __future__ import annotations

import time
from collections.abc import Callable

from runbook.cloud.refusal import ApiRefused
from runbook.cloud.values import GONE, CloudServer, Seen
from runbook.errors import CloudError, Evidence, Unreachable, WaitFailed

INTERVAL = 0.15  # our own seconds between two looks
Observer = Callable[[Seen], None]
Get = Callable[[str], CloudServer | None]

_PLAIN_FAULTS = {
    "No valid host": (
        "no hypervisor of the cloud has room for it (No valid host was found)",
        "use a smaller flavor, or ask the cloud's operator for room",
    ),
    "Exhausted all hosts": (
        "no hypervisor could build it; most often its fixed address is not in the subnet",
        "check that the address belongs to the network's subnet",
    ),
}


class Deadline:
    """A limit in seconds of the target, whose clock runs `clock` times faster than ours."""

    def __init__(self, seconds: float, clock: float) -> None:
        self.seconds = seconds
        self._clock = clock
        self._began = time.monotonic()

    @property
    def after(self) -> float:
        """Seconds of the target since the beginning."""
        return (time.monotonic() - self._began) * self._clock

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return self.after >= self.seconds

    def pause(self) -> None:
        """Wait until the next look is due."""
        time.sleep(INTERVAL)


def quiet(seen: Seen) -> None:
    """The observer that nobody asked for."""


def failed(server: CloudServer) -> CloudError:
    """A server that went to ERROR, with the fault in plain words."""
    why, remedy = server.fault or "the cloud does not say why", ""
    for sign, (words, cure) in _PLAIN_FAULTS.items():
        if sign in server.fault:
            why, remedy = words, f"{cure}; "
    return CloudError(
        f"server {server.name} ({server.id}) went to ERROR: {why}",
        evidence=Evidence(server=server.name, tail=server.fault),
        remedy=f"{remedy}delete the server and run it again",
    )


class Watch:
    """Looks at one server until something holds, and tells every new state to the observer."""

    def __init__(
        self, get: Get, server: CloudServer, deadline: Deadline, observer: Observer
    ) -> None:
        self._get = get
        self._name = server.name
        self._id = server.id
        self._deadline = deadline
        self._observer = observer
        self._last: tuple[str, str | None] | None = None

    def look(self) -> CloudServer | None:
        """The server now (None: gone). The cloud's own trouble is borne until the deadline."""
        while True:
            try:
                server = self._get(self._id)
            except (ApiRefused, Unreachable) as error:
                if self._deadline.passed or not (
                    type(error) is Unreachable or (isinstance(error, ApiRefused) and error.hiccup)
                ):
                    raise
                self._deadline.pause()
                continue
            self._tell(server)
            return server

    def _tell(self, server: CloudServer | None) -> None:
        state = (server.status, server.task_state) if server else (GONE, None)
        if state != self._last:
            self._last = state
            self._observer(Seen(self._name, self._deadline.after, *state))

    def until(self, what: str, holds: Callable[[CloudServer | None], bool]) -> CloudServer | None:
        """Look until `holds`. Raises WaitFailed at the deadline."""
        while True:
            server = self.look()
            if holds(server):
                return server
            self.give_up_when_late(what)
            self._deadline.pause()

    def give_up_when_late(self, what: str) -> None:
        """Raise WaitFailed with the last state once the deadline has passed."""
        if not self._deadline.passed:
            return
        status, task = self._last or ("never seen", None)
        doing = f" ({task})" if task else ""
        raise WaitFailed(
            f"server {self._name} was not {what} within {self._deadline.seconds:.0f} s; "
            f"it is {status}{doing}",
            evidence=Evidence(server=self._name, seconds=self._deadline.after),
            remedy="look at the server in the cloud; a longer deadline may help",
        )

    def pause_or_raise(self, error: ApiRefused) -> None:
        """Wait for the next try, or raise `error` when the time is up."""
        if self._deadline.passed:
            raise error
        self._deadline.pause()

    def settle(self, status: str) -> CloudServer:
        """Wait for `status` with nothing under way.

        Raises CloudError when the server goes to ERROR or vanishes, WaitFailed at the deadline.
        """

        def holds(server: CloudServer | None) -> bool:
            if server is None or server.status == "DELETED":
                raise CloudError(
                    f"server {self._name} ({self._id}) was deleted while it was awaited",
                    remedy="find out who deleted it, then run it again",
                )
            if server.status == "ERROR" and status != "ERROR":
                raise failed(server)
            return server.is_settled(status)

        settled = self.until(status, holds)
        assert settled is not None  # noqa: S101 - `holds` has raised otherwise
        return settled
