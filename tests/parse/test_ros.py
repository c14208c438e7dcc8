"""ros and cloud-config files: the article's text, four versions' forms, YAML's traps."""

import pytest

from runbook.errors import ParseError, UsageError
from runbook.parse import parse

ARTICLE_CONFIG = """\
rancher:
    network:
        dns:
            nameservers:
              - 188.93.16.19
              - 188.93.17.19
              - 109.234.159.91
"""
DNS = ["188.93.16.19", "188.93.17.19", "109.234.159.91"]


def values(argv, stdout, **more):
    return {row["key"]: row["value"] for row in parse(argv, stdout, **more).rows}


class TestVersions:
    @pytest.mark.parametrize(
        ("argv", "stdout"),
        [
            (["sudo", "ros", "os", "version"], "v0.6.1\n"),
            (["ros", "--version"], "ros version v0.6.1\n"),
            (["ros", "-v"], "ros version v0.6.1\n"),
            (["ros", "os", "version"], 'time="2026" level=warning msg="slow" \nv0.6.1\n'),
        ],
    )
    def test_version(self, argv, stdout):
        assert parse(argv, stdout).rows == [{"version": "v0.6.1"}]

    @pytest.mark.parametrize("stdout", ["", "v0.6.1", "0.6.1\n", "v0.6.1\nv0.6.2\n", "v0.6\n"])
    def test_no_version(self, stdout):
        with pytest.raises(ParseError, match="ros os version"):
            parse(["ros", "os", "version"], stdout)

    def test_releases_without_and_with_marks(self):
        text = "rancher/os:v0.6.0 local\nr:5000/rancher/os:v1.5.8 remote latest running\n"
        text += "rancher/os:v1.5.7 remote available \nv1.5.9-rc1 running\n"
        rows = parse(["ros", "os", "list"], text).rows
        assert [list(row.values()) for row in rows] == [
            ["rancher/os:v0.6.0", "v0.6.0", "local", None, None],
            ["r:5000/rancher/os:v1.5.8", "v1.5.8", "remote", True, True],
            ["rancher/os:v1.5.7", "v1.5.7", "remote", False, False],
            [None, "v1.5.9-rc1", None, True, None],
        ]

    def test_engines(self):
        text = "disabled docker-1.10.3\nenabled  docker-1.11.2\ncurrent  docker-19.03.11 (latest)\n"
        rows = parse(["ros", "engine", "list"], text + "disabled dind-1\n").rows
        assert [(row["state"], row["version"]) for row in rows] == [
            ("disabled", "1.10.3"),
            ("enabled", "1.11.2"),
            ("current", "19.03.11"),
            ("disabled", None),
        ]

    @pytest.mark.parametrize(
        "stdout",
        [
            "current docker-1.12.1\n",
            "running  docker-1.12.1\n",
            "current  docker-1.12.1 extra\n",
            "INFO[0000] fine\nERRO[0001] Failed to load the index\n",
        ],
    )
    def test_no_engines(self, stdout):
        with pytest.raises(ParseError, match="ros engine list"):
            parse(["ros", "engine", "list"], stdout)

    def test_an_index_that_did_not_load_is_no_empty_list(self):
        error = 'time="2026" level=error msg="Failed to load http://x: 404" \n'
        with pytest.raises(ParseError, match="Failed to load"):
            parse(["ros", "engine", "list"], "", error)
        assert parse(["ros", "engine", "list"], "").rows == []


class TestConfiguration:
    def test_the_articles_cloud_config(self):
        path = "/var/lib/rancher/conf/cloud-config.yml"
        assert values(["cloud-config", path], ARTICLE_CONFIG) == {
            "rancher.network.dns.nameservers": DNS
        }
        assert values(["cloud-config", path], "#cloud-config\n") == {}

    @pytest.mark.parametrize(
        ("stdout", "rows"),
        [
            ("\n", {}),
            ("docker-1.12.1\n", {"k.l": "docker-1.12.1"}),
            ("true\n", {"k.l": True}),
            ("1460\n", {"k.l": 1460}),
            ("<nil>\n", {"k.l": None}),
            ("a: b\n", {"k.l": "a: b"}),
            ("- a\n- 2\n\n", {"k.l": ["a", 2]}),
            ("[]\n\n", {"k.l": []}),
            ("{}\n\n", {"k.l": {}}),
            ("m: {n: 1}\no: null\n\n", {"k.l.m.n": 1, "k.l.o": None}),
        ],
    )
    def test_config_get(self, stdout, rows):
        assert values(["sudo", "ros", "config", "get", "k.l"], stdout) == rows

    def test_config_export(self):
        argv = ["ros", "c", "export", "--private"]
        assert values(argv, "hostname: a\nl:\n- b: yes\n\n") == {
            "hostname": "a",
            "l": [{"b": True}],
        }
        assert values(["ros", "config", "export", "-o", "x.yml"], "") == {}
        for text in ("", "hostname: a\n", "hostname: a", "- a\n\n", "Usage: ros config\n\n"):
            with pytest.raises(ParseError, match="ros config export"):
                parse(argv, text)

    def test_values_are_typed_as_the_tools_read_yaml_1_1(self):
        text = """\
        a: {b: 1, 'c d': 1.5, e: "1", f: on, g: No, h: ~, i: , j: 0644, k: 1.12.1, l: 12:30}
        labels: {io.rancher.os.scope: system}
        script: |
          one
          two
        """
        found = values(["cloud-config", "f"], text.replace("\n        ", "\n").strip() + "\n")
        assert found == {
            "a.b": 1,
            "a.c d": 1.5,
            "a.e": "1",
            "a.f": True,
            "a.g": False,
            "a.h": None,
            "a.i": None,
            "a.j": "0644",
            "a.k": "1.12.1",
            "a.l": "12:30",
            "labels.io.rancher.os.scope": "system",
            "script": "one\ntwo\n",
        }

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("a:\n\tb: c\n", 2),
            ("a: 1\nb: 2\na: 3\n", 3),
            ("a: &x {b: 1}\nc: *x\n", 1),
            ("a: !!binary aGk=\n", 1),
            ("a: {b: 1}\n<<: {c: 2}\n", 2),
            ("? [a]\n: b\n", 1),
            ("a: [b\n", 2),
        ],
    )
    def test_yaml_that_cannot_be_read_as_it_stands_is_refused_with_its_line(self, text, line):
        with pytest.raises(ParseError, match="cloud-config f") as refusal:
            parse(["cloud-config", "f"], text)
        assert refusal.value.line == line

    @pytest.mark.parametrize(
        "text",
        ["- a\n", "text\n", "a: {b: 1}\na.b: 2\n", "a: 1\n---\nb: 2\n", "[" * 3000 + "\n"],
    )
    def test_yaml_that_is_no_map_of_keys_is_refused(self, text):
        with pytest.raises(ParseError, match="cloud-config f"):
            parse(["cloud-config", "f"], text)


@pytest.mark.parametrize("words", [[], ["os", "upgrade"], ["config", "set", "a", "b"], ["help"]])
def test_a_command_without_a_parser_is_a_usage_error(words):
    with pytest.raises(UsageError, match="no parser for: ros"):
        parse(["ros", *words], "")
