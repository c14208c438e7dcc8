"""`start(...)`: wires target, servers, cloud, checks and record for one notebook."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property

import pandas as pd

from runbook import kernel, project
from runbook.changes.base import Act
from runbook.changes.power import PowerSwitch, power_of
from runbook.check import Check, Checks
from runbook.cloud import Cloud, secrets_of
from runbook.command import Node, Nodes, Result, Verb
from runbook.errors import MissingError
from runbook.facts.base import Condition, all_of
from runbook.inventory import Server
from runbook.outage import Meter
from runbook.params import Target, load_target
from runbook.record import Journal
from runbook.secret import Redactor, fetch
from runbook.session import lock
from runbook.session.acts import Acts
from runbook.session.approval import Approval
from runbook.session.first_contact import FirstContact
from runbook.session.hosts import Hosts
from runbook.session.prepare import prepare
from runbook.table import rows_frame
from runbook.transport import Ssh
from runbook.view import banner, progress, tables
from runbook.wait import Waited, wait_until


class Run:
    """One run of one runbook on one target: what a notebook's cells work with."""

    def __init__(self, runbook: str, target: Target, journal: Journal, redactor: Redactor) -> None:
        self.runbook = runbook
        self.target = target
        self.check = Checks(self._note_check)
        self._journal = journal
        self._redactor = redactor
        self._approval = Approval(runbook, journal)
        self._acts = Acts(journal, self._approval.permit)
        self.ssh = Ssh(
            target.ssh.config,
            known_hosts=target.ssh.known_hosts,
            connect_deadline=target.ssh.connect_deadline,
            clock=target.clock,
            vouch=lambda server, key_type, key: contact.vouch(server, key_type, key),
        )
        self._measuring = ExitStack()  # the meter that probes just now
        contact = FirstContact(lambda: self.cloud, self.ssh.route, target.ssh.known_hosts, journal)
        self._hosts = Hosts(target, lambda: self.cloud, self._node)
        # What the parts can do, under one name for the notebooks.
        self.forget_host_key = contact.forget
        self.nodes, self.all_nodes = self._hosts.nodes, self._hosts.all_nodes
        self.bind, self.named, self.bound = self._hosts.bind, self._hosts.named, self._hosts.bound
        self.apply, self.apply_all = self._acts.apply, self._acts.apply_all
        self.apply_together = self._acts.apply_together

    @cached_property
    def cloud(self) -> Cloud | None:
        """The target's cloud; None when it has none: then its servers are there already."""
        access = self.target.cloud
        if access is None:
            return None
        return Cloud(access.name, file=access.file, region=access.region, clock=self.target.clock)

    @cached_property
    def power(self) -> PowerSwitch:
        """The target's power switch. Raises Refused when it has none."""
        return power_of(self.target, self.cloud)

    def need(self, there: object, what: str, *, made_by: str) -> None:
        """What this runbook builds on. Raises MissingError that names the runbook that makes it."""
        if not there:
            raise MissingError(
                f"{what} is missing on target {self.target.name}",
                remedy=f"run the runbook {made_by} first: it makes it",
            )

    def require(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table, when every check until here has held: else it is shown and the run ends.

        Raises CheckFailed.
        """
        if any(not check.passed for check in self.check.made):
            progress.show(table)
        self.check.require()
        return table

    # --- plan and approve --------------------------------------------------------------------

    def plan(self, *acts: Act) -> pd.DataFrame:
        """What will be done: the exact commands per server, and what is done already."""
        return self._approval.plan(acts)

    def approve(self, approved: bool) -> object:
        """Let the changes begin: by parameter headless, by a button in JupyterLab.

        Raises CheckFailed when a check before it failed, Refused when not approved, Planned when
        only the plan was wanted.
        """
        self.check.require()
        return self._approval.ask(approved)

    # --- wait, measure, end ------------------------------------------------------------------

    def wait_until(
        self, what: str, condition: Condition, *, deadline: float = 120.0, every: float = 1.0
    ) -> None:
        """Wait for a condition, showing what is seen; seconds of the target. Raises WaitFailed."""
        self._wait(what, condition, deadline, every)

    def wait_for_all(
        self, what: str, conditions: Sequence[Condition], *, deadline: float = 120.0
    ) -> None:
        """Wait until all conditions hold, looking at them at once. Raises WaitFailed."""
        self._wait(what, all_of(conditions), deadline, 1.0)

    def follow(
        self, meter: Meter, *steps: tuple[str, Condition], deadline: float = 180.0
    ) -> pd.DataFrame:
        """Wait for one step after the other and mark each on the meter's axis.

        Columns: step, after_s (since the meter's first mark), seen. Raises WaitFailed.
        """
        rows = []
        for what, condition in steps:
            waited = self._wait(what, condition, deadline, 0.5)
            at = meter.mark(what)
            rows.append({"step": what, "after_s": at, "seen": waited.observations[-1][1].seen})
        return rows_frame(rows, ("step", "after_s", "seen"), "Seconds since the fault")

    def meter(self, nodes: Nodes, port: int, *, via: Node, interval: float = 0.1) -> Meter:
        """Probe the nodes' addresses from now on, from the jump host if there is one.

        via: else from this node, which the drill leaves alone. A meter that still runs is stopped:
        the cell was run once more.
        """
        self._measuring.close()
        start = self.ssh.jump_of(via.server) or via.server
        addresses = [node.address for node in nodes]
        meter = Meter(self.ssh, start, addresses, port, interval=interval, clock=self.target.clock)
        return self._measuring.enter_context(meter)

    def outcome(self) -> object:
        """All checks in one table, and the banner. Raises CheckFailed when one failed."""
        for node in self._hosts.made:
            for tool, version in node.facts.items():
                self._journal.version(node.name, tool, version)
        progress.show(banner.outcome(self.check.made, self.changes))
        return self.require(self.check.table())

    @property
    def changes(self) -> int:
        """How many lasting changes this run made."""
        return sum(e["event"] == "change" and e["lasting"] for e in self._journal.events)

    def left(self) -> str:
        """What a run that ends here leaves behind; shown, and told. Empty when nothing."""
        words = self._acts.left()
        if words:
            progress.show(banner.banner("The run ends here", words, banner.BAD))
        return words

    # --- inside ------------------------------------------------------------------------------

    def _wait(self, what: str, condition: Condition, deadline: float, every: float) -> Waited:
        with progress.shown() as observer:
            return wait_until(
                what,
                condition,
                deadline=deadline,
                every=every,
                clock=self.target.clock,
                observer=observer,
            )

    def _node(self, server: Server) -> Node:
        return Node(
            server,
            self.ssh,
            clock=self.target.clock,
            observer=self._note_command,
            changed=self._acts.note,
            permit=self._approval.permit,
            conceal=self._redactor.add,
        )

    def _note_command(self, result: Result, verb: Verb) -> None:
        seconds = round(result.seconds, 3)
        self._journal.command(result.server, result.command, result.exit_code, seconds, verb)

    def _note_check(self, check: Check) -> None:
        self._journal.check(check.name, check.expected, check.observed, check.passed)
        progress.show(banner.check(check))


def start(runbook: str, target: str, *, note: str = "") -> Run:
    """Begin a run: read the target file, take its lock, install the record's hooks.

    runbook: the notebook's name; target: a name in params/targets or a path; note: who asked,
    why, which ticket. Raises TargetError, Refused (another run holds the target).
    """
    redactor = Redactor()
    journal = Journal(redactor.clean_all)
    kernel.install(journal, redactor)
    tables.install()
    found = load_target(project.target_file(target))
    journal.target(found.name, found.sha256, found.clock)
    if note:
        journal.operator(note)
    lock.take(found, runbook)
    prepare(found)
    _learn_secrets(found, redactor)
    run = Run(runbook, found, journal, redactor)
    kernel.tell_what_is_left(run.left)
    return run


def _learn_secrets(target: Target, redactor: Redactor) -> None:
    """Every secret that the target file names, and the cloud's own, by value."""
    for name, source in target.secrets.items():
        fetch(name, source, redactor)
    if target.cloud is not None:
        for name, value in secrets_of(target.cloud.name, target.cloud.file):
            redactor.add(name, value)
