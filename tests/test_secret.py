"""Secrets are fetched by name, and no spelling of a value survives the redactor."""

from __future__ import annotations

import base64
import html
import json
import shlex
import stat
import sys
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.errors import UsageError
from runbook.secret import Redactor, clean_all_looks, clean_looks, fetch

# No « » (the masks) and nothing that the mask's own name contains.
VALUES = st.text(
    st.characters(codec="utf-8", exclude_characters="«»", exclude_categories=("Cs",)), min_size=4
).filter(lambda text: len(text.strip()) >= 4 and text.strip() not in "«NAME»")

SPELLINGS = {
    "plain": lambda value: value,
    "shell": shlex.quote,
    "url": lambda value: quote(value, safe=""),
    "form": quote_plus,
    "json": lambda value: json.dumps(value)[1:-1],
    "json, unicode": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "json in json": lambda value: json.dumps(json.dumps(value))[3:-3],
    "python": lambda value: repr(value)[1:-1],
    "html": html.escape,
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(value=VALUES, before=st.text(max_size=5), after=st.text(max_size=5))
def test_no_spelling_of_a_value_survives(
    spelling: str, value: str, before: str, after: str
) -> None:
    redactor = Redactor()
    redactor.add("NAME", value)
    spelt = SPELLINGS[spelling](value)
    cleaned = redactor.clean(f"{before} {spelt} {after}")
    assert "«NAME»" in cleaned or "«" in cleaned
    assert spelt not in cleaned


@given(value=VALUES, text=st.text())
def test_cleaning_twice_is_cleaning_once(value: str, text: str) -> None:
    redactor = Redactor()
    redactor.add("NAME", value)
    once = redactor.clean(f"{text}{value}{text}")
    assert redactor.clean(once) == once


@pytest.mark.parametrize("user", ["a", "ab", "abc"])
def test_a_value_inside_a_longer_base64_text_is_found(user: str) -> None:
    redactor = Redactor()
    redactor.add("password", "correct horse battery")
    basic = base64.b64encode(f"{user}:correct horse battery".encode()).decode()
    assert "«password»" in redactor.clean(f"Authorization: Basic {basic}")


def test_the_longest_value_is_masked_first() -> None:
    redactor = Redactor()
    redactor.add("short", "abcd")
    redactor.add("long", "abcdefgh")
    assert redactor.clean("abcdefgh abcd") == "«long» «short»"


def test_each_line_of_a_long_secret_is_masked_by_itself() -> None:
    redactor = Redactor()
    redactor.add("key file", "first line of it\nsecond line of it\n")
    assert redactor.clean("    second line of it") == "    «key file»"


@pytest.mark.parametrize("value", ["", "abc", " abc \n"])
def test_a_short_value_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match="shorter than 4"):
        Redactor().add("pin", value)


TOKEN = "SWMTKN-1-"  # noqa: S105 - made up
TOKEN += "3pu6hszjas19xyp7ghgosyx9k8atbfcr8p2is99znpy26u2lkl-7p73s1dx5in4tatdymyhg9hu2"
FERNET = "gAAAAABYJ" + "x-_1" * 20
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc=\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "secret", "kept"),
    [
        (f"docker swarm join --token {TOKEN} 10.0.0.1:2377", TOKEN, "10.0.0.1:2377"),
        ("unlock with SWMKEY-1-7c37Cc8654o6p38HnroywCi19pllOnGtbdZEgtKxZu8", "7c37Cc", "unlock"),
        (f"token={FERNET}&x=1", FERNET, "token="),
        ("X-Auth-Token: 0123456789abcdef", "0123456789abcdef", "X-Auth-Token: "),
        ('{"X-Subject-Token": "0123456789abcdef"}', "0123456789", '"X-Subject-Token": "'),
        ('{"adminPass": "Q9x7!kk", "id": 1}', "Q9x7!kk", '"id": 1'),
        (f"key:\n{PEM}\nafter", "MIIEpAIBAAKCAQEA", "after"),
        (f"key:\n{PEM[:50]}", "MIIEpAIB", "key:"),
        ("http://admin:s3cr3t@registry.example/v2", "s3cr3t", "http://admin:"),
        ("https://0a1b2c3d@git.example/x", "0a1b2c3d", "@git.example/x"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, secret: str, kept: str) -> None:
    cleaned = clean_looks(text)
    assert secret not in cleaned
    assert kept in cleaned
    assert clean_looks(cleaned) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "To add a worker: docker swarm join --token SWMTKN-1-... 192.168.0.100:2377",
        "https://discovery.etcd.io/3e86b59982e49066c5d813af1c2e2579cbf573de",
        "ssh core@192.168.0.10 and ssh://core@192.168.0.10:22/",
        "366e05bfa5d5a4d0: name=node00 peerURLs=http://192.168.0.10:2380 isLeader=true",
        "iVBORw0KGgogAAAAAElEQVR4nGP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
    ],
)
def test_innocent_text_stays(text: str) -> None:
    assert clean_looks(text) == text


def test_a_whole_notebook_is_cleaned_keys_and_all() -> None:
    value = {"a": [TOKEN, 1, None, {TOKEN: ("x", TOKEN)}]}
    assert TOKEN not in json.dumps(clean_all_looks(value))


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_PASSWORD", "correct horse")
    redactor = Redactor()
    assert fetch("password", "env:CLOUD_PASSWORD", redactor) == "correct horse"
    assert redactor.clean("correct horse") == "«password»"


def test_a_secret_comes_from_a_file_of_ours_alone(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("correct horse\n")
    file.chmod(0o600)
    assert fetch("password", f"file:{file}", Redactor()) == "correct horse"
    file.chmod(0o600 | stat.S_IRGRP)
    with pytest.raises(UsageError, match="0640") as refused:
        fetch("password", f"file:{file}", Redactor())
    assert "chmod 600" in str(refused.value)


def test_a_secret_comes_from_a_command_without_a_shell(tmp_path: Path) -> None:
    line = f"{sys.executable} -c 'import sys; print(sys.argv[1])' '$HOME; a b'"
    assert fetch("password", f"command:{line}", Redactor()) == "$HOME; a b"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("env:RUNBOOK_TEST_NOT_SET", "not set"),
        ("file:/nowhere/secret", "No such file"),
        ("file:/dev/null", "can read"),
        ("command:/nowhere/program", "No such file"),
        (f"command:{sys.executable} -c 'raise SystemExit(3)'", "exit 3"),
        (f"command:{sys.executable} -c ''", "empty"),
        ("vault:x", "no usable source"),
        ("env:", "no usable source"),
    ],
)
def test_a_secret_that_is_not_there_says_so(source: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        fetch("password", source, Redactor())


@given(value=VALUES.filter(lambda text: [text] == text.strip().splitlines()), data=st.data())
def test_a_stream_cut_anywhere_shows_nothing_of_a_value(value: str, data: st.DataObject) -> None:
    redactor = Redactor()
    redactor.add("NAME", value)
    cut = data.draw(st.integers(1, len(value) - 1))
    first = redactor.clean_values(f"the token is {value[:cut]}")
    held = redactor.held_back(first)
    shown = first[: len(first) - held]
    rest = redactor.clean(first[len(first) - held :] + value[cut:] + " and more")
    assert value not in redactor.clean(shown) + rest
    assert "«" in rest


@pytest.mark.parametrize("secret", [TOKEN, FERNET, PEM, "X-Auth-Token: 0123456789", "x://a:bcd@h"])
def test_a_stream_cut_anywhere_shows_nothing_of_what_looks_like_a_secret(secret: str) -> None:
    whole = clean_looks(f"say {secret} now")
    for cut in range(1, len(secret)):
        redactor = Redactor()
        first = f"say {secret[:cut]}"
        end = len(first) - redactor.held_back(first)
        parts = redactor.clean(first[:end]) + redactor.clean(first[end:] + secret[cut:] + " now")
        assert parts == whole
