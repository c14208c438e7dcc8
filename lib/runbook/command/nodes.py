"""Several servers at once: a table of outcomes, never the first exception."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from runbook.command.node import Node
from runbook.command.result import Result
from runbook.errors import CommandFailed, Evidence, ParseError, RunbookError

_WORKERS = 32


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
        kind = CommandFailed if isinstance(first, ParseError) else type(first)
        raise kind(  # the exit code of the first one stands for all
            f"{len(failed)} of {len(self.outcomes)} servers failed: {', '.join(failed)} "
            f"(fine: {', '.join(fine) or 'none'}). {first.what}{others}",
            evidence=first.evidence,
            remedy=first.remedy,
        ) from first

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
