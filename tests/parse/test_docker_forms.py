"""The form of a listing follows from the command line: flags, formats, versions."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from runbook.errors import ParseError
from runbook.parse import parse

NODE = "2l7p4awb9grgi20vkz2x85k47"
LONG = "a" * 64
SHORT = "a" * 12
PS = (
    "CONTAINER ID   IMAGE     COMMAND       CREATED         STATUS         PORTS     NAMES\n"
    f'{SHORT}   nginx     "nginx -g…"   2 minutes ago   Up 2 minutes   80/tcp    web\n'
)
PS_SIZE = (
    "CONTAINER ID   IMAGE     COMMAND   CREATED         STATUS    PORTS     NAMES     SIZE\n"
    f'{SHORT}   nginx     "a"       2 minutes ago   Created             web       '
)
IMAGES = "REPOSITORY   TAG       IMAGE ID       CREATED       SIZE\n"
DIGESTS = "REPOSITORY   TAG       DIGEST    IMAGE ID       CREATED       SIZE\n"


def rows(line: str, stdout: str) -> list[dict[str, Any]]:
    return parse(shlex.split(line), stdout).rows


def error(line: str, stdout: str, exit_code: int = 0, stderr: str = "") -> str:
    with pytest.raises(ParseError) as caught:
        parse(shlex.split(line), stdout, stderr, exit_code)
    return str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "docker ps",
        "sudo docker ps -a",
        "sudo -n system-docker ps --all --filter name=web",
        "/usr/bin/docker ps -af name=web -n 2",
        "docker ps -n=2 -l --latest=true",
        "docker ps -n2 --last 3 --format table",
        "docker ps --no-trunc=false --size=false -q=false",
        "docker -H unix:///var/run/docker.sock -D --log-level=debug ps",
        "docker --host=tcp://10.0.0.1:2375 --tls container ls",
        "docker -c default container ps",
        "docker --context default container list --format=",
    ],
)
def test_command_lines_of_one_table(line: str) -> None:
    assert rows(line, PS)[0]["container"] == SHORT


@pytest.mark.parametrize(
    "line",
    [
        "docker ps -q --no-trunc",
        "docker ps -aq --no-trunc",
        "docker ps -qaf name=x --no-trunc",
        "docker container ls -q --no-trunc=true --format table",
    ],
)
def test_quiet_prints_ids_only(line: str) -> None:
    row = rows(line, f"{LONG}\n")[0]
    assert row.pop("container") == LONG
    assert set(row.values()) == {None}
    assert rows(line, "") == []
    assert "line 2 CONTAINER ID cannot be read" in error(line, f"{LONG}\n{SHORT}\n")


def test_images_and_their_aliases() -> None:
    text = f"{IMAGES}<none>       <none>    {SHORT}   2 weeks ago   1e+03kB\n"
    for line in ("docker images", "docker image ls -a", "docker images --filter dangling=true"):
        row = rows(line, text)[0]
        assert (row["repository"], row["tag"], row["size_bytes"]) == (None, None, 1_000_000)
        assert row["created_s"] == 14 * 86400
    digests = f"{DIGESTS}x            1         <none>    {SHORT}   2 weeks ago   0 B\n"
    assert rows("docker images --digests x", digests)[0]["size_bytes"] == 0
    assert "line 1 is not the expected header" in error("docker images", digests)
    assert "line 1 is not the expected header" in error("docker images --digests", text)
    assert "line 2 IMAGE ID cannot be read" in error("docker images --no-trunc", text)
    assert rows("docker images -q", f"{SHORT}\n")[0]["image"] == SHORT


def test_the_size_option_adds_a_column_of_text() -> None:
    assert rows("docker ps -s", f"{PS_SIZE}0 B (virtual 13.28 MB)\n")[0]["status"] == "Created"
    assert rows("docker ps -as", f"{PS_SIZE}2B (virtual 13.3MB)\n")[0]["names"] == ["web"]
    assert "SIZE cannot be read" in error("docker ps -s", f"{PS_SIZE}0 B (virt\n")
    assert "SIZE is empty" in error("docker ps -s", f"{PS_SIZE}\n")
    assert "line 1 is not the expected header" in error("docker ps", f"{PS_SIZE}0B\n")
    assert "line 1 is not the expected header" in error("docker ps -s", PS)


@pytest.mark.parametrize(
    ("template", "text", "expected"),
    [
        ("{{.Names}}", "web\n", {"names": ["web"]}),
        ("{{ .ID }}: {{.Names}}", f"{SHORT}: a,b/c\n", {"names": ["a", "b/c"]}),
        (r"{{.Names}}\t{{.Ports}}", "web\t\n", {"ports": []}),
        ("{{.Names}} {{.Status}} {{.Ports}}", "w Up 2 hours 1/tcp, 2/tcp\n", {"status_s": 7200}),
        ("{{.RunningFor}}", "5 minutes\n", {"created_s": 300}),
        ("{{.CreatedAt}}", "2026-11-22 20:04:51 +0000 UTC\n", {"created_s": None}),
        ("{{.State}}", "removing\n", {"status": "Removal In Progress"}),
        ("{{.Status}}|{{.State}}", "Up 1 second (Paused)|paused\n", {"status": "Paused"}),
        ("{{.RunningFor}}|{{.CreatedAt}}", "1 second ago|2026-11-22 20:04:51 +0000 UTC\n",
         {"created_text": "1 second ago"}),
        ("{{.Names}} {{.Labels}}", "web a=b,c=d e\n", {"names": ["web"]}),
        (r"table {{.Names}}\t{{.State}}", "NAMES   STATE\nx       dead\n", {"status": "Dead"}),
        ("table {{.Ports}}", "PORTS\n80/tcp\n", {"ports": ["80/tcp"]}),
    ],
)  # fmt: skip
def test_templates_of_ps(template: str, text: str, expected: dict[str, Any]) -> None:
    row = rows(f"docker ps --format '{template}'", text)[0]
    assert {name: row[name] for name in expected} == expected
    header = text.split("\n")[0] + "\n" if template.startswith("table") else ""
    assert rows(f"docker ps --format='{template}'", header) == []


def test_a_template_keeps_lines_without_text() -> None:
    found = rows("docker ps --format '{{.Ports}}'", "80/tcp\n\n\n")
    assert [row["ports"] for row in found] == [["80/tcp"], [], []]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{.Nope}}", "no parser for {{.Nope}}; known: ID, Image, Command"),
        ('{{.Label "x"}}', 'no parser for {{.Label "x"}}'),
        ("{{json .Names}}", "no parser for {{json .Names}}"),
        ("{{.ID}}{{.Names}}", "no parser for the template"),
        (r"{{.ID}}\n{{.Names}}", "no parser for the template"),
        ("pretty", "no parser for the template 'pretty'"),
        ("raw", "no parser for the template 'raw'"),
        ("table {{.ID}}: {{.Names}}", "no parser for the template"),
    ],
)
def test_templates_without_a_parser(template: str, message: str) -> None:
    assert message in error(f"docker ps --format '{template}'", "x\n")


def test_a_line_that_fits_a_template_in_several_ways() -> None:
    line = "docker ps --format '{{.Labels}} {{.Mounts}}'"
    assert "line 2 fits the template in several ways: 'a b c'" in error(line, "a b\na b c\n")
    assert "line 1 fits the template in no way: 'a'" in error(line, "a\n")


@pytest.mark.parametrize("form", ["json", "{{json .}}", "{{ json . }}"])
def test_json(form: str) -> None:
    good = (
        f'{{"Availability":"Active","EngineVersion":"28.2.2","Hostname":"m","ID":"{NODE}",'
        '"ManagerStatus":"Leader","Self":true,"Status":"Ready","TLSStatus":"Ready"}\n'
    )
    line = f"docker node ls --format '{form}'"
    assert rows(line, good)[0]["self"] is True
    assert rows(line, "") == []
    for bad, message in (
        ("json\n", "line 1 this version prints the word json"),
        ("{}\n", "line 1 has no ID, Self, Hostname"),
        ("[]\n", "line 1 is not a JSON object"),
        (good[:40] + "\n", "line 1 is not a JSON object"),
        (good + "\n" + good, "line 2 is not a JSON object"),
        (good.replace("true", "1"), "a value that is no text"),
        (good.replace('"Ready","TLS', '"Fine","TLS'), "STATUS cannot be read"),
    ):
        assert message in error(line, bad)


def test_the_mark_of_former_tasks_is_in_tables_only() -> None:
    table = "NAME                NODE\nweb.1               worker0\n \\_ web.1           worker1\n"
    found = rows(r"docker service ps --format 'table {{.Name}}\t{{.Node}}' web", table)
    assert [(row["name"], row["previous"]) for row in found] == [("web.1", False), ("web.1", True)]
    plain = rows("docker service ps --format '{{.Name}}' web", "web.1\n")
    assert plain[0]["previous"] is None


def test_services_of_all_modes() -> None:
    text = (
        "ID             NAME   MODE             REPLICAS               IMAGE     PORTS\n"
        "aaaaaaaaaaaa   a      replicated       1/3 (max 1 per node)   nginx     *:80->80/tcp\n"
        "bbbbbbbbbbbb   b      global job       0/2 (1/2 completed)    nginx     \n"
        "cccccccccccc   c      replicated job   0/1 (3/4 completed)    nginx     \n"
    )
    found = rows("docker service list", text)
    assert [(row["running"], row["desired"]) for row in found] == [(1, 3), (0, 2), (0, 1)]
    assert [row["mode"] for row in found] == ["replicated", "global job", "replicated job"]
    old = (
        "ID            NAME  REPLICAS  IMAGE  COMMAND\naaaaaaaaaaaa  a     global    nginx  b  c\n"
    )
    row = rows("docker service ls", old)[0]
    assert (row["mode"], row["running"], row["command"], row["ports"]) == (
        *("global", None, "b  c", None),
    )


def test_a_node_that_is_just_joining_has_no_name_yet() -> None:
    text = (
        "ID                            HOSTNAME   STATUS    AVAILABILITY   MANAGER STATUS   "
        f"ENGINE VERSION\n{NODE}                Unknown   Active                          \n"
    )
    row = rows("docker node ls", text)[0]
    assert (row["hostname"], row["status"], row["engine_version"]) == (None, "Unknown", None)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("docker ps --help", "docker ps: was asked for its help"),
        ("docker ps --nope", "docker ps: there is no parser for its option --nope"),
        ("docker images --tree", "docker images: there is no parser for its option --tree"),
        ("docker ps --filter", "there is no parser for its option --filter"),
        ("docker ps -q --format '{{.Names}}'", "-q with --format prints one or the other"),
    ],
)
def test_options_without_a_parser(line: str, message: str) -> None:
    assert message in error(line, PS)


VERSION = {
    "docker --version": "Docker version 28.2.2, build e6534b4\n",
    "docker -v": "Docker version 1.12.1, build 23cf638\n",
}


def test_versions() -> None:
    assert [rows(line, text)[0]["build"] for line, text in VERSION.items()] == [
        *("e6534b4", "23cf638"),
    ]
    asked = "docker version --format '{{.Client.Version}} {{.Server.APIVersion}}'"
    assert rows(asked, "28.2.2 1.41\n") == [
        {"component": "Client", "version": "28.2.2", "build": None, "api_version": None},
        {"component": "Server", "version": None, "build": None, "api_version": "1.41"},
    ]
    for form in ("json", "{{json .}}"):
        text = (
            '{"Client":{"Version":"20.10.24+dfsg1","ApiVersion":"1.41","GitCommit":"297e128"},'
            '"Server":{"Version":"20.10.24","ApiVersion":"1.41","GitCommit":"5d6db84","Components":'
            '[{"Name":"Engine","Version":"20.10.24"},{"Name":"runc","Version":"1.1.5",'
            '"Details":{"GitCommit":""}}]}}\n'
        )
        found = rows(f"docker version -f '{form}'", text)
        assert [row["component"] for row in found] == ["Client", "Server", "runc"]
        assert "is not the JSON" in error(f"docker version -f '{form}'", text.replace("Ser", "S"))


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        ("docker --version", "", "printed nothing"),
        ("docker --version", "podman version 4.3.1\n", "line 1 is not docker's version"),
        ("docker --version", VERSION["docker -v"] * 2, "is not docker's version"),
        ("docker version", "Client:\n Version:      1.12.1\n", "not one client and one server"),
        ("docker version", "Docker version 1.12.1, build 23cf638\n", "line 1 cannot be read"),
        ("docker version --format '{{.Server.Os}}'", "linux\n", "no parser for {{.Server.Os}}"),
        ("docker version --format '{{.Server.Version}}'", "1.2\n1.3\n", "more than one line"),
        ("docker version --format '{{.Server.Version}}'", "<no value>\n", "in no way"),
    ],
)
def test_versions_that_cannot_be_read(line: str, text: str, message: str) -> None:
    assert message in error(line, text)


def test_several_ports_of_a_task_stand_without_a_blank() -> None:
    """Docker 20.10.24, a service published in host mode: one for IPv4, one for IPv6."""
    text = (
        "ID             NAME          IMAGE          NODE      DESIRED STATE   CURRENT STATE"
        "            ERROR     PORTS\n"
        "mk8np6ng7jgg   webserver.1   nginx:latest   worker0   Running         "
        "Running 58 seconds ago             *:80->80/tcp,*:80->80/tcp\n"
    )
    [row] = rows("docker service ps webserver", text)
    assert row["ports"] == ["*:80->80/tcp", "*:80->80/tcp"]
