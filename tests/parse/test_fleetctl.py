"""fleetctl's lists and acts: the article's text, the flags, the traps."""

import pytest

from runbook.errors import ParseError, UsageError
from runbook.parse import parse

# The article pads with tabs and blanks.
ARTICLE_UNITS = (
    "UNIT\t\t    MACHINE\t\t\t\t        ACTIVE\tSUB\n"
    "nginx.service\t1ad018e0.../192.168.0.11\tactive\trunning\n"
)
ARTICLE_FILES = (
    "UNIT\t\t    HASH\tDSTATE\t\tSTATE\t\tTARGET\n"
    "nginx.service\t0c112c1\tlaunched\tlaunched\t1ad018e0.../192.168.0.11\n"
)
MACHINE = "4a1ff11c6e5d4c0f9d7e2b8a1c3f5e70"


def test_the_articles_lists():
    units = parse(["fleetctl", "list-units"], ARTICLE_UNITS).rows
    assert units == [
        {
            "unit": "nginx.service",
            "machine": "1ad018e0",
            "ip": "192.168.0.11",
            "active": "active",
            "sub": "running",
        }
    ]
    [unit_file] = parse(["fleetctl", "list-unit-files"], ARTICLE_FILES).rows
    assert list(unit_file.values()) == [
        *("nginx.service", "0c112c1", "launched", "launched"),
        *("1ad018e0", "192.168.0.11", False),
    ]


def test_the_articles_start():
    text = "Unit nginx.service inactive\nUnit nginx.service launched on 1ad018e0.../192.168.0.11\n"
    rows = parse(["fleetctl", "start", "/etc/systemd/system/nginx.service"], text).rows
    assert [list(row.values()) for row in rows] == [
        ["nginx.service", "inactive", None, None],
        ["nginx.service", "launched", "1ad018e0", "192.168.0.11"],
    ]


def test_a_lost_machine_has_no_address():
    text = "UNIT\t\tMACHINE\t\tACTIVE\tSUB\nnginx.service\t1ad018e0...\tactive\trunning\n"
    [row] = parse(["fleetctl", "list-units"], text).rows
    assert (row["machine"], row["ip"], row["sub"]) == ("1ad018e0", None, "running")


@pytest.mark.parametrize(
    "flags", [["--full"], ["-l"], ["-full=true"], ["--tunnel", "192.168.0.11", "--full"]]
)
def test_full_ids(flags):
    text = f"MACHINE\t\tIP\tMETADATA\n{MACHINE}\t-\ta=b,c=d=e\n"
    [row] = parse(["fleetctl", "list-machines", *flags], text).rows
    assert row == {"machine": MACHINE, "ip": None, "metadata": {"a": "b", "c": "d=e"}}
    with pytest.raises(ParseError, match="line 2 has no machine"):
        parse(["fleetctl", "list-machines"], text)


def test_fields_come_in_the_order_asked_and_leave_in_the_declared_one():
    argv = ["fleetctl", "--driver", "etcd", "list-units", "--fields", "load,hash,machine,unit"]
    text = "LOAD\tHASH\tMACHINE\tUNIT\nloaded\t0c112c1\t-\ta@1.service\n"
    parsed = parse(argv, text)
    names = ["unit", "machine", "ip", "active", "sub", "load", "hash"]
    assert [column.name for column in parsed.columns] == names
    assert list(parsed.rows[0].values()) == [
        *("a@1.service", None, None, None, None, "loaded", "0c112c1"),
    ]


def test_global_is_known_from_target_or_from_its_own_field():
    argv = ["fleetctl", "list-unit-files", "--no-legend", "--fields=unit,{},state,desc"]
    argv[-1] = "--fields=unit,target,state,desc"
    [row] = parse(argv, "a.service\tglobal\t-\tTwo words\n").rows
    assert (row["global"], row["machine"], row["state"]) == (True, None, None)
    assert row["desc"] == "Two words"
    [row] = parse([*argv[:-1], "--fields=unit,global"], "a.service\tfalse\n").rows
    assert (row["global"], row["dstate"]) == (False, None)
    [row] = parse([*argv[:-1], "--fields=unit"], "a.service\n").rows
    assert row["global"] is None


def test_no_unit_is_an_empty_table_with_the_same_columns():
    whole = parse(["fleetctl", "list-units"], ARTICLE_UNITS)
    header = parse(["fleetctl", "list-units"], "UNIT\tMACHINE\tACTIVE\tSUB\n")
    nothing = parse(["fleetctl", "list-units", "--no-legend"], "")
    assert header.columns == nothing.columns == whole.columns
    assert header.rows == nothing.rows == []


@pytest.mark.parametrize(
    ("argv", "stdout"),
    [
        (["list-machines"], ""),
        (["list-units"], ""),
        (["list-units"], "nginx.service\t1ad018e0.../192.168.0.11\tactive\trunning\n"),
        (["list-units", "--no-legend"], "UNIT\tMACHINE\tACTIVE\tSUB\n"),
        (["list-units", "--no-legend"], "a.service\t1ad018e0...\tactive\n"),
        (["list-units", "--no-legend"], "a.service\t1ad018e0...\t\tactive\trunning\tx\n"),
        (["list-units", "--no-legend"], "a.service 1ad018e0... active running\n"),
        (["list-units", "--no-legend"], "a.service\t1ad018e0\tactive\trunning\n"),
        (["list-units", "--no-legend"], "running\ta.service\t1ad018e0...\tactive\n"),
        (["list-units", "--fields=unit,desc"], "UNIT\tDESC\na.service\tx\n"),
        (["list-unit-files"], ARTICLE_UNITS),
        (["list-unit-files"], ARTICLE_FILES.replace("launched", "running")),
        (["list-unit-files"], ARTICLE_FILES.replace("0c112c1", "0c112c103d")),
        (["list-machines", "--no-legend"], "1ad018e0...\t192.168.0.11\trole\n"),
        (["start", "a"], "Unit a.service running\n"),
        (["start", "a"], "Destroyed a.service\n"),
        (["start", "a"], "Triggered unit a.service stop\n"),
        (["destroy", "a"], "Unit a.service inactive\n"),
        (["start", "a"], "Error creating units: unable to find Unit(a.service)\n"),
    ],
)
def test_a_shifted_short_or_foreign_line_is_refused(argv, stdout):
    with pytest.raises(ParseError, match=f"fleetctl {argv[0]}"):
        parse(["fleetctl", *argv], stdout)


def test_start_of_1_0_0_exits_1_though_the_unit_was_launched():
    launched = "Unit a.service inactive\nUnit a.service launched on 1ad018e0.../192.168.0.11\n"
    error = "Error waiting for units: Failed to find an active unit a.service within 2s\n"
    assert len(parse(["fleetctl", "start", "a"], launched, error, 1).rows) == 2
    for argv, stdout in (
        (["start", "a", "b"], launched + "Unit b.service inactive\n"),
        (["start", "a"], ""),
        (["stop", "a"], launched),
    ):
        with pytest.raises(ParseError, match="exit 1: 'Error waiting"):
            parse(["fleetctl", *argv], stdout, error, 1)


@pytest.mark.parametrize("command", ["status", "journal", "cat", "help", "list-unit-schedule"])
def test_a_command_without_a_parser_is_a_usage_error(command):
    with pytest.raises(UsageError, match=f"no parser for: fleetctl {command}"):
        parse(["fleetctl", command], "text\n")
