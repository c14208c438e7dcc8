"""systemctl is-active and show."""

import pytest

from runbook.errors import ParseError, UsageError
from runbook.parse import parse

TWO_UNITS = "ActiveState=active\nMainPID=123\n\nActiveState=inactive\nMainPID=\n"


def rows(words, stdout, code=0):
    parsed = parse(["systemctl", *words], stdout, exit_code=code)
    assert all(list(row) == [column.name for column in parsed.columns] for row in parsed.rows)
    return parsed.rows


def test_is_active_answers_unit_by_unit_with_exit_0_3_and_4():
    for code in (0, 3, 4):
        assert rows(["is-active", "etcd2", "fleet"], "inactive\nactive\n", code) == [
            {"unit": "etcd2", "active_state": "inactive"},
            {"unit": "fleet", "active_state": "active"},
        ]


@pytest.mark.parametrize(
    ("stdout", "code"),
    [
        ("active\n", 0),
        ("active\nactive\nactive\n", 0),
        ("active\nrunning\n", 0),
        ("active\nactive", 0),
        ("", 0),
        ("Failed to connect to bus: No such file or directory\n", 1),
    ],
)
def test_is_active_refuses_other_text(stdout, code):
    with pytest.raises(ParseError, match="systemctl is-active"):
        rows(["is-active", "etcd2", "fleet"], stdout, code)


def test_show_gives_the_properties_asked_for_in_snake_case():
    for flags in (["-p", "ActiveState,MainPID"], ["--property=ActiveState", "-pMainPID"]):
        assert rows(["show", "--no-pager", *flags, "a", "b"], TWO_UNITS) == [
            {"unit": "a", "active_state": "active", "main_pid": "123"},
            {"unit": "b", "active_state": "inactive", "main_pid": None},
        ]
    assert rows(["show", "-p", "Nope,Id", "a"], "Id=a.service\n") == [
        {"unit": "a", "nope": None, "id": "a.service"}
    ]
    assert rows(["show", "*.timer"], "Id=a.timer\n\nId=b.timer\n") == [
        {"unit": "a.timer", "id": "a.timer"},
        {"unit": "b.timer", "id": "b.timer"},
    ]
    assert rows(["show"], "Version=252\n") == [{"unit": None, "version": "252"}]


def test_show_makes_a_list_of_a_property_that_repeats():
    text = "Listen=a\nListen=b\nEnvironment=X=1 Y=2\n\nEnvironment=\n"
    assert rows(["show", "s", "t"], text) == [
        {"unit": "s", "listen": ["a", "b"], "environment": "X=1 Y=2"},
        {"unit": "t", "listen": [], "environment": None},
    ]


def test_show_reads_the_values_of_one_property():
    for flags in (["--value", "-p", "ActiveState"], ["-P", "ActiveState"]):
        assert rows(["show", *flags, "a", "b"], "active\n\ninactive\n") == [
            {"unit": "a", "active_state": "active"},
            {"unit": "b", "active_state": "inactive"},
        ]
    with pytest.raises(ParseError, match="ask for one property"):
        rows(["show", "--value", "-p", "A,B", "a"], "1\n2\n")


@pytest.mark.parametrize(
    "stdout",
    [
        "",
        "ActiveState=active\n",
        TWO_UNITS + "\n",
        TWO_UNITS.replace("MainPID", "Other"),
        TWO_UNITS.replace("\n\n", "\n\n\n"),
        TWO_UNITS.replace("ActiveState=", "ActiveState: "),
        TWO_UNITS + "a continued line\n",
    ],
)
def test_show_refuses_other_text(stdout):
    with pytest.raises(ParseError, match="systemctl show"):
        rows(["show", "-p", "ActiveState", "-p", "MainPID", "a", "b"], stdout)


def test_a_command_without_a_parser_is_a_usage_error():
    with pytest.raises(UsageError, match="no parser for: systemctl status"):
        parse(["systemctl", "status", "a"], "")
