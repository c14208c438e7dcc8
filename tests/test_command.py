"""Quoting, sudo, the four verbs, and many servers at once."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.command import Node, Nodes, Result, quoted
from runbook.errors import (
    CommandFailed,
    HostKeyError,
    NotFinished,
    ParseError,
    Refused,
    RunbookError,
    SudoRefused,
    ToolMissing,
    Unreachable,
    UsageError,
)
from runbook.inventory import Server
from runbook.transport import Reply

OK = Reply(0, b"fine\n", b"")


@dataclass
class Wire:
    """Carries lines to nowhere and answers as told."""

    answer: Callable[[Server, str], Reply] = lambda server, line: OK
    sent: list[tuple[str, str, bytes, float]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    def execute(
        self, server: Server, line: str, *, stdin: bytes, deadline: float, limit: int
    ) -> Reply:
        self.sent.append((server.name, line, stdin, deadline))
        return self.answer(server, line)

    def close(self, server: Server | None = None) -> None:
        self.closed.append(server.name if server else "all")


def node(wire: Wire, name: str = "node00", user: str = "core", **more: object) -> Node:
    server = Server(name, "coreos", f"192.168.0.{len(name)}", user=user)
    return Node(server, wire, **more)  # type: ignore[arg-type]


def replying(code: int | None, stdout: str = "", stderr: str = "", why: str = "") -> Wire:
    return Wire(lambda server, line: Reply(code, stdout.encode(), stderr.encode(), why))


# --- quoting -----------------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_any_argument_arrives_unchanged(values: list[str]) -> None:
    line = quoted("printf '%%s\\0' begin" + " %s" * len(values), *values)
    if not values:
        line = "printf '%s\\0' begin"
    done = subprocess.run(["sh", "-c", line], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == ["begin", *values]


@settings(max_examples=60)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_any_argument_arrives_unchanged_behind_sudo(values: list[str]) -> None:
    wire = Wire()
    node(wire).run(
        "printf '%%s\\0' begin; printf '%%s\\0'" + " %s" * (len(values) + 1), "", *values, sudo=True
    )
    line = wire.sent[0][1]
    assert line.startswith("sudo -n sh -c ")
    done = subprocess.run(
        ["sh", "-c", line.removeprefix("sudo -n ")], capture_output=True, check=True
    )
    assert done.stdout.decode().split("\0")[:-1] == ["begin", "", *values]


def test_a_line_without_values_is_taken_as_it_is() -> None:
    assert quoted("date +%s") == "date +%s"


def test_a_nul_cannot_be_carried() -> None:
    with pytest.raises(UsageError, match="NUL"):
        quoted("cat %s", "a\0b")


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ("ros os list", "sudo -n ros os list"),
        ("cat 'a;b' \"c|d\" e\\&f", "sudo -n cat 'a;b' \"c|d\" e\\&f"),
        ("docker ps --format '{{.ID}};x'", "sudo -n docker ps --format '{{.ID}};x'"),
        ("cat >/etc/motd", "sudo -n sh -c 'cat >/etc/motd'"),
        ("a && b", "sudo -n sh -c 'a && b'"),
        ("a | b", "sudo -n sh -c 'a | b'"),
        ("a\nb", "sudo -n sh -c 'a\nb'"),
        ("cd /x; echo 'it is'", "sudo -n sh -c 'cd /x; echo '\"'\"'it is'\"'\"''"),
    ],
)
def test_sudo_is_for_the_whole_line(line: str, sent: str) -> None:
    wire = Wire()
    assert node(wire).run(line, sudo=True).command == sent
    assert wire.sent[0][1] == sent


def test_root_needs_no_sudo() -> None:
    assert node(Wire(), user="root").run("id", sudo=True).command == "id"


# --- verbs -------------------------------------------------------------------------------------


def test_run_takes_any_exit_code() -> None:
    result = node(replying(7, "out", "err")).run("x")
    assert (result.exit_code, result.text, result.errors) == (7, "out", "err")


def test_run_takes_127_too() -> None:
    assert node(replying(127, "", "sh: 1: etcdctl: not found")).run("etcdctl").exit_code == 127


def test_ask_must_be_0_or_accepted() -> None:
    assert node(Wire()).ask("x").text == "fine\n"
    assert node(replying(5)).ask("x", accept=(0, 5)).exit_code == 5
    with pytest.raises(CommandFailed) as caught:
        node(replying(5, "one\ntwo\n", "why\n")).ask("etcdctl cluster-health")
    evidence = caught.value.evidence
    assert evidence is not None
    assert (evidence.server, evidence.command) == ("node00", "etcdctl cluster-health")
    assert (evidence.exit_code, evidence.tail) == (5, "one\ntwo\nwhy")
    assert caught.value.exit_code == 5


@pytest.mark.parametrize(("code", "answer"), [(0, True), (1, False)])
def test_test_is_yes_or_no(code: int, answer: bool) -> None:
    assert node(replying(code)).test("test -e %s", "/x") is answer


def test_test_refuses_other_codes() -> None:
    with pytest.raises(CommandFailed, match="exit code 2"):
        node(replying(2)).test("test -q")


def test_change_must_be_0() -> None:
    assert node(Wire()).change("reboot").exit_code == 0
    with pytest.raises(CommandFailed):
        node(replying(1)).change("reboot")
    assert node(replying(255)).change("reboot", accept=(0, 255)).exit_code == 255


def test_permit_refuses_before_anything_runs() -> None:
    asked: list[str] = []

    def permit(what: str) -> None:
        asked.append(what)
        raise Refused("not approved")

    wire = Wire()
    with pytest.raises(Refused):
        node(wire, permit=permit).change("rm -f %s", "/etc/x y")
    assert (wire.sent, asked) == ([], ["node00: rm -f '/etc/x y'"])
    assert node(wire, permit=permit).ask("ls").exit_code == 0


def test_stdin_and_deadline_are_passed_on() -> None:
    wire = Wire()
    node(wire).run("cat", stdin="né", deadline=3.5)
    assert wire.sent == [("node00", "cat", "né".encode(), 3.5)]


def test_bytes_that_are_no_text_stay_visible() -> None:
    wire = Wire(lambda server, line: Reply(0, b"a\xff\n", b"\xfe"))
    result = node(wire).run("x")
    assert (result.text, result.errors) == ("a\\xff\n", "\\xfe")


def test_the_observer_is_told_of_every_command_that_ran() -> None:
    told: list[tuple[str, int | None, str]] = []

    def observer(result: Result, verb: str) -> None:
        told.append((result.command, result.exit_code, verb))

    replies = iter([OK, Reply(1, b"", b""), Reply(None, b"", b"", "lost"), OK])
    one = node(Wire(lambda server, line: next(replies)), observer=observer)
    one.run("a")
    with pytest.raises(CommandFailed):
        one.ask("b")
    with pytest.raises(NotFinished):
        one.change("c")
    one.test("d")
    assert told == [("a", 0, "run"), ("b", 1, "ask"), ("c", None, "change"), ("d", 0, "test")]


def test_seconds_are_the_targets() -> None:
    slow = node(Wire(), clock=1e6).run("x")
    assert slow.seconds > node(Wire(), clock=1.0).run("x").seconds


def test_a_command_that_did_not_finish() -> None:
    with pytest.raises(NotFinished, match="did not finish: the deadline passed") as caught:
        node(replying(None, "half", why="the deadline passed")).run("sleep 100")
    assert "did not finish" in str(caught.value.evidence)


def test_disconnect() -> None:
    wire = Wire()
    node(wire).disconnect()
    assert wire.closed == ["node00"]


def test_a_fact_is_probed_once() -> None:
    probes: list[str] = []

    def probe(asked: Node) -> str:
        probes.append(asked.name)
        return "1.12.1"

    one = node(Wire())
    assert [one.fact("docker", probe), one.fact("docker", probe)] == ["1.12.1", "1.12.1"]
    assert probes == ["node00"]


# --- sudo and missing tools --------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "sudo: a password is required",
        "sudo: sorry, a password is required to run sudo",
        "sudo: no tty present and no askpass program specified",
        "sudo: a terminal is required to read the password; either use the -S option to read from"
        " standard input or configure an askpass helper\nsudo: a password is required",
        "sudo: sorry, you must have a tty to run sudo",
        "sudo: unable to resolve host a: Name or service not known\nsudo: a password is required",
        "core is not in the sudoers file.  This incident will be reported.",
        "core is not allowed to run sudo on node00.  This incident will be reported.",
        "Sorry, user core is not allowed to execute '/usr/bin/ros os list' as root on node00.",
        "Sorry, user core may not run sudo on node00.",
        'sudo: The "no new privileges" flag is set, which prevents sudo from running as root.',
        "sudo: interactive authentication is required",
        "sudo: I'm sorry core. I'm afraid I can't do that",
    ],
)
def test_sudo_refused(words: str) -> None:
    for verb in ("run", "ask", "test", "change"):
        with pytest.raises(SudoRefused, match="core may not use sudo") as caught:
            getattr(node(replying(1, "", words + "\n")), verb)("ros os list", sudo=True)
        assert caught.value.evidence is not None


@pytest.mark.parametrize(
    ("code", "words", "sudo"),
    [
        (1, "sudo: unable to resolve host a: Name or service not known", True),
        (0, "sudo: a password is required", True),
        (1, "grep: a password is required", True),
        (1, "sudo: a password is required", False),
        (1, "the page says: user x is not in the sudoers file", True),
    ],
)
def test_not_a_refusal_of_sudo(code: int, words: str, sudo: bool) -> None:
    assert node(replying(code, "", words)).run("ros os list", sudo=sudo).exit_code == code


@pytest.mark.parametrize(
    ("line", "code", "words", "tool", "sudo"),
    [
        ("etcdctl get x", 127, "sh: 1: etcdctl: not found", "etcdctl", False),
        ("etcdctl get x", 127, "bash: line 1: etcdctl: command not found", "etcdctl", False),
        ("etcdctl get x", 127, "-sh: etcdctl: not found", "etcdctl", False),
        ("etcdctl get x", 127, "zsh:1: command not found: etcdctl", "etcdctl", False),
        ("cd / && fleetctl x", 127, "bash: fleetctl: command not found", "fleetctl", False),
        ("ETCDCTL_API=3 etcdctl get x", 127, "", "etcdctl", False),
        ("A=1", 127, "", "A=1", False),
        ("ros os list", 127, "sh: 1: sudo: not found", "sudo", True),
        ("ros os list", 1, "sudo: ros: command not found", "ros", True),
        ("a; ros x", 127, "sh: 1: ros: not found", "ros", True),
    ],
)
def test_a_tool_that_is_missing(line: str, code: int, words: str, tool: str, sudo: bool) -> None:
    with pytest.raises(ToolMissing, match=f"there is no program '{tool}'"):
        node(replying(code, "", f"{words}\n")).ask(line, sudo=sudo)


def test_words_about_a_missing_tool_with_another_exit_code() -> None:
    with pytest.raises(CommandFailed) as caught:
        node(replying(2, "", "sh: 1: etcdctl: not found\n")).ask("make")
    assert not isinstance(caught.value, ToolMissing)


# --- many servers ------------------------------------------------------------------------------


def three(wire: Wire) -> Nodes:
    return Nodes([node(wire, name) for name in ("node00", "node1", "n2")])


def by_name(answers: dict[str, Reply | RunbookError]) -> Wire:
    def answer(server: Server, line: str) -> Reply:
        found = answers.get(server.name, OK)
        if isinstance(found, RunbookError):
            raise found
        return found

    return Wire(answer)


def test_outcomes_are_a_table_in_the_order_of_the_nodes() -> None:
    wire = by_name({"node1": Reply(3, b"", b"bad\nworse\n"), "n2": Unreachable("n2 is away")})
    outcomes = three(wire).run("uptime")
    shown = [(r["server"], r["outcome"], r["exit_code"], r["last_line"]) for r in outcomes.rows]
    assert shown == [
        ("node00", "ok", 0, "fine"),
        ("node1", "failed", 3, "worse"),
        ("n2", "Unreachable", None, "n2 is away"),
    ]


def test_one_failing_server_does_not_hide_the_others() -> None:
    wire = by_name({"node1": HostKeyError("key of node1"), "n2": Reply(None, b"", b"", "lost")})
    outcomes = three(wire).ask("uptime")
    with pytest.raises(HostKeyError) as caught:
        _ = outcomes.results
    told = str(caught.value)
    assert "2 of 3 servers failed: node1, n2 (fine: node00)" in told
    assert "key of node1" in told
    assert "n2: n2: the command did not finish: lost" in told
    assert caught.value.exit_code == 4
    assert len(wire.sent) == 3


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ParseError("etcdctl", "is cut off", line=3), CommandFailed),
        (CommandFailed("no"), CommandFailed),
        (Refused("no"), Refused),
    ],
)
def test_every_error_can_stand_for_several(error: RunbookError, kind: type[RunbookError]) -> None:
    def act(asked: Node) -> Result:
        raise error

    with pytest.raises(kind) as caught:
        _ = three(Wire()).each(act).results
    assert caught.value.exit_code == error.exit_code
    assert error.what in str(caught.value)


def test_all_fine() -> None:
    assert [r.server for r in three(Wire()).change("x").results] == ["node00", "node1", "n2"]


def test_no_servers_at_all() -> None:
    outcomes = Nodes([]).run("x")
    assert (outcomes.rows, outcomes.results) == ([], [])


def test_picking_nodes() -> None:
    nodes = three(Wire())
    assert nodes.names == ["node00", "node1", "n2"]
    assert nodes[1:].names == ["node1", "n2"]
    assert nodes[0].name == nodes.named("node00").name == nodes.at("192.168.0.6").name
    assert nodes.without("node00", "n2").names == ["node1"]
    with pytest.raises(RunbookError, match="node00, node1, n2"):
        nodes.named("node9")
    with pytest.raises(RunbookError, match=r"192\.168\.0\.2"):
        nodes.at("10.0.0.1")
