"""etcdctl, fleetctl, ros and systemctl: every recorded answer, whole, cut, coloured and misplaced.

What each recording must give stands in golden/*.json: columns, rows (one line each), summary, or
the words of the refusal.
"""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.errors import ParseError
from runbook.parse import parse

HERE = Path(__file__).parent
FOLDERS = ("etcd2", "etcd3", "fleet", "ros")
GOLDEN = {
    f"{folder}/{name}": expected
    for folder in FOLDERS
    for name, expected in json.loads((HERE / "golden" / f"{folder}.json").read_text()).items()
}


def command_line(record: dict) -> list[str]:
    """The words as they ran, with the variable that was given to the tool in front."""
    words = [word for word in record["argv"] if word != "sudo"]
    if words[0] == "cat":
        return ["cloud-config", words[-1]]
    return [words[0].removesuffix("-go119"), *words[1:]]


RECORDS = {
    case: json.loads((HERE.parent / "outputs" / f"{case}.json").read_text()) for case in GOLDEN
}
ACCEPTED = [case for case, expected in GOLDEN.items() if "rows" in expected]
PRINTED = [case for case in ACCEPTED if RECORDS[case]["stdout"].strip()]

# Any text can be the value of a key, and JSON is YAML: nothing foreign can be told from these.
FREE_TEXT = ("etcdctl get", "etcdctl set", "ros config get", "cloud-config")


def read(record: dict, stdout: str | bytes | None = None, stderr: str | bytes | None = None):
    return parse(
        command_line(record),
        record["stdout"] if stdout is None else stdout,
        record["stderr"] if stderr is None else stderr,
        record["exit_code"],
    )


def is_free_text(record: dict) -> bool:
    line = " ".join(word for word in command_line(record) if not word.startswith("-"))
    prints_a_value = "--prev-kv" in record["argv"]  # which may have several lines
    return line.startswith(FREE_TEXT) or " get " in line or " set " in line or prints_a_value


@pytest.mark.parametrize("case", GOLDEN)
def test_every_recording_gives_what_is_expected(case):
    expected = GOLDEN[case]
    if "refused" in expected:
        with pytest.raises(ParseError) as refusal:
            read(RECORDS[case])
        assert refusal.value.what == expected["refused"]
        return
    parsed = read(RECORDS[case])
    assert [column.name for column in parsed.columns] == expected["columns"]
    assert [list(row) for row in parsed.rows] == [expected["columns"]] * len(parsed.rows)
    assert [list(row.values()) for row in parsed.rows] == expected["rows"]
    assert parsed.summary == expected.get("summary", {})


KINDS = {
    "text": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "list": list,
    "object": object,
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_values_have_their_columns_type(case):
    parsed = read(RECORDS[case])
    for column in parsed.columns:
        for row in parsed.rows:
            value = row[column.name]
            assert value is None or isinstance(value, KINDS[column.kind]), (column, value)


@pytest.mark.parametrize("case", PRINTED)
def test_carriage_returns_and_colours_change_nothing(case):
    record = RECORDS[case]
    whole = read(record)
    stdout = record["stdout"].replace("\r\n", "\n")
    assert read(record, stdout.replace("\n", "\r\n")) == whole
    assert read(record, "\x1b[32m" + stdout.replace("\n", "\x1b[0m\n\x1b[1;31m")) == whole


@pytest.mark.parametrize("case", PRINTED)
def test_text_cut_anywhere_in_a_line_is_refused(case):
    record = RECORDS[case]
    stdout = record["stdout"].replace("\r\n", "\n")
    ends = [at for at in range(1, len(stdout)) if stdout[at - 1] != "\n"]
    for at in ends[:: max(1, len(ends) // 40)] + ends[-3:]:
        with pytest.raises(ParseError):
            read(record, stdout[:at])


@pytest.mark.parametrize("case", PRINTED)
def test_bytes_that_are_no_utf8_are_refused(case):
    with pytest.raises(ParseError, match=r"line 1 is not UTF-8"):
        read(RECORDS[case], b"\xff\xfe" + RECORDS[case]["stdout"].encode())


ONE_PER_COMMAND_LINE = list(
    {tuple(command_line(RECORDS[case])): case for case in ACCEPTED}.values()
)


@pytest.mark.parametrize("case", ONE_PER_COMMAND_LINE)
def test_another_tools_text_is_refused(case):
    record = RECORDS[case]
    if is_free_text(record):
        return
    for other in PRINTED:
        foreign = RECORDS[other]
        if command_line(foreign)[0] == command_line(record)[0]:
            continue
        if command_line(foreign)[0] == "cloud-config":
            continue  # ros prints the same YAML
        with pytest.raises(ParseError):
            read(record, foreign["stdout"], "")


STRICT = [
    ["etcdctl", "cluster-health"],
    ["etcdctl", "member", "list"],
    *(["etcdctl", "member", "list", "-w", form] for form in ("json", "table", "fields")),
    *(
        ["etcdctl", "endpoint", what, "-w", form]
        for what in ("health", "status")
        for form in ("simple", "json", "table", "fields")
    ),
    ["etcdctl", "put", "k", "v"],
    ["etcdctl", "ls", "/only/below"],
    ["etcdctl", "get", "-w", "json", "k"],
    ["etcdctl", "get", "-w", "fields", "k"],
    ["etcdctl", "-o", "extended", "get", "k"],
    ["etcdctl", "-o", "json", "get", "k"],
    ["fleetctl", "list-machines"],
    ["fleetctl", "list-units", "--no-legend"],
    ["fleetctl", "list-unit-files"],
    ["fleetctl", "start", "a.service"],
    ["fleetctl", "destroy", "a.service"],
    ["ros", "os", "version"],
    ["ros", "os", "list"],
    ["ros", "engine", "list"],
    ["ros", "config", "export"],
    ["cloud-config", "file.yml"],
    ["systemctl", "is-active", "a", "b"],
    ["systemctl", "show", "a"],
]
ANY_TEXT = st.text(max_size=200) | st.binary(max_size=80)
# Words of the tools in any order come nearer to their grammars than letters do.
PIECES = """
    member is healthy: unhealthy unreachable cluster : , | + - -- { } [ ] " ' # & * ! a: name= Unit
    launched on 1ad018e0... true false null local remote current v0.6.1 ~ 0x 1e9 "ID" "Endpoint" ID
    ENDPOINT UNIT MACHINE ActiveState= OK http://a:1 <<: ? |- > %
"""
WORDS = st.lists(st.sampled_from([*PIECES.split(), "\t", "\n", ""]), max_size=30).map(" ".join)


@given(argv=st.sampled_from(STRICT), text=ANY_TEXT | WORDS | WORDS.map(lambda text: text + "\n"))
def test_random_text_is_refused_or_has_no_row(argv, text):
    try:
        parsed = parse(argv, text)
    except ParseError as refusal:
        assert refusal.what.startswith(argv[0])
    else:
        assert parsed.rows == [] or argv[0] == "cloud-config" or argv[1] == "config"


@given(argv=st.sampled_from(STRICT), text=ANY_TEXT, code=st.integers(-1, 255))
def test_no_exit_code_and_no_stderr_break_a_parser(argv, text, code):
    with suppress(ParseError):
        parse(argv, "", text, code)


@given(case=st.sampled_from(PRINTED), data=st.data())
def test_a_line_too_much_or_too_few_never_breaks_a_parser(case, data):
    record = RECORDS[case]
    lines = record["stdout"].splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines)))
    change = data.draw(st.sampled_from(["drop", "double", "noise"]))
    piece = {"drop": [], "double": lines[at : at + 1] * 2, "noise": ["% noise %\n"]}[change]
    changed = "".join([*lines[:at], *piece, *lines[at + (change != "noise") :]])
    try:
        parsed = read(record, changed)
    except ParseError:
        return
    assert change != "noise" or is_free_text(record), "a foreign line was swallowed"
    assert {tuple(row) for row in parsed.rows} <= {tuple(c.name for c in parsed.columns)}
