"""etcdctl's keys and values: get, set, put and ls in the forms of both APIs."""

import pytest

from runbook.errors import ParseError
from runbook.parse import Answer, etcdctl, parse

HEADER = '"ClusterID" : 1\n"MemberID" : 2\n"Revision" : 3\n"RaftTerm" : 4\n'
PAIR = '"{0}Key" : {1}\n"{0}CreateRevision" : 2\n"{0}ModRevision" : 2\n"{0}Version" : 1\n'
PAIR += '"{0}Value" : {2}\n"{0}Lease" : 0\n'
COUNT = '"More" : false\n"Count" : 1\n'


def pairs(line, stdout, *before):
    answer = Answer.of([*before, "etcdctl", *line.split()], stdout)
    return [tuple(row.values()) for row in etcdctl.parse(answer).rows]


def test_the_articles_set_and_get():
    key = "/common/cluster-name"
    assert pairs(f"set {key} selectel-test-cluster", "selectel-test-cluster\n") == [
        (None, "selectel-test-cluster")
    ]
    assert pairs("get common/cluster-name", "selectel-test-cluster\n") == [
        (None, "selectel-test-cluster")
    ]


@pytest.mark.parametrize(
    ("line", "stdout", "rows"),
    [
        ("get /k", "", []),
        ("get /k", "\n", [(None, "")]),
        ("get /k", "/k\n\n", [("/k", "")]),
        ("get /k", "/k\nv\nw\n", [("/k", "v\nw")]),
        ("get /k", "v\nw\n", [(None, "v\nw")]),
        ("get --prefix /", "/a\n1\n/b\n2\n", [("/a", "1"), ("/b", "2")]),
        ("get --prefix --keys-only /", "/a\n\n/b\n\n", [("/a", None), ("/b", None)]),
        ("get /a /c", "/a\n1\n/b\n2\n", [("/a", "1"), ("/b", "2")]),
        ("get --from-key /b", "/b\n1\nz\n2\n", [("/b", "1"), ("z", "2")]),
        ("get --print-value-only /k", "v\nw\n", [(None, "v\nw")]),
        ("get --prefix --print-value-only /", "v\nw\n", [(None, "v"), (None, "w")]),
        ("get --hex /k", "\\x2f\\x6b\n\\xd0\\xb8\n", [("/k", "и")]),
        ("get -w json /k", '{"header":{}}\n', []),
        ("get -wjson /k", '{"header":{},"kvs":[{"key":"L2s="}],"count":1}\n', [("/k", "")]),
        ("-w fields get /k", HEADER + COUNT.replace("1", "0"), []),
        (
            "get --write-out=fields /k",
            HEADER + PAIR.format("", '"/k"', r'"a\n\"\xd0\xb8\" \\ \u00a0"') + COUNT,
            [("/k", 'a\n"и" \\ \xa0')],
        ),
        ("put /k v", "OK\n", [(None, None)]),
        ("put --prev-kv /k v", "OK\n/k\nold\n", [("/k", "old")]),
        ("put /k v -w json", '{"header":{}}\n', [(None, None)]),
        (
            "put --prev-kv /k v -w json",
            '{"header":{},"prev_kv":{"key":"L2s=","value":"dg=="}}\n',
            [("/k", "v")],
        ),
        (
            "put --prev-kv /k v -w fields",
            HEADER + PAIR.format("Prev", '"/k"', '"v"'),
            [("/k", "v")],
        ),
        ("ls", "", []),
        ("ls -p", "/a/\n/b\n", [("/a", None), ("/b", None)]),
        ("ls a", "/a/x\n", [("/a/x", None)]),
        (
            "-o extended set /k v",
            "Key: /k\nCreated-Index: 1\nModified-Index: 2\nPrevNode.Value: a\nb\n"
            "TTL: 0\nIndex: 2\n\nv\n",
            [("/k", "v")],
        ),
    ],
)
def test_each_form_is_read(line, stdout, rows):
    assert pairs(line, stdout) == rows


@pytest.mark.parametrize(
    ("line", "stdout"),
    [
        ("get /k", "/k\n"),  # API 2's value or API 3's key?
        ("get /k", "Error:  100: Key not found (/k) [73]\n"),
        ("get /k", "No help topic for 'get'\n"),
        ("get --prefix /", "Error: context deadline exceeded\n"),
        ("get --prefix /", "/a\nv\nw\n"),
        ("get --prefix /", "/a\nv\nw\nx\n"),
        ("get --prefix /", "/a\n1\n/a\n2\n"),
        ("get --prefix --keys-only /", "/a\n1\n"),
        ("get /a /c", "/d\n1\n"),
        ("get --hex /k", "/k\nv\n"),
        ("get -w json /k", '{"header":{},"kvs":[{"key":"#"}],"count":1}\n'),
        ("get -w json /k", '{"header":{},"kvs":[{"key":"/w=="}],"count":1}\n'),
        ("get -w json --prefix /k", '{"header":{},"kvs":[{"key":"L2s="}],"count":2}\n'),
        ("get -w fields /k", HEADER + '"More" : false\n"Count" : 7\n'),
        ("get -w table /k", "/k\nv\n"),
        ("set /k v", "w\n"),
        ("-o xml set /k v", ""),
        ("put /k v", ""),
        ("put /k v", "v\n"),
        ("put --prev-kv /k v", "OK\n/other\nv\n"),
        ("ls /a", "/b\n"),
        ("ls", "Incorrect Usage.\n\nNAME:\n   etcdctl ls - retrieve a directory\n"),
    ],
)
def test_what_cannot_be_read_in_full_is_refused(line, stdout):
    with pytest.raises(ParseError):
        pairs(line, stdout)


def test_the_api_named_in_front_decides():
    assert pairs("get /k", "/k\n", "ETCDCTL_API=2") == [(None, "/k")]
    assert pairs("get /k", "/k\nv\n", "env", "ETCDCTL_API=2") == [(None, "/k\nv")]
    assert pairs("get /k", "/k\nv\n", "ETCDCTL_API=3") == [("/k", "v")]
    with pytest.raises(ParseError, match="key without its value"):
        pairs("get /k", "/k\n", "ETCDCTL_API=3")


def test_a_key_that_is_not_there_is_the_tools_own_error_in_the_v2_api():
    error = "Error:  100: Key not found (/k) [73]\n"
    with pytest.raises(ParseError, match="exit 4: 'Error:  100: Key not found"):
        parse(["etcdctl", "get", "/k"], "", error, 4)


def test_a_limit_may_leave_keys_out():
    text = '{"header":{},"kvs":[{"key":"L2s="}],"more":true,"count":9}\n'
    assert pairs("get -w json --prefix --limit 1 /k", text) == [("/k", "")]
