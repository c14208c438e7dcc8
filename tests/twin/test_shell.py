"""The shell of the twin's machines, held against what bash and the coreutils do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_twin.clock import Clock
from runbook_twin.machine import Call, HttpAnswer, Machine
from runbook_twin.shell import Result, run
from runbook_twin.shell_syntax import parse
from runbook_twin.shell_tree import ShellSyntaxError
from runbook_twin.streams import Input
from runbook_twin.world import World


def make_machine(factor: float = 1000.0) -> Machine:
    """node00, as it is after its boot."""
    world = World(Clock(factor))
    machine = Machine(world, "node00", "192.168.0.10", "coreos", "core")
    machine.disk.directories.add("/home/core")
    world.machines["id-of-node00"] = machine
    machine.power_on()
    return machine


def shell(
    line: str,
    *,
    user: str = "core",
    stdin: bytes = b"",
    prepare: Callable[[Machine], None] = lambda machine: None,
) -> Result:
    """Run a line on a fresh machine."""

    async def go() -> Result:
        machine = make_machine()
        prepare(machine)
        return await run(machine, line, user=user, stdin=stdin)

    return asyncio.run(go())


RECORDED = Path(__file__).parents[1] / "outputs" / "bash" / "lines.json"


@pytest.mark.parametrize("case", json.loads(RECORDED.read_text())["cases"], ids=itemgetter("line"))
def test_says_what_bash_says(case: dict[str, Any]) -> None:
    """The recorded answers of a real bash with GNU's programs (bash 4 names no line)."""
    ours = shell(case["line"])
    assert ours.stdout.decode() == case["stdout"]
    assert ours.exit_code == case["exit_code"]
    assert ours.stderr.decode() == case["stderr"].replace("line 1: ", "")


@pytest.mark.parametrize(
    ("line", "exit_code", "message"),
    [
        ("nosuch", 127, "bash: nosuch: command not found\n"),
        ("./nosuch", 127, "bash: ./nosuch: No such file or directory\n"),
        ("/etc", 126, "bash: /etc: Is a directory\n"),
        ("echo x > f; ./f", 126, "bash: ./f: Permission denied\n"),
        ("cat /nosuch", 1, "cat: /nosuch: No such file or directory\n"),
        ("cat < /nosuch", 1, "bash: /nosuch: No such file or directory\n"),
        ("echo x > /etc/f", 1, "bash: /etc/f: Permission denied\n"),
        ("echo x > /no/f", 1, "bash: /no/f: No such file or directory\n"),
        ("echo x > /tmp", 1, "bash: /tmp: Is a directory\n"),
        ("cd /nosuch", 1, "bash: cd: /nosuch: No such file or directory\n"),
        ("mkdir /etc", 1, "mkdir: cannot create directory ‘/etc’: File exists\n"),
        ("mkdir /etc/x", 1, "mkdir: cannot create directory ‘/etc/x’: Permission denied\n"),
        ("mkdir a/b", 1, "mkdir: cannot create directory ‘a/b’: No such file or directory\n"),
        ("rm nosuch", 1, "rm: cannot remove 'nosuch': No such file or directory\n"),
        ("mv a b", 1, "mv: cannot stat 'a': No such file or directory\n"),
        ("chmod 600 /etc/secret", 1, "chmod: changing permissions of '/etc/secret': "
         "Operation not permitted\n"),
        ("cat /etc/secret", 1, "cat: /etc/secret: Permission denied\n"),
        ("ls /root", 2, "ls: cannot open directory '/root': Permission denied\n"),
        ("sudo nosuch", 1, "sudo: nosuch: command not found\n"),
        ("env nosuch", 127, "env: nosuch: No such file or directory\n"),
        ("timeout 5 nosuch", 127, "timeout: failed to run command ‘nosuch’: "
         "No such file or directory\n"),
        ("timeout 1 sleep 60", 124, ""),
        ("echo 'a", 2, "bash: -c: line 0: unexpected EOF while looking for matching `''\n"),
        ("if true; then", 2, "bash: -c: line 0: syntax error: unexpected end of file\n"),
        ("echo a & ;", 2, "bash: -c: line 0: syntax error near unexpected token `;'\n"),
        ("echo a; ;", 2, "bash: -c: line 0: syntax error near unexpected token `;'\n"),
    ],
)  # fmt: skip
def test_refuses_in_the_tools_own_words(line: str, exit_code: int, message: str) -> None:
    def secret(machine: Machine) -> None:
        machine.disk.write("/etc/secret", "x", mode=0o600)

    result = shell(line, prepare=secret)
    assert (result.exit_code, result.stderr.decode()) == (exit_code, message)


def test_root_may_what_a_user_may_not() -> None:
    line = "sudo -n sh -c 'umask 077; echo s > /etc/s' && sudo cat /etc/s && stat -c '%a %U' /etc/s"
    assert shell(line).stdout == b"s\n600 root\n"


@pytest.mark.parametrize(
    ("flag", "why"), [("-n ", "a password is required"), ("", "a password is required")]
)
def test_sudo_may_be_refused(flag: str, why: str) -> None:
    def refuse(machine: Machine) -> None:
        machine.sudo_refused = True

    result = shell(f"sudo {flag}true", prepare=refuse)
    assert (result.exit_code, result.stderr.decode()) == (1, f"sudo: {why}\n")


def test_sudo_complains_when_the_host_does_not_know_its_own_name() -> None:
    result = shell("sudo hostnamectl set-hostname a; sudo true; hostname")
    assert (
        result.stderr == b"sudo: unable to resolve host a: Temporary failure in name resolution\n"
    )
    assert result.stdout == b"a\n"


def test_a_full_disk_takes_no_bytes_and_keeps_what_is_there() -> None:
    def fill(machine: Machine) -> None:
        machine.disk.write("/home/core/old", "old", owner="core")
        machine.disk.full = True

    result = shell("echo new > f; echo $?; mkdir d; cat old; df -h / | grep -c 100%", prepare=fill)
    assert b"No space left on device" in result.stderr
    assert result.stdout == b"1\nold1\n"


def test_a_file_is_replaced_as_a_whole() -> None:
    """What a careful writer does: a temporary file beside it, then a move."""
    script = (
        'set -e; umask 077; mkdir -p "$(dirname "$1")"; new=$(mktemp "$1.XXXXXX"); '
        'trap "rm -f $new" EXIT; cat >"$new"; chmod "$2" "$new"; mv -f "$new" "$1"'
    )
    look = "ls /etc/deep; stat -c '%a %s %U' /etc/deep/file"
    line = f"sudo sh -c '{script}' sh /etc/deep/file 0644; {look}"
    assert shell(line, stdin=b"content\n").stdout == b"file\n644 8 root\n"


def test_programs_of_the_machine_get_their_words_environment_and_input() -> None:
    seen: list[Call] = []

    async def tool(call: Call) -> int:
        seen.append(call)
        call.out("out")
        call.err("err")
        return 5

    def add(machine: Machine) -> None:
        machine.programs["tool"] = tool

    result = shell("cd /etc; A=1 sudo -n B=2 /usr/bin/tool 'x y' <<< in; echo $?", prepare=add)
    call = seen[0]
    assert (call.argv, call.user, call.directory) == (["/usr/bin/tool", "x y"], "root", "/etc")
    assert call.stdin == b"in\n"
    assert call.environment["B"] == "2"
    assert "A" not in call.environment
    assert (result.stdout, result.stderr) == (b"out5\n", b"err")


def test_input_that_comes_late_is_waited_for() -> None:
    async def go() -> Result:
        machine, typed = make_machine(), Input(live=True)
        asyncio.get_running_loop().call_later(0.01, typed.feed, b"a\nb")
        asyncio.get_running_loop().call_later(0.02, typed.end)
        return await run(machine, "read x; cat; echo [$x]", stdin=typed)

    assert asyncio.run(go()).stdout == b"b[a]\n"


def test_a_command_in_the_background_does_not_hold_up_the_line() -> None:
    async def go() -> list[bytes]:
        machine, seen = make_machine(), list[bytes]()
        line = "sleep 100 && echo late & echo now"
        assert (await run(machine, line, write_out=seen.append)).exit_code == 0
        before = list(seen)
        await asyncio.gather(*machine.tasks)
        return [*before, b"|", *seen[1:]]

    assert asyncio.run(go()) == [b"now\n", b"|", b"late\n"]


def test_output_comes_while_the_line_runs() -> None:
    async def go() -> list[bytes]:
        seen: list[bytes] = []
        running = run(make_machine(), "echo one; sleep 100; echo two", write_out=seen.append)
        task = asyncio.get_running_loop().create_task(running)
        while not seen:
            await asyncio.sleep(0)
        before = list(seen)
        await task
        return [*before, b"|", *seen[1:]]

    assert asyncio.run(go()) == [b"one\n", b"|", b"two\n"]


@pytest.mark.parametrize(
    ("line", "exit_code", "stdout", "stderr"),
    [
        ("curl -sS http://192.168.0.10/", 0, b"page /", b""),
        ("curl -s -o /dev/null -w '%{http_code}\\n' http://localhost/none", 0, b"404\n", b""),
        ("curl -sSf http://127.0.0.1/none", 22, b"",
         b"curl: (22) The requested URL returned error: 404\n"),
        ("curl -sS http://192.168.0.10:81/", 7, b"", b"curl: (7) Failed to connect to 192.168.0.10 "
         b"port 81 after 0 ms: Couldn't connect to server\n"),
        ("curl -sS nosuch.example", 6, b"", b"curl: (6) Could not resolve host: nosuch.example\n"),
        ("curl -sS -m 2 http://192.168.0.77/", 28, b"",
         b"curl: (28) Connection timed out after 2001 milliseconds\n"),
        ("echo hi | curl -sS -X POST --data @- http://192.168.0.10/echo", 0, b"hi", b""),
        ("curl -sS --data-binary 'a b' http://192.168.0.10/echo", 0, b"a b", b""),
        ("curl -sS --unix-socket /run/x.sock http://x/path?q", 0, b"socket /path?q", b""),
        ("curl -sSL http://192.168.0.10/moved", 0, b"page /", b""),
        ("curl -sSI http://192.168.0.10/ | head -n 1", 0, b"HTTP/1.1 200 OK\r\n", b""),
        ("curl", 2, b"", b"curl: no URL specified!\n"
         b"curl: try 'curl --help' or 'curl --manual' for more information\n"),
    ],
)  # fmt: skip
def test_curl(line: str, exit_code: int, stdout: bytes, stderr: bytes) -> None:
    async def page(method: str, path: str, body: bytes) -> HttpAnswer:
        if path == "/moved":
            return HttpAnswer(302, headers={"Location": "/"})
        if path == "/echo":
            return HttpAnswer(200, body.strip())
        return HttpAnswer(404, b"none") if path == "/none" else HttpAnswer(200, b"page /")

    async def socket(method: str, path: str, body: bytes) -> HttpAnswer:
        return HttpAnswer(200, f"socket {path}".encode())

    def listen(machine: Machine) -> None:
        machine.listeners[80] = page
        machine.unix_sockets["/run/x.sock"] = socket

    result = shell(line, prepare=listen)
    assert (result.exit_code, result.stdout, result.stderr) == (exit_code, stdout, stderr)


def test_curl_shows_its_meter_on_stderr_only() -> None:
    async def token(method: str, path: str, body: bytes) -> HttpAnswer:
        return HttpAnswer(200, b"https://discovery.etcd.io/0123")

    def outside(machine: Machine) -> None:
        machine.world.internet["discovery.etcd.io"] = token

    result = shell("curl -w '\\n' 'https://discovery.etcd.io/new?size=3'", prepare=outside)
    assert result.stdout == b"https://discovery.etcd.io/0123\n"
    assert b"% Received % Xferd" in result.stderr


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
@settings(max_examples=60)
def test_quoted_words_arrive_as_they_are(words: list[str]) -> None:
    quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)
    result = shell(f"printf '%s\\n' {quoted}")
    expected = "".join(f"{word}\n" for word in words) or "\n"
    assert result.stdout.decode() == expected


@given(st.text(alphabet="ab '\"\\$`(){};|&<>\n#!=-*?[]~0", max_size=30))
@settings(max_examples=300)
def test_every_text_is_read_or_refused(text: str) -> None:
    """The parser ends, and fails only in its own way."""
    try:
        parse(text)
    except ShellSyntaxError as error:
        assert str(error)
