"""One run of the docker client: what a command's code gets to work with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from runbook_twin.docker.dialect import Dialect
from runbook_twin.docker.engine import Engine
from runbook_twin.docker.failures import ClientError, DaemonError
from runbook_twin.docker.flags import Given, Usage
from runbook_twin.machine import Call


@dataclass
class Cli:
    """A run of a docker command: the call, the engine, what was given."""

    call: Call
    engine: Engine
    given: Given

    @property
    def client(self) -> Dialect:
        """The client's dialect."""
        return self.engine.client

    @property
    def daemon(self) -> Dialect:
        """The daemon's dialect."""
        return self.engine.dialect

    @property
    def api_old(self) -> bool:
        """Whether client and daemon talk the old API (either is of 1.x)."""
        return self.client.old or self.daemon.old

    @property
    def now(self) -> float:
        """The twin's time."""
        return self.engine.now

    def out(self, text: str) -> None:
        """Print on stdout."""
        self.call.out(text)

    def err(self, text: str) -> None:
        """Print on stderr."""
        self.call.err(text)

    def refused(self, error: DaemonError) -> None:
        """Print a daemon's refusal, for commands that go on with the next argument."""
        self.err(f"Error response from daemon: {error.message}\n")

    def missing(self, kind: str, name: str, *, removal: bool = False) -> ClientError:
        """The error for a node or service that is not there, in the client's words."""
        by_daemon = self.client.new or (removal and self.client.old)
        if by_daemon:
            return ClientError(f"Error response from daemon: {kind} {name} not found\n")
        return ClientError(f"Error: No such {kind}: {name}\n")


Act = Callable[[Cli], Awaitable[int]]


@dataclass(frozen=True)
class Command:
    """A command: how it is called and what it does; since: its first version."""

    usage: Usage
    act: Act
    since: tuple[int, int] = (0, 0)
    needs_daemon: bool = True


def each(arguments: list[str], act: Callable[[str], None], cli: Cli) -> int:
    """Do something with every argument, print its name or its error; 1 when one failed."""
    code = 0
    for name in arguments:
        try:
            act(name)
            cli.out(f"{name}\n")
        except DaemonError as error:
            cli.refused(error)
            code = 1
    return code
