"""Every recording of docker 1.12, 1.12 on 20.10, 20.10 and 28.2, as its parser reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runbook.errors import ParseError, UsageError
from runbook.parse import Parsed, parse
from runbook.parse.docker_words import seconds, size_bytes, unquote

HERE = Path(__file__).parent
OUTPUTS = HERE.parent / "outputs"
GOLDEN = {path.stem: json.loads(path.read_text()) for path in (HERE / "golden").glob("*.json")}
FOLDERS = ("docker", "swarm-1.12", "swarm-1.12-on-20.10", "swarm-20.10", "swarm-28.2")
CASES = [(folder, name) for folder in FOLDERS for name in GOLDEN[folder]]
KINDS = {"text": str, "integer": int, "boolean": bool, "list": list}


def recording(folder: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((OUTPUTS / folder / f"{name}.json").read_text())
    return found


def read(folder: str, name: str) -> Parsed:
    told = recording(folder, name)
    return parse(told["argv"], told["stdout"].encode(), told["stderr"].encode(), told["exit_code"])


@pytest.mark.parametrize(("folder", "name"), CASES)
def test_recording(folder: str, name: str) -> None:
    expected = GOLDEN[folder][name]
    if "error" in expected:
        with pytest.raises(ParseError) as caught:
            read(folder, name)
        assert str(caught.value) == expected["error"]
        return
    parsed = read(folder, name)
    assert [column.name for column in parsed.columns] == expected["columns"]
    assert [list(row.values()) for row in parsed.rows] == expected["rows"]
    assert parsed.summary == expected["summary"]
    for row in parsed.rows:
        assert list(row) == expected["columns"]
        for column in parsed.columns:
            assert row[column.name] is None or type(row[column.name]) is KINDS[column.kind]


@pytest.mark.parametrize(("folder", "name"), CASES)
def test_every_line_of_a_listing_is_a_row(folder: str, name: str) -> None:
    """The golden files against the text itself, without our slicer."""
    told, expected = recording(folder, name), GOLDEN[folder][name]
    if "error" in expected or "version" in told["argv"][1] or told["argv"][1] == "swarm":
        return
    lines = told["stdout"].splitlines()
    options = " ".join(told["argv"])
    plain_table = not any(word in options for word in ("--format", " -q", " -aq"))
    with_header = plain_table or "--format table" in options
    for line, row in zip(lines[1:] if with_header else lines, expected["rows"], strict=True):
        values = dict(zip(expected["columns"], row, strict=True))
        texts = [text for text in values.values() if isinstance(text, str) and '"' not in text]
        lists = [item for items in values.values() if isinstance(items, list) for item in items]
        made = {"Paused", "replicated"}
        shown = line.replace("\\u003e", ">")
        assert all(text in shown for text in [*texts, *lists] if text not in made)
        if plain_table and expected["columns"][0] != "repository":
            assert line.split()[0] == row[0]


def test_columns_are_those_of_the_contract() -> None:
    def columns(folder: str, name: str) -> list[str]:
        return [column.name for column in read(folder, name).columns]

    assert columns("docker", "1.12-ps-a") == [
        *("container", "image", "command", "created_text", "created_s", "status", "status_text"),
        *("status_s", "exit_code", "health", "ports", "names"),
    ]
    assert columns("docker", "20.10-images") == [
        *("repository", "tag", "image", "created_text", "created_s", "size_text", "size_bytes"),
    ]
    assert columns("swarm-1.12", "node-ls") == [
        *("node", "self", "hostname", "status", "availability", "manager_status"),
        "engine_version",
    ]
    assert columns("swarm-1.12", "service-ls-1") == [
        *("service", "name", "mode", "running", "desired", "image", "command", "ports"),
    ]
    assert columns("swarm-1.12", "service-ps-5") == [
        *("task", "name", "previous", "image", "node", "desired_state", "current_state"),
        *("since_text", "since_s", "error", "ports"),
    ]
    assert columns("swarm-1.12", "leave-force") == ["message", "node", "token_seen"]
    assert columns("docker", "1.12-version") == ["component", "version", "build", "api_version"]


def test_the_traps_of_a_lost_node() -> None:
    lost, running = sorted(
        read("swarm-20.10", "failover-2-ps").rows, key=lambda row: -row["since_s"]
    )
    assert (lost["desired_state"], lost["current_state"]) == ("Shutdown", "Running")
    assert (lost["previous"], lost["name"], lost["since_s"]) == (True, "webserver.1", 60)
    assert (running["previous"], running["node"], running["since_s"]) == (False, "worker1", 0)
    service = read("swarm-20.10", "failover-2-service-ls").rows[0]
    assert (service["running"], service["desired"]) == (2, 1)


def test_the_states_of_containers() -> None:
    rows = {row["names"][0]: row for row in read("docker", "28.2-ps-a").rows}
    assert {name: row["status"] for name, row in rows.items()} == {
        **dict.fromkeys(("health", "longimg", "byid", "quoted", "longcmd", "linked"), "Up"),
        **dict.fromkeys(("ports", "web"), "Up"),
        **{"paused": "Paused", "created": "Created", "crash": "Restarting"},
        **dict.fromkeys(("exited137", "exited0"), "Exited"),
    }
    assert rows["health"]["health"] == "healthy"
    assert (rows["exited137"]["exit_code"], rows["crash"]["exit_code"]) == (137, 3)
    assert (rows["crash"]["status_s"], rows["created"]["status_s"]) == (50, None)
    assert rows["ports"]["ports"][1] == "[::]:80->80/tcp"
    assert rows["quoted"]["command"] == 'sh -c \'echo "it is"…'
    assert read("docker", "28.2-ps-no-trunc").rows[-1]["names"] == [
        *("linked/api", "linked/backend", "web"),
    ]


def test_a_table_says_the_same_as_its_json() -> None:
    as_json = read("docker", "28.2-ps-format-json-word").rows
    assert as_json == read("docker", "28.2-ps-s").rows
    assert read("docker", "20.10-images-format-json").rows == read("docker", "20.10-images").rows


def test_nothing_is_an_empty_table() -> None:
    for folder, name in (
        ("docker", "28.2-ps-filter-none"),
        ("docker", "20.10-images-filter-none"),
        ("swarm-1.12", "service-ls-empty"),
        ("swarm-20.10", "node-ps-empty"),
    ):
        parsed = read(folder, name)
        assert parsed.rows == []
        assert len(parsed.columns) >= 7
    summary = read("swarm-20.10", "node-ls-filter-none").summary
    assert summary == {"nodes": 0, "managers": 0, "reachable_managers": 0, "leader": None}


def test_what_was_not_printed_is_null_in_the_summary() -> None:
    parsed = read("swarm-20.10", "node-ls-q")
    assert parsed.summary == dict.fromkeys(parsed.summary) | {"nodes": 3}
    assert read("swarm-20.10", "quorum-lost-node-ls").summary == {
        "nodes": 3,
        "managers": 3,
        "reachable_managers": 1,
        "leader": "manager0",
    }


@pytest.mark.parametrize("command", ["docker info", "docker", "docker node", "docker -x ps"])
def test_no_parser(command: str) -> None:
    with pytest.raises(UsageError, match="docker"):
        parse(command.split(), "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        *[(f"{count} seconds", count) for count in (1, 2, 59)],
        *[("1 second ago", 1), ("Less than a second", 0), ("less than a second ago", 0)],
        *[("About a minute", 60), ("about a minute ago", 60), ("59 minutes", 3540)],
        *[("About an hour", 3600), ("47 hours", 169200), ("2 days", 172800)],
        *[("2 weeks", 1209600), ("3 months", 7776000), ("2 years", 63072000)],
    ],
)
def test_ages(words: str, expected: int) -> None:
    assert seconds(words) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        *[("0 B", 0), ("0B", 0), ("2 B", 2), ("13.28 MB", 13_280_000), ("1.98MB", 1_980_000)],
        *[("1.5kB", 1500), ("1.2 GB", 1_200_000_000), ("1e+03kB", 1_000_000), ("3TB", 3 * 10**12)],
    ],
)
def test_sizes(words: str, expected: int) -> None:
    assert size_bytes(words) == expected


@pytest.mark.parametrize(
    ("quoted", "expected"),
    [
        (r'"sleep 5"', "sleep 5"),
        (r'"sh -c \"a\\b\"\n"', 'sh -c "a\\b"\n'),
        (r'"\u00e9\U0001f600\x07"', "é\U0001f600\a"),
        (r'"cut \xe2"', "cut \ufffd"),
    ],
)
def test_quoted_commands(quoted: str, expected: str) -> None:
    assert unquote(quoted) == expected
