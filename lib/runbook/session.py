"""`start(...)`: wires target, servers, cloud, checks and record for one notebook."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import IO

import pandas as pd

from runbook import kernel, project, ssh_config
from runbook.changes.base import Act, plan_table
from runbook.changes.servers import PowerSwitch, power_of
from runbook.check import Check, Checks
from runbook.cloud import Cloud
from runbook.command import Node, Nodes, Result, Verb
from runbook.errors import (
    MissingError,
    Refused,
    RunbookError,
    TargetError,
    Unreachable,
)
from runbook.facts.base import Condition, all_of
from runbook.inventory import Server
from runbook.outage import Meter
from runbook.params import Group, Target, load_target
from runbook.record import VARIABLE, Journal, Planned
from runbook.secret import Redactor
from runbook.table import rows_frame
from runbook.transport import Ssh
from runbook.view import banner, button, progress, tables
from runbook.wait import Waited, wait_until

PLAN_VARIABLE = "RUNBOOK_PLAN"


class Run:
    """One run of one runbook on one target: what a notebook's cells work with."""

    def __init__(self, runbook: str, target: Target, journal: Journal, redactor: Redactor) -> None:
        self.runbook = runbook
        self.target = target
        self._journal = journal
        self._redactor = redactor
        self._doing = threading.local()  # acts run in threads of their own
        self._nothing_to_do = False
        self._approved = False
        self._lock = _take_lock(target, runbook)
        self._nodes: list[Node] = []
        self.check = Checks(self._note_check)
        self.ssh = Ssh(
            target.ssh.config,
            known_hosts=target.ssh.known_hosts,
            connect_deadline=target.ssh.connect_deadline,
            clock=target.clock,
            vouch=self._vouch,
        )

    # --- where -----------------------------------------------------------------------------

    @cached_property
    def cloud(self) -> Cloud:
        """The target's cloud. Raises Refused when it has none."""
        access = self.target.cloud
        if access is None:
            raise Refused(
                f"target {self.target.name} has no cloud, and this runbook needs one",
                remedy=f"add `cloud` to {self.target.file}, or make the servers by hand",
            )
        return Cloud(access.name, file=access.file, region=access.region, clock=self.target.clock)

    @property
    def cloud_or_none(self) -> Cloud | None:
        """The target's cloud, if it has one."""
        return self.cloud if self.target.cloud else None

    @cached_property
    def power(self) -> PowerSwitch:
        """The target's power switch. Raises Refused when it has none."""
        return power_of(self.target, lambda: self.cloud)

    def group(self, name: str) -> Group:
        """A group of the target file. Raises TargetError with the groups there are."""
        if name not in self.target.groups:
            raise TargetError(
                f"{self.target.file}: there is no group {name!r}",
                remedy=f"add it, or use one of: {', '.join(self.target.groups)}",
            )
        return self.target.groups[name]

    def servers(self, group: str) -> list[Server]:
        """The servers that the target file names in a group."""
        wanted = self.group(group)
        return [
            Server(
                name=name,
                group=group,
                address=str(entry.address),
                port=entry.port,
                user=wanted.user,
                image=wanted.image or "",
            )
            for name, entry in wanted.servers.items()
        ]

    def nodes(self, group: str, *names: str) -> Nodes:
        """The servers of a group (or those named) as nodes; nothing is connected yet."""
        servers = self.servers(group)
        if unknown := set(names) - {server.name for server in servers}:
            raise TargetError(
                f"{self.target.file}: group {group} has no server {', '.join(sorted(unknown))}",
                remedy=f"it has: {', '.join(server.name for server in servers)}",
            )
        made = [self._node(s) for s in servers if not names or s.name in names]
        return Nodes(made)

    def bind(self, group: str, *names: str, made_by: str) -> Nodes:
        """The servers of a group, each logged in to.

        Raises MissingError that names the runbook which makes them when the cloud has none of
        these servers, Unreachable (or NotAuthenticated, HostKeyError) otherwise.
        """
        nodes = self.nodes(group, *names)
        try:
            nodes.run("uname -sr", deadline=20).results
        except Unreachable as error:
            self._explain_missing(nodes, made_by, error)
            raise
        return nodes

    def all_nodes(self, groups: Sequence[str]) -> Nodes:
        """The servers of several groups as nodes."""
        return Nodes([node for group in groups for node in self.nodes(group)])

    def named(self, *nodes: Node) -> pd.DataFrame:
        """Servers as the target file names them. Columns: server, address, user, group, image."""
        rows = [{**vars(node.server), "server": node.name} for node in nodes]
        columns = ("server", "address", "user", "group", "image")
        return rows_frame(rows, columns, f"Servers of target {self.target.name}")

    def bound(self, nodes: Nodes) -> pd.DataFrame:
        """Who answers. Columns: server, address, user, system, uptime."""
        results = nodes.run("uname -sr", deadline=20).results
        rows = [
            {
                "server": node.name,
                "address": node.address,
                "user": node.server.user,
                "group": node.server.group,
                "system": result.text.strip(),
            }
            for node, result in zip(nodes, results, strict=True)
        ]
        columns = ("server", "address", "user", "group", "system")
        return rows_frame(rows, columns, f"Servers of target {self.target.name} that answer")

    # --- plan, approve, act ------------------------------------------------------------------

    def plan(self, *acts: Act) -> pd.DataFrame:
        """Show what will be done: the exact commands per server, and what is done already."""
        table = plan_table(acts)
        self._nothing_to_do = bool((table.state != "to do").all())
        return table

    def approve(self, approved: bool) -> object:
        """Let the changes begin: by parameter headless, by a button in JupyterLab.

        Raises CheckFailed when a check before it failed, Refused when not approved, Planned when
        only the plan was wanted.
        """
        self.check.require()
        if os.environ.get(PLAN_VARIABLE):
            raise Planned("the plan is shown; nothing was touched, as asked")
        if approved or self._nothing_to_do:
            self._approved = True
            return banner.approved("by parameter" if approved else "there is nothing to do")
        if VARIABLE in os.environ:
            reason = f"{self.runbook} was not approved"
            self._journal.refused(reason)
            raise Refused(
                f"{reason}; nothing was touched",
                remedy="read the plan above, then run it again with approved=true",
            )
        return button.approval(self._approve)

    def apply(self, act: Act) -> pd.DataFrame:
        """Do one act, unless there is nothing left to do. Columns: act, outcome."""
        if act.is_done():
            outcome = "nothing to do: it is so already"
        else:
            self._permit(act.what)
            self._doing.act = act
            try:
                done = act.apply()
            finally:
                self._doing.act = None
            if not isinstance(done, Result):  # a command was recorded where it ran
                self._journal.change(act.steps[0][0], act.steps[0][1], act.what, act.lasting)
            outcome = "done"
        return rows_frame([{"act": act.what, "outcome": outcome}], ("act", "outcome"))

    def apply_together(self, acts: Sequence[Act]) -> pd.DataFrame:
        """Do acts at the same time; all end before the first error is raised."""
        with ThreadPoolExecutor(max(len(acts), 1)) as pool:
            return pd.concat(list(pool.map(self.apply, acts)), ignore_index=True)

    def apply_all(self, acts: Sequence[Act]) -> pd.DataFrame:
        """Do acts one after the other. Columns: act, outcome."""
        empty = rows_frame([], ("act", "outcome"))
        return pd.concat([empty, *(self.apply(act) for act in acts)], ignore_index=True)

    # --- wait, measure, end -------------------------------------------------------------------

    def wait_until(
        self, what: str, condition: Condition, *, deadline: float = 120.0, every: float = 1.0
    ) -> Waited:
        """Wait for a condition, showing what is seen; seconds of the target. Raises WaitFailed."""
        with progress.shown() as observer:
            return wait_until(
                what,
                condition,
                deadline=deadline,
                every=every,
                clock=self.target.clock,
                observer=observer,
            )

    def wait_for_all(
        self, what: str, conditions: Sequence[Condition], *, deadline: float = 120.0
    ) -> Waited:
        """Wait until all conditions hold, looking at them at once. Raises WaitFailed."""
        return self.wait_until(what, all_of(conditions), deadline=deadline)

    def follow(
        self, meter: Meter, *steps: tuple[str, Condition], deadline: float = 180.0
    ) -> pd.DataFrame:
        """Wait for one step after the other and mark each on the meter's axis.

        Columns: step, after_s (since the meter's first mark), seen. Raises WaitFailed.
        """
        rows = []
        for what, condition in steps:
            waited = self.wait_until(what, condition, deadline=deadline, every=0.5)
            at = meter.mark(what)
            rows.append({"step": what, "after_s": at, "seen": waited.observations[-1][1].seen})
        return rows_frame(rows, ("step", "after_s", "seen"), "Seconds since the fault")

    def need(self, there: object, what: str, *, made_by: str) -> None:
        """What this runbook builds on. Raises MissingError that names the runbook that makes it."""
        if not there:
            raise MissingError(
                f"{what} is missing on target {self.target.name}",
                remedy=f"run the runbook {made_by} first: it makes it",
            )

    def meter(self, nodes: Nodes, port: int = 80, *, interval: float = 0.1) -> Meter:
        """An outage meter over the addresses of these nodes, through the jump host if there is one."""
        via = self.ssh.jump_of(nodes[0].server) or nodes[0].server
        return Meter(
            self.ssh,
            via,
            [node.address for node in nodes],
            port,
            interval=interval,
            clock=self.target.clock,
        )

    def outcome(self) -> object:
        """All checks in one table, and the banner. Raises CheckFailed when one failed."""
        for node in self._nodes:
            for tool, version in node.facts.items():
                self._journal.version(node.name, tool, version)
        table = self.check.table()
        progress.show(banner.outcome(self.check.made, self.changes))
        if any(not check.passed for check in self.check.made):
            progress.show(table)
        self.check.require()
        return table

    @property
    def changes(self) -> int:
        """How many lasting changes this run made."""
        return sum(e["event"] == "change" and e["lasting"] for e in self._journal.events)

    # --- inside -----------------------------------------------------------------------------

    def _node(self, server: Server) -> Node:
        for node in self._nodes:
            if node.server == server:
                return node
        node = Node(
            server,
            self.ssh,
            clock=self.target.clock,
            observer=self._note_command,
            permit=self._permit,
            conceal=self._redactor.add,
        )
        self._nodes.append(node)
        return node

    def _approve(self) -> None:
        self._approved = True

    def _permit(self, what: str) -> None:
        if not self._approved:
            raise Refused(
                f"not approved: {what}; nothing was touched",
                remedy="run the cells in order and approve the plan first",
            )

    def _note_command(self, result: Result, verb: Verb) -> None:
        seconds = round(result.seconds, 3)
        self._journal.command(result.server, result.command, result.exit_code, seconds, verb)
        if verb == "change":
            act: Act | None = getattr(self._doing, "act", None)
            what, lasting = (act.what, act.lasting) if act else (result.command, True)
            self._journal.change(result.server, result.command, what, lasting)

    def _note_check(self, check: Check) -> None:
        self._journal.check(check.name, check.expected, check.observed, check.passed)
        progress.show(banner.check(check))

    def _vouch(self, server: Server, key_type: str, key: str) -> bool:
        """An unknown host key is right when the cloud's console log of the server shows it."""
        if self.target.cloud is None or not server.group:
            return False
        keys = self.cloud.host_keys(server.name)
        if (key_type, key) not in keys:
            return False
        file = self.known_hosts(server)
        name = ssh_config.known_name(server.address, server.port)
        with file.open("a") as lines:
            lines.write(f"{name} {key_type} {key}\n")
        self._journal.version(server.name, "host key from its console log", f"{key_type} {key}")
        return True

    def known_hosts(self, server: Server) -> Path:
        """The known_hosts file that speaks of a server."""
        return self.target.ssh.known_hosts or self.ssh.route(server).known_hosts[0]

    def _explain_missing(self, nodes: Nodes, made_by: str, error: RunbookError) -> None:
        """Raise MissingError when the cloud does not have these servers at all."""
        if self.target.cloud is None:
            return
        there = {server.name: server.status for server in self.cloud.servers(nodes[0].server.group)}
        missing = [node.name for node in nodes if node.name not in there]
        off = [f"{n} is {s}" for n, s in there.items() if n in nodes.names and s != "ACTIVE"]
        if missing:
            raise MissingError(
                f"the cloud has no server {', '.join(missing)}",
                remedy=f"run the runbook {made_by} first: it makes them",
            ) from error
        if off:
            raise MissingError(
                f"not all servers are on: {', '.join(off)}",
                remedy="start them (openstack server start NAME), then run this again",
            ) from error


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
    _prepare(found)
    journal.target(found.name, found.sha256, found.clock)
    if note:
        journal.operator(note)
    return Run(runbook, found, journal, redactor)


def _prepare(target: Target) -> None:
    """Run the target's `prepare` command. Raises Unreachable with its own words."""
    if not target.prepare:
        return
    own = str(Path(sys.executable).parent)  # our own `runbook`, also without an activated venv
    environment = {**os.environ, "PATH": f"{own}{os.pathsep}{os.environ.get('PATH', '')}"}
    try:
        done = subprocess.run(  # noqa: S603
            target.prepare, capture_output=True, text=True, timeout=120, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unreachable(
            f"target {target.name} could not be prepared: {error}",
            remedy=f"run `{' '.join(target.prepare)}` by hand",
        ) from None
    if done.returncode != 0:
        raise Unreachable(
            f"target {target.name} could not be prepared: {(done.stderr or done.stdout).strip()}",
            remedy=f"run `{' '.join(target.prepare)}` by hand",
        )


def _take_lock(target: Target, runbook: str) -> IO[str]:
    """One run at a time on a target; the lock goes with the process. Raises Refused."""
    folder = project.outputs() / "locks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / f"{target.name}.lock").open("a+")
    except OSError as error:
        raise RunbookError(
            f"{folder} cannot be written: {error.strerror}", remedy="make outputs/ writable"
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read().strip() or "another run"
        file.close()
        raise Refused(
            f"target {target.name} is in use by {holder}",
            remedy="wait until that run has ended (or close its notebook), then run this again",
        ) from None
    file.truncate(0)
    file.write(f"{runbook} (process {os.getpid()})\n")
    file.flush()
    return file
