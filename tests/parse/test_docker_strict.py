"""What is not wholly docker's own answer gives no table: cut, coloured, foreign, failed, secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.errors import ParseError, UsageError
from runbook.parse import Parsed, parse

OUTPUTS = Path(__file__).parent.parent / "outputs"
FOLDERS = ("docker", "swarm-1.12", "swarm-1.12-on-20.10", "swarm-20.10", "swarm-28.2")
LISTED = ("ps", "images", "node", "service", "version", "--version", "swarm")


def _recordings() -> dict[str, dict[str, Any]]:
    """The recordings that are answers, by folder/name."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((OUTPUTS / folder).glob("*.json")):
            told = json.loads(path.read_text())
            try:
                parse(told["argv"], told["stdout"], told["stderr"], told["exit_code"])
            except (ParseError, UsageError):
                continue
            found[f"{folder}/{path.stem}"] = told
    return found


ANSWERS = _recordings()
COMMANDS = sorted({tuple(told["argv"]) for told in ANSWERS.values()})


def read(told: dict[str, Any], stdout: str | bytes | None = None) -> Parsed:
    return parse(told["argv"], told["stdout"] if stdout is None else stdout)


def has_header(told: dict[str, Any]) -> bool:
    words = " ".join(told["argv"])
    forms = ("--format {{", "--format json", " -q", " -aq", " swarm ", "version")
    return not any(form in words for form in forms)


@given(st.sampled_from(COMMANDS), st.text(max_size=300))
def test_random_text_is_no_table(command: tuple[str, ...], text: str) -> None:
    try:
        parsed = parse(command, text)
    except ParseError:
        return
    # Without a header nothing at all is an empty table, and a template may print any words.
    assert not text.strip("\n") or "--format" in command
    assert parsed.rows == [] or "--format" in command


@given(st.sampled_from(COMMANDS), st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_parse_errors(command: tuple[str, ...], text: bytes) -> None:
    try:
        parse(command, text)
    except ParseError as error:
        assert str(error)


@given(st.data())
def test_one_changed_character_is_never_a_shorter_table(data: st.DataObject) -> None:
    told = ANSWERS[data.draw(st.sampled_from(sorted(ANSWERS)))]
    text = told["stdout"]
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.sampled_from(" x0\t…")) + text[at + 1 :]
    try:
        parsed = read(told, changed)
    except ParseError:
        return
    # A letter of a name may be another one; a line's end may join two lines of a template.
    assert len(parsed.rows) == len(read(told).rows) or text[at] == "\n"


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_a_text_cut_anywhere_gives_whole_rows_or_none(name: str) -> None:
    told = ANSWERS[name]
    text, whole = told["stdout"], read(told).rows
    step = max(1, len(text) // 200)
    ends = {match for match, char in enumerate(text, 1) if char == "\n"}
    for end in sorted({*range(0, len(text), step), *ends, *(end - 1 for end in ends)}):
        try:
            rows = read(told, text[:end]).rows
        except ParseError:
            continue
        assert rows == whole[: len(rows)]
        assert text[:end].endswith("\n") or end == 0


@pytest.mark.parametrize("name", sorted(name for name in ANSWERS if has_header(ANSWERS[name])))
def test_a_table_without_its_header_is_refused(name: str) -> None:
    told = ANSWERS[name]
    for text in ("", "\n", told["stdout"].partition("\n")[2]):
        with pytest.raises(ParseError):
            read(told, text)


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_line_ends_colours_and_warnings_change_nothing(name: str) -> None:
    told = ANSWERS[name]
    whole, text = read(told), told["stdout"]
    warning = "WARNING: Error loading config file:/home/core/.docker/config.json\n"
    assert read(told, text.replace("\r\n", "\n").replace("\n", "\r\n")) == whole
    assert read(told, f"\x1b[1m{text}\x1b[0m") == whole
    assert read(told, warning * 2 + text) == whole
    assert read(told, b"\xef\xbb\xbf" + text.encode()) == whole
    with pytest.raises(ParseError, match="UTF-8"):
        read(told, text.encode()[:-1] + b"\xe2\x80\n")


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_an_exit_code_is_the_tools_own_failure(name: str) -> None:
    told = ANSWERS[name]
    for code in (1, 125, 127):
        with pytest.raises(ParseError, match=f"failed with exit code {code}"):
            parse(told["argv"], told["stdout"], "", code)


def _kind(told: dict[str, Any]) -> str:
    words = [word for word in told["argv"] if word in LISTED or word in ("ls", "init", "join")]
    return " ".join(words).replace("node ps", "service ps")


def test_the_answer_of_another_command_is_refused() -> None:
    tables = {name: told for name, told in ANSWERS.items() if has_header(told)}
    others = {_kind(told): told for told in ANSWERS.values()}
    for told in tables.values():
        for kind, other in others.items():
            if kind != _kind(told):
                with pytest.raises(ParseError):
                    read(told, other["stdout"])


@pytest.mark.parametrize("folder", ["etcd2", "etcd3", "fleet", "ros", "cloudinit", "ignition"])
def test_the_answer_of_another_tool_is_refused(folder: str) -> None:
    for path in sorted((OUTPUTS / folder).glob("*.json")):
        other = json.loads(path.read_text())
        if any(word.endswith("docker") for word in other["argv"]) or not other["stdout"].strip():
            continue
        for command in ("ps", "images", "node ls", "service ls", "service ps x", "version",
                        "ps -q", "node ls -q", "ps --format json", "swarm init"):  # fmt: skip
            with pytest.raises(ParseError):
                parse(["docker", *command.split()], other["stdout"])


@pytest.mark.parametrize(
    "text",
    [
        "Usage:  docker ps [OPTIONS]\n\nList containers\n\nOptions:\n  -a, --all   Show all\n",
        "\nUsage:\tdocker ps [OPTIONS]\n",
        "unknown shorthand flag: 'y' in -y\nSee 'docker ps --help'.\n",
        "Error response from daemon: This node is not a swarm manager.\n",
        "Cannot connect to the Docker daemon. Is the docker daemon running on this host?\n",
    ],
)
@pytest.mark.parametrize("command", COMMANDS)
def test_words_of_a_failure_are_no_answer(command: tuple[str, ...], text: str) -> None:
    with pytest.raises(ParseError, match="failed"):
        parse(command, text)
    with pytest.raises(ParseError, match="failed"):
        parse(command, "", text)


TOKEN = "SWMTKN-1-2kr2sz8qx9i3ozpei9h7e156p425ru31vsck8hmydh7rd32wbp-9icl4uzizjweg796leqxnlco8"  # noqa: S105
SECRET = TOKEN.split("-", 2)[2]


def test_the_token_is_seen_and_never_told() -> None:
    for name in ("swarm-1.12/init-article", "swarm-28.2/init-article"):
        row = read(ANSWERS[name]).rows[0]
        assert row["token_seen"] is True
        assert row["node"] in row["message"]
        assert "SWMTKN" not in str(row)
    assert read(ANSWERS["swarm-1.12/join-worker0"]).rows[0]["token_seen"] is False


def test_an_unlock_key_is_hidden_too() -> None:
    text = ANSWERS["swarm-28.2/init-article"]["stdout"] + (
        "\nTo unlock a swarm manager after it restarts, run the `docker swarm unlock`\n"
        "command and provide the following key:\n\n    SWMKEY-1-abc+/=\n\n"
        "Please remember to store this key in a password manager, since without it you\n"
        "will not be able to restart the manager.\n"
    )
    assert parse(["docker", "swarm", "init", "--autolock"], text).rows[0]["token_seen"] is True


@given(st.data())
def test_no_error_tells_a_token(data: st.DataObject) -> None:
    command = data.draw(st.sampled_from([*COMMANDS, ("docker", "swarm", "join", "--token", TOKEN)]))
    noise = st.sampled_from(["", "\n", " ", "\x01", "\r", "Error: ", "\x1b[1m", '"', "{", "\t"])
    text = "".join(data.draw(st.lists(noise | st.just(TOKEN), max_size=8)))
    try:
        parsed = parse(command, text, text, data.draw(st.sampled_from([0, 1])))
        assert SECRET[:20] not in str(parsed)
    except ParseError as error:
        assert SECRET[:20] not in str(error) + repr(vars(error))


def test_a_token_in_a_containers_command_keeps_its_column() -> None:
    told = ANSWERS["docker/1.12-ps-no-trunc"]
    old = "\"sh -c 'sleep 1; exit 3'\""
    cell = '"SWMTKN-1-abcdefghi 1;xx"'
    text = told["stdout"].replace(old, cell.ljust(len(old)))
    row = next(row for row in read(told, text).rows if row["names"] == ["crash"])
    assert row["command"] == "SWMTKN-*********** 1;xx"


def test_the_articles_tables_without_blanks_at_line_ends() -> None:
    nodes = parse(
        ["docker", "node", "ls"],
        "ID                           HOSTNAME  STATUS  AVAILABILITY  MANAGER STATUS\n"
        "366euocei01dw3ay66uwzb3pv    worker0   Ready   Active\n"
        "8gf95qb6l61v5s6561qx5vfy6 *  manager0  Ready   Active        Leader\n",
    )
    assert [row["manager_status"] for row in nodes.rows] == [None, "Leader"]
    tasks = parse(
        ["docker", "service", "ps", "webserver"],
        "ID                         NAME             IMAGE  NODE     DESIRED STATE"
        "  CURRENT STATE             ERROR\n"
        "5lwf4z54p74qtoopuilshw204  webserver.1      nginx  worker0  Running"
        "        Preparing 32 seconds ago\n"
        "cjxkza3qzx5m73bgbls0r26m6   \\_ webserver.1  nginx  worker1  Shutdown"
        "       Running 16 minutes ago\n",
    )
    assert [(row["previous"], row["since_s"]) for row in tasks.rows] == [(False, 32), (True, 960)]
