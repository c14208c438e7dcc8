"""etcdctl's clusters and members: the article's text, the traps, and forms not recorded."""

import pytest

from runbook.errors import ParseError, UsageError
from runbook.parse import Answer, etcdctl, parse

ARTICLE_ONE_DOWN = """\
failed to check the health of member 3aaf91fd1172594e on http://192.168.0.11:2379: \
Get http://192.168.0.11:2379/health: dial tcp 192.168.0.11:2379: i/o timeout
failed to check the health of member 3aaf91fd1172594e on http://192.168.0.11:4001: \
Get http://192.168.0.11:4001/health: dial tcp 192.168.0.11:4001: i/o timeout
member 3aaf91fd1172594e is unreachable: [http://192.168.0.11:2379 http://192.168.0.11:4001] \
are all unreachable
member 8cf40790248e1dcd is healthy: got healthy result from http://192.168.0.12:2379
member 96b61f40c082cd0b is healthy: got healthy result from http://192.168.0.10:2379
cluster is healthy
"""


def column(parsed, name):
    return [row[name] for row in parsed.rows]


class TestClusterHealth:
    def test_one_of_three_is_unreachable_and_the_cluster_healthy(self):
        parsed = parse(["etcdctl", "cluster-health"], ARTICLE_ONE_DOWN)
        assert column(parsed, "state") == ["unreachable", "healthy", "healthy"]
        assert parsed.rows[0]["client_urls"] == [
            "http://192.168.0.11:2379",
            "http://192.168.0.11:4001",
        ]
        assert parsed.rows[0]["reason"].count("i/o timeout") == 2
        assert column(parsed, "reason")[1:] == [None, None]
        assert parsed.summary == {"cluster": "healthy"}

    def test_a_member_that_answers_on_its_second_url_is_healthy(self):
        parsed = parse(
            ["etcdctl", "cluster-health"],
            "failed to check the health of member a1 on http://h:2379: EOF\n"
            "member a1 is healthy: got healthy result from http://h:4001\n"
            "cluster is healthy\n",
        )
        assert parsed.rows == [
            {
                "member": "a1",
                "state": "healthy",
                "client_urls": ["http://h:2379", "http://h:4001"],
                "reason": None,
            }
        ]

    @pytest.mark.parametrize(
        "stdout",
        [
            "cluster may be unhealthy: failed to list members\n",
            "cluster may be unhealthy: failed to list members\n"
            "Error:  client: etcd cluster is unavailable or misconfigured\n"
            "error #0: dial tcp 127.0.0.1:2399: getsockopt: connection refused\n\n",
        ],
    )
    def test_a_cluster_that_lists_no_members_is_unknown(self, stdout):
        parsed = parse(["etcdctl", "cluster-health"], stdout, exit_code=4)
        assert (parsed.rows, parsed.summary) == ([], {"cluster": "unknown"})

    @pytest.mark.parametrize(
        "stdout",
        [
            "",
            "cluster is healthy\n",
            ARTICLE_ONE_DOWN.removesuffix("cluster is healthy\n"),
            ARTICLE_ONE_DOWN.replace(
                " is unreachable: [http://192.168.0.11:2379 ", " is unreachable: ["
            ),
            "".join(ARTICLE_ONE_DOWN.splitlines(keepends=True)[1:]),
            "".join(ARTICLE_ONE_DOWN.splitlines(keepends=True)[:2]) + "cluster is healthy\n",
            ARTICLE_ONE_DOWN + "\nnext check after 10 second...\n\n",
            ARTICLE_ONE_DOWN.replace("cluster is healthy", "cluster is fine"),
            "member a is healthy: got unhealthy result from http://h\ncluster is healthy\n",
        ],
    )
    def test_anything_missing_or_unknown_is_refused(self, stdout):
        with pytest.raises(ParseError, match="etcdctl cluster-health"):
            parse(["etcdctl", "cluster-health"], stdout)


V2_MEMBER = (
    "5609384831647ad: name=e 0 peerURLs=http://h:2380,http://i:2380 clientURLs= isLeader=true\n"
)
V3_MEMBER = "5609384831647ad, started, e 0, http://h:2380,http://i:2380, , false\n"
MEMBER_HEADER = "| ID | STATUS | NAME | PEER ADDRS | CLIENT ADDRS | IS LEARNER |"


class TestMemberList:
    def test_the_grammar_tells_the_api_when_the_words_do_not(self):
        first, second = (parse(["etcdctl", "member", "list"], t) for t in (V2_MEMBER, V3_MEMBER))
        for parsed in (first, second):
            assert column(parsed, "name") == ["e 0"]
            assert column(parsed, "peer_urls") == [["http://h:2380", "http://i:2380"]]
            assert column(parsed, "client_urls") == [[]]
        assert (column(first, "leader"), column(first, "learner")) == ([True], [None])
        assert (column(second, "leader"), column(second, "learner")) == ([None], [False])

    @pytest.mark.parametrize("words", [["ETCDCTL_API=3"], ["env", "ETCDCTL_API=3"], ["A=b"]])
    def test_variables_in_front_are_part_of_the_command_line(self, words):
        answer = Answer.of([*words, "etcdctl", "member", "list"], V3_MEMBER)
        assert column(etcdctl.parse(answer), "member") == ["5609384831647ad"]

    def test_the_api_that_was_asked_for_is_not_guessed_from_the_text(self):
        with pytest.raises(ParseError, match="line 1 is no member"):
            etcdctl.parse(Answer.of(["ETCDCTL_API=3", "etcdctl", "member", "list"], V2_MEMBER))
        with pytest.raises(ParseError, match="line 1 is no member"):
            parse(["etcdctl", "--no-sync", "member", "list"], V3_MEMBER)

    def test_a_json_id_is_shown_in_hex_also_when_etcdctl_did_it(self):
        for identity, flags in (("384831647", []), ('"16f0109f"', ["--hex"])):
            text = f'{{"header":{{}},"members":[{{"ID":{identity},"peerURLs":["http://h:1"]}}]}}\n'
            parsed = parse(["etcdctl", "member", "list", "-w=json", *flags], text)
            assert parsed.rows == [
                {
                    "member": "16f0109f",
                    "name": None,
                    "started": False,
                    "leader": None,
                    "learner": False,
                    "peer_urls": ["http://h:1"],
                    "client_urls": [],
                }
            ]

    def test_log_lines_of_a_second_try_are_no_members(self):
        log = '{"level":"warn","ts":"2026","msg":"retrying of unary invoker failed"}\n'
        assert len(parse(["etcdctl", "member", "list"], log + V3_MEMBER).rows) == 1

    @pytest.mark.parametrize(
        ("flags", "stdout"),
        [
            ([], ""),
            ([], V3_MEMBER * 2),
            ([], V2_MEMBER + V3_MEMBER),
            ([], "a1, started, e0, http://h:1, http://h:2\n"),
            ([], "a1, unstarted, e0, http://h:1, http://h:2, false\n"),
            ([], "a1, started, e0, h:1, http://h:2, false\n"),
            (["-w", "json"], "[]\n"),
            (["-w", "json"], '{"members":[]}\n'),
            (["-w", "json"], '{"members":[{"ID":"xyz","name":"a"}]}\n'),
            (["-w", "json"], '{"members":[{"ID":1,"name":7}]}\n'),
            (["-w", "json"], '{"members":[{"ID":-1,"name":"a"}]}\n'),
            (["-w", "json"], '{"members":[{"ID":true}]}\n'),
            (["-w", "json"], '{"members":[{"ID":1,"peerURLs":[1]}]}\n'),
            (["-w", "json"], "[" * 5000 + "\n"),
            (["-w", "yaml"], V3_MEMBER),
            (["-w", "table"], f"+----+\n{MEMBER_HEADER}\n+----+\n+----+\n"),
        ],
    )
    def test_what_is_no_member_list_is_refused(self, flags, stdout):
        with pytest.raises(ParseError, match="etcdctl member list"):
            parse(["etcdctl", "member", "list", *flags], stdout)


HEALTHY = "http://a:1 is healthy: successfully committed proposal: took = 1.5ms\n"
UNHEALTHY = "http://b:1 is unhealthy: failed to commit proposal: context deadline exceeded\n"
ENDS = "Error: unhealthy cluster\n"


class TestEndpointHealth:
    @pytest.mark.parametrize(
        ("stdout", "stderr"),
        [
            (HEALTHY, UNHEALTHY + ENDS),  # 3.5
            ("", HEALTHY + UNHEALTHY + ENDS),  # 3.4
            (HEALTHY + UNHEALTHY + ENDS, ""),  # merged
            ('{"level":"warn"}\n' + HEALTHY + UNHEALTHY, ENDS),
            (HEALTHY, "sudo: unable to resolve host a: Name unknown\n" + UNHEALTHY + ENDS),
        ],
    )
    def test_both_streams_give_one_table(self, stdout, stderr):
        parsed = parse(["etcdctl", "endpoint", "health"], stdout, stderr, 1)
        assert parsed.rows == [
            {"endpoint": "http://a:1", "healthy": True, "took_s": 0.0015, "error": None},
            {
                "endpoint": "http://b:1",
                "healthy": False,
                "took_s": None,
                "error": "context deadline exceeded",
            },
        ]

    @pytest.mark.parametrize(
        ("stdout", "code"), [("", 0), ("", 1), (HEALTHY, 1), (HEALTHY, 2), (HEALTHY * 2, 0)]
    )
    def test_a_table_that_would_hide_an_endpoint_is_refused(self, stdout, code):
        with pytest.raises(ParseError):
            parse(["etcdctl", "endpoint", "health"], stdout, exit_code=code)

    def test_fields(self):
        text = '"Endpoint" : "http://a:1"\n"Health" : true\n"Took" : 1m2s\n"Error" : \n\n'
        parsed = parse(["etcdctl", "endpoint", "health", "-w", "fields"], text)
        assert column(parsed, "took_s") == [62.0]
        with pytest.raises(ParseError, match="cut off"):
            parse(["etcdctl", "endpoint", "health", "-w", "fields"], text.removesuffix("\n"))

    def test_a_long_error_is_wrapped_in_the_table(self):
        text = (
            "+------------+--------+------+--------------------------------+\n"
            "|  ENDPOINT  | HEALTH | TOOK |             ERROR              |\n"
            "+------------+--------+------+--------------------------------+\n"
            "| http://a:1 |  false |   5s |      rpc error: code = Unknown |\n"
            "|            |        |      | desc = context deadline        |\n"
            "|            |        |      |                       exceeded |\n"
            "| http://b:1 |   true |  1µs |                                |\n"
            "+------------+--------+------+--------------------------------+\n"
        )
        parsed = parse(["etcdctl", "endpoint", "health", "-w", "table"], text, exit_code=1)
        error = "rpc error: code = Unknown desc = context deadline exceeded"
        assert column(parsed, "error") == [error, None]
        assert column(parsed, "took_s") == [5.0, 1e-6]


STATUS = "http://a:1, a1, 3.5.16, 1.2 MB, true, false, 2, 41, 40, \n"
FAILED = "Failed to get the status of endpoint http://b:1 (context deadline exceeded)\n"


class TestEndpointStatus:
    @pytest.mark.parametrize(("stdout", "stderr"), [(STATUS, FAILED), (FAILED + STATUS, "")])
    def test_an_endpoint_that_does_not_answer_is_a_row(self, stdout, stderr):
        parsed = parse(["etcdctl", "endpoint", "status"], stdout, stderr, 1)
        assert column(parsed, "endpoint") == ["http://a:1", "http://b:1"]
        assert column(parsed, "db_size_bytes") == [1_200_000, None]
        assert column(parsed, "errors") == [None, "context deadline exceeded"]

    def test_errors_may_hold_commas(self):
        text = STATUS.replace("40, ", "40, etcdserver: no leader, memberID:1 alarm:NOSPACE ")
        parsed = parse(["etcdctl", "endpoint", "status"], text)
        assert column(parsed, "errors") == ["etcdserver: no leader, memberID:1 alarm:NOSPACE "]

    @pytest.mark.parametrize(
        ("stdout", "stderr", "code"),
        [("", FAILED, 1), ("", "", 0), (STATUS.replace("MB", "MiB"), "", 0), (STATUS * 2, "", 0)],
    )
    def test_what_is_no_status_is_refused(self, stdout, stderr, code):
        with pytest.raises(ParseError):
            parse(["etcdctl", "endpoint", "status"], stdout, stderr, code)


@pytest.mark.parametrize("words", [["alarm", "list"], ["member", "add", "x"], [], ["endpoint"]])
def test_a_command_without_a_parser_is_a_usage_error(words):
    with pytest.raises(UsageError, match="no parser for: etcdctl"):
        parse(["etcdctl", *words], "")
