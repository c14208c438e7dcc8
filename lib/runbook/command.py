"""Command lines on servers: quoting, sudo, timing, and four verbs that say what a failure is.

run: any exit code is an answer; ask: must be 0; test: 0 or 1, as a bool; change: must be 0 and
is recorded as a change. On one server (Node) or on many at once (Nodes).
"""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal, Protocol

from runbook.errors import (
    CommandFailed,
    Evidence,
    NotFinished,
    RunbookError,
    SudoRefused,
    ToolMissing,
)
from runbook.inventory import Server
from runbook.transport import DEFAULT_LIMIT, Reply

Verb = Literal["run", "ask", "test", "change"]
_WORKERS = 32


class Transport(Protocol):
    """What carries a command line to a server (transport.Ssh)."""

    def execute(
        self, server: Server, line: str, *, stdin: bytes, deadline: float, limit: int
    ) -> Reply:
        """Run one line; see transport.Ssh.execute."""
        ...

    def close(self, server: Server | None = None) -> None:
        """Forget the connection to a server; the next command opens a new one."""


@dataclass(frozen=True)
class Result:
    """One command that ran: exit_code None = did not finish; seconds in the target's time."""

    server: str
    command: str
    exit_code: int | None
    stdout: bytes
    stderr: bytes
    seconds: float
    why: str = ""

    @property
    def text(self) -> str:
        """stdout as text; bytes that are no UTF-8 stay visible."""
        return self.stdout.decode("utf-8", "backslashreplace")

    @property
    def errors(self) -> str:
        """stderr as text."""
        return self.stderr.decode("utf-8", "backslashreplace")

    @property
    def evidence(self) -> Evidence:
        """What an error shows of it: the last lines of both streams."""
        tail = "\n".join(part for part in (self.text.rstrip(), self.errors.rstrip()) if part)
        return Evidence(self.server, self.command, self.exit_code, self.seconds, tail)


# Told of every command that ran: the result, its verb, and for a change what it is for.
Observer = Callable[[Result, Verb], None]


def quoted(line: str, *values: object) -> str:
    """`line` with each %s replaced by a quoted value; without values it is taken as it is.

    >>> quoted("cat -- %s", "/tmp/a b; rm -rf /")
    "cat -- '/tmp/a b; rm -rf /'"
    """
    return line % tuple(shlex.quote(str(value)) for value in values) if values else line


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
        return _expect(result, accept)

    def test(self, line: str, *values: object, sudo: bool = False, deadline: float = 60.0) -> bool:
        """Run a line that answers yes (0) or no (1). Raises CommandFailed for any other code."""
        result = self._execute("test", quoted(line, *values), b"", sudo, deadline)
        return _expect(result, (0, 1)).exit_code == 0

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
        return _expect(self._execute("change", text, stdin, sudo, deadline), accept)

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
        shown = f"sudo -n {line}" if sudo and self.server.user != "root" else line
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
        if result.exit_code is None:
            raise NotFinished(
                f"{self.name}: the command did not finish: {result.why}",
                evidence=result.evidence,
                remedy="look at the server before you run it again: it may have done part of it",
            )
        if shown.startswith("sudo ") and _sudo_refused(result):
            raise SudoRefused(
                f"{self.name}: {self.server.user} may not use sudo without a password",
                evidence=result.evidence,
                remedy=f"allow {self.server.user} NOPASSWD for it in sudoers",
            )
        return result


def _sudo_refused(result: Result) -> bool:
    words = ("a password is required", "not in the sudoers", "not allowed to", "no tty present")
    said = [line for line in result.errors.splitlines() if line.startswith("sudo:")]
    return result.exit_code == 1 and any(word in line for line in said for word in words)


def _expect(result: Result, accept: Sequence[int]) -> Result:
    if result.exit_code in accept:
        return result
    if result.exit_code == 127:
        tool = next(w for w in result.command.removeprefix("sudo -n ").split() if "=" not in w)
        raise ToolMissing(
            f"{result.server}: there is no program {tool!r}",
            evidence=result.evidence,
            remedy=f"install {tool} there, or run the runbook that fits this server",
        )
    raise CommandFailed(
        f"{result.server}: the command ended with exit code {result.exit_code}",
        evidence=result.evidence,
        remedy="read its last lines above; they are the tool's own reason",
    )


@dataclass(frozen=True)
class Outcomes:
    """What many servers answered: for each a Result or the error, in the order of the nodes."""

    outcomes: tuple[tuple[Node, Result | RunbookError], ...]

    @property
    def results(self) -> list[Result]:
        """All results. Raises one error that tells who failed and who did not."""
        failed = {n.name: o for n, o in self.outcomes if isinstance(o, RunbookError)}
        if not failed:
            return [o for _, o in self.outcomes if isinstance(o, Result)]
        first = next(iter(failed.values()))
        fine = [n.name for n, o in self.outcomes if isinstance(o, Result)]
        others = "".join(f"\n{name}: {o.what}" for name, o in list(failed.items())[1:])
        raise type(first)(  # the exit code of the first one stands for all
            f"{len(failed)} of {len(self.outcomes)} servers failed: {', '.join(failed)} "
            f"(fine: {', '.join(fine) or 'none'}). {first.what}{others}",
            evidence=first.evidence,
            remedy=first.remedy,
        )

    @property
    def rows(self) -> list[dict[str, object]]:
        """server, outcome, exit_code, seconds, last_line."""
        return [_outcome_row(node, outcome) for node, outcome in self.outcomes]


def _outcome_row(node: Node, outcome: Result | RunbookError) -> dict[str, object]:
    if isinstance(outcome, Result):
        last = (outcome.text.rstrip() or outcome.errors.rstrip()).rpartition("\n")[2]
        kind = "ok" if outcome.exit_code == 0 else "failed"
        code, seconds = outcome.exit_code, outcome.seconds
    else:
        last, kind = outcome.what, type(outcome).__name__
        evidence = outcome.evidence or Evidence()
        code, seconds = evidence.exit_code, evidence.seconds or 0.0
    return {
        "server": node.name,
        "outcome": kind,
        "exit_code": code,
        "seconds": round(seconds, 2),
        "last_line": last,
    }


class Nodes(Sequence[Node]):
    """Several servers, asked at once; one that fails does not hide the others."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = tuple(nodes)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # int or slice, as a tuple's
        found = self._nodes[index]
        return Nodes(found) if isinstance(found, tuple) else found

    def __len__(self) -> int:
        return len(self._nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes)

    @property
    def names(self) -> list[str]:
        """The servers' names."""
        return [node.name for node in self._nodes]

    def named(self, name: str) -> Node:
        """The node of that name. Raises RunbookError with the names there are."""
        for node in self._nodes:
            if node.name == name:
                return node
        raise RunbookError(f"no server {name!r} among {', '.join(self.names) or 'none'}")

    def at(self, address: str) -> Node:
        """The node with that address. Raises RunbookError with the addresses there are."""
        for node in self._nodes:
            if node.address == address:
                return node
        known = ", ".join(node.address for node in self._nodes)
        raise RunbookError(f"no server at {address} among {known or 'none'}")

    def without(self, *names: str) -> Nodes:
        """The other nodes."""
        return Nodes([node for node in self._nodes if node.name not in names])

    def each(self, act: Callable[[Node], Result]) -> Outcomes:
        """Do `act` on every node at once; a table of outcomes, never the first exception."""

        def attempt(node: Node) -> Result | RunbookError:
            try:
                return act(node)
            except RunbookError as error:
                return error

        with ThreadPoolExecutor(max(1, min(len(self), _WORKERS))) as pool:
            return Outcomes(tuple(zip(self._nodes, pool.map(attempt, self._nodes), strict=True)))

    def run(
        self, line: str, *values: object, sudo: bool = False, deadline: float = 60.0
    ) -> Outcomes:
        """Node.run on every node."""
        return self.each(lambda node: node.run(line, *values, sudo=sudo, deadline=deadline))

    def ask(
        self, line: str, *values: object, sudo: bool = False, deadline: float = 60.0
    ) -> Outcomes:
        """Node.ask on every node."""
        return self.each(lambda node: node.ask(line, *values, sudo=sudo, deadline=deadline))

    def change(
        self, line: str, *values: object, sudo: bool = False, deadline: float = 60.0
    ) -> Outcomes:
        """Node.change on every node."""
        return self.each(lambda node: node.change(line, *values, sudo=sudo, deadline=deadline))
