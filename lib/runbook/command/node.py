"""One server that can be asked and changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from runbook.command.result import Result, Verb, expect, finished, quoted, with_sudo
from runbook.inventory import Server
from runbook.transport import DEFAULT_LIMIT, Reply


class Transport(Protocol):
    """What carries a command line to a server (transport.Ssh)."""

    def execute(
        self, server: Server, line: str, *, stdin: bytes, deadline: float, limit: int
    ) -> Reply:
        """Run one line; see transport.Ssh.execute."""
        ...

    def is_connected(self, server: Server) -> bool:
        """Whether the connection to a server stands now; none is opened to find out."""
        ...

    def close(self, server: Server | None = None) -> None:
        """Forget the connection to a server; the next command opens a new one."""


# Told of every command that ran: the result and its verb.
Observer = Callable[[Result, Verb], None]


@dataclass(frozen=True)
class Node:
    """A server that can be asked and changed.

    >>> node.ask("etcdctl get %s", "common/cluster-name").text   # doctest: +SKIP
    'selectel-test-cluster\\n'
    """

    server: Server
    transport: Transport
    clock: float = 1.0
    observer: Observer = lambda result, verb: None
    changed: Callable[[Result], None] = lambda result: None  # told of each change that was made
    permit: Callable[[str], None] = lambda what: None  # raises Refused before a change
    conceal: Callable[[str, str], None] = lambda name, value: None  # told of each secret read
    facts: dict[str, str] = field(default_factory=dict, compare=False)
    _probing: threading.Lock = field(default_factory=threading.Lock, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The server's name."""
        return self.server.name

    @property
    def address(self) -> str:
        """The server's address."""
        return self.server.address

    def run(
        self,
        line: str,
        *values: object,
        stdin: str | bytes = b"",
        sudo: bool = False,
        deadline: float = 60.0,
        limit: int = DEFAULT_LIMIT,
    ) -> Result:
        """Run a line with any exit code. deadline: seconds of the target; limit: bytes a stream.

        Raises Unreachable and its kin when the server cannot be reached, NotFinished when the
        command has no exit code, SudoRefused when sudo -n is not allowed.
        """
        return self._execute("run", quoted(line, *values), stdin, sudo, deadline, limit)

    def ask(
        self,
        line: str,
        *values: object,
        stdin: str | bytes = b"",
        sudo: bool = False,
        deadline: float = 60.0,
        accept: Sequence[int] = (0,),
    ) -> Result:
        """Run a line that must end with 0 (or a code in `accept`). Raises CommandFailed."""
        result = self._execute("ask", quoted(line, *values), stdin, sudo, deadline)
        return expect(result, accept)

    def test(self, line: str, *values: object, sudo: bool = False, deadline: float = 60.0) -> bool:
        """Run a line that answers yes (0) or no (1). Raises CommandFailed for any other code."""
        result = self._execute("test", quoted(line, *values), b"", sudo, deadline)
        return expect(result, (0, 1)).exit_code == 0

    def change(
        self,
        line: str,
        *values: object,
        stdin: str | bytes = b"",
        sudo: bool = False,
        deadline: float = 60.0,
        accept: Sequence[int] = (0,),
    ) -> Result:
        """Run a line that changes the server; must end with 0. Raises CommandFailed, Refused."""
        text = quoted(line, *values)
        self.permit(f"{self.name}: {text}")
        result = expect(self._execute("change", text, stdin, sudo, deadline), accept)
        self.changed(result)
        return result

    @property
    def is_connected(self) -> bool:
        """Whether the connection of the commands before still stands."""
        return self.transport.is_connected(self.server)

    def disconnect(self) -> None:
        """Forget the connection, because the server goes down or comes back."""
        self.transport.close(self.server)

    def fact(self, name: str, probe: Callable[[Node], str]) -> str:
        """A fact about the server that does not change in one run: probed once, then kept."""
        with self._probing:
            if name not in self.facts:
                self.facts[name] = probe(self)
            return self.facts[name]

    def _execute(
        self,
        verb: Verb,
        line: str,
        stdin: str | bytes,
        sudo: bool,
        deadline: float,
        limit: int = DEFAULT_LIMIT,
    ) -> Result:
        shown = with_sudo(line) if sudo and self.server.user != "root" else line
        data = stdin.encode() if isinstance(stdin, str) else stdin
        began = time.monotonic()
        reply = self.transport.execute(
            self.server, shown, stdin=data, deadline=deadline, limit=limit
        )
        seconds = (time.monotonic() - began) * self.clock
        result = Result(
            self.name, shown, reply.exit_code, reply.stdout, reply.stderr, seconds, reply.why
        )
        self.observer(result, verb)
        return finished(result, self.server.user)
