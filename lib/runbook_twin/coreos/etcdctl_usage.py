"""etcdctl's commands of the v2 API: their flags and the texts of its help."""

# ruff: noqa: E501 - texts of the tool are kept in one piece

from __future__ import annotations

from dataclasses import dataclass

from runbook_twin.coreos.goflags import Default, Flags
from runbook_twin.coreos.tabwriter import align


@dataclass(frozen=True)
class Flag:
    """A flag: its default (a switch is False), what it does."""

    name: str
    default: Default
    text: str
    short: str = ""

    def __str__(self) -> str:
        names = f"{'-' if len(self.name) == 1 else '--'}{self.name}" + (
            f", -{self.short}" if self.short else ""
        )
        if self.default is False:
            return f"{names}\t{self.text}"
        return (
            f'{names} "{self.default}"\t{self.text}'
            if self.default != ""
            else f"{names} \t{self.text}"
        )


@dataclass(frozen=True)
class Usage:
    """A command: what it does, its arguments, its flags."""

    text: str
    arguments: str = ""
    flags: tuple[Flag, ...] = ()

    def help(self, name: str) -> str:
        """What `help NAME` prints."""
        arguments = f" {self.arguments}" if self.arguments else ""
        text = f"NAME:\n   etcdctl {name} - {self.text}\n\nUSAGE:\n   etcdctl {name} [command options]{arguments}\n"
        if not self.flags:
            return text
        return (
            text
            + "\nOPTIONS:\n"
            + align("   " + "".join(f"{flag}\n   " for flag in self.flags))
            + "\n"
        )

    @property
    def defaults(self) -> dict[str, Default]:
        """Default values by flag name."""
        return {flag.name: flag.default for flag in self.flags}


_TTL = Flag("ttl", 0, "key time-to-live")
_QUORUM = Flag("quorum", False, "require quorum for get request")
_SORT = Flag("sort", False, "returns result in sorted order")
_AFTER = Flag("after-index", 0, "watch after the given index")
_WITH = (Flag("with-value", "", "previous value"), Flag("with-index", 0, "previous index"))
COMMANDS = {
    "backup": Usage("backup an etcd directory"),
    "cluster-health": Usage(
        "check the health of the etcd cluster",
        flags=(Flag("forever", False, "forever check the health every 10 second until CTRL+C", "f"),),
    ),
    "mk": Usage(
        "make a new key with a given value", "<key> <value>",
        (Flag("in-order", False, "create in-order key under directory <key>"), _TTL),
    ),
    "mkdir": Usage("make a new directory", "<key>", (_TTL,)),
    "rm": Usage(
        "remove a key or a directory", "<key>",
        (
            Flag("dir", False, "removes the key if it is an empty directory or a key-value pair"),
            Flag("recursive", False, "removes the key and all child keys(if it is a directory)"),
            *_WITH,
        ),
    ),
    "rmdir": Usage("removes the key if it is an empty directory or a key-value pair", "<key>"),
    "get": Usage("retrieve the value of a key", "<key>", (_SORT, _QUORUM)),
    "ls": Usage(
        "retrieve a directory", "[key]",
        (
            _SORT,
            Flag("recursive", False, "returns all key names recursively for the given path"),
            Flag("p", False, "append slash (/) to directories"),
            _QUORUM,
        ),
    ),
    "set": Usage(
        "set the value of a key", "<key> <value>",
        (
            _TTL,
            Flag("swap-with-value", "", "previous value"),
            Flag("swap-with-index", 0, "previous index"),
        ),
    ),
    "setdir": Usage("create a new directory or update an existing directory TTL", "<key>", (_TTL,)),
    "update": Usage("update an existing key with a given value", "<key> <value>", (_TTL,)),
    "updatedir": Usage("update an existing directory", "<key> <value>", (_TTL,)),
    "watch": Usage(
        "watch a key for changes", "<key>",
        (
            Flag("forever", False, "forever watch a key until CTRL+C", "f"),
            _AFTER,
            Flag("recursive", False, "returns all values for key and child keys", "r"),
        ),
    ),
    "member": Usage("member add, remove and list subcommands"),
}  # fmt: skip
MEMBER = {
    "list": Usage("enumerate existing cluster members"),
    "add": Usage("add a new member to the etcd cluster", "<name> <peerURL>"),
    "remove": Usage("remove an existing member from the etcd cluster", "<memberID>"),
    "update": Usage("update an existing member in the etcd cluster", "<memberID> <peerURLs>"),
}
GLOBAL = (
    Flag("debug", False, "output cURL commands which can be used to reproduce the request"),
    Flag("no-sync", False, "don't synchronize cluster information before sending request"),
    Flag("output", "simple", "output response in the given format (`simple`, `extended` or `json`)", "o"),
    Flag("discovery-srv", "", "domain name to query for SRV records describing cluster endpoints", "D"),
    Flag("peers", "", 'DEPRECATED - "--endpoints" should be used instead', "C"),
    Flag("endpoint", "", 'DEPRECATED - "--endpoints" should be used instead'),
    Flag("endpoints", "", 'a comma-delimited list of machine addresses in the cluster (default: "http://127.0.0.1:2379,http://127.0.0.1:4001")'),
    Flag("cert-file", "", "identify HTTPS client using this SSL certificate file"),
    Flag("key-file", "", "identify HTTPS client using this SSL key file"),
    Flag("ca-file", "", "verify certificates of HTTPS-enabled servers using this CA bundle"),
    Flag("username", "", "provide username[:password] and prompt if password is not supplied.", "u"),
    Flag("timeout", "1s", "connection timeout per request"),
    Flag("total-timeout", "5s", "timeout for the command execution (except watch)"),
)  # fmt: skip


def short(flags: tuple[Flag, ...]) -> dict[str, str]:
    """Long names by short ones."""
    return {flag.short: flag.name for flag in flags if flag.short}


def overview(version: str) -> str:
    """What `etcdctl help` prints."""
    commands = "".join(f"   {name}\t{usage.text}\n" for name, usage in COMMANDS.items())
    commands += "   import\timport a snapshot to a cluster\n   user\tuser add, grant and revoke subcommands\n"
    commands += "   role\trole add, grant and revoke subcommands\n   auth\toverall auth controls\n"
    commands += "   help, h\tShows a list of commands or help for one command\n"
    flags = (
        "".join(f"{flag}\n   " for flag in GLOBAL)
        + "--help, -h\tshow help\n   --version, -v\tprint the version\n   "
    )
    return (
        "NAME:\n   etcdctl - A simple command line client for etcd.\n\n"
        "USAGE:\n   etcdctl [global options] command [command options] [arguments...]\n   \n"
        f"VERSION:\n   {version}\n   \nCOMMANDS:\n{align(commands)}   \n"
        f"GLOBAL OPTIONS:\n{align('   ' + flags)}\n"
    )


def member_overview() -> str:
    """What `etcdctl member` alone prints."""
    commands = "".join(f"   {name}\t{usage.text}\n" for name, usage in MEMBER.items())
    commands += "   help, h\tShows a list of commands or help for one command\n"
    return (
        "NAME:\n   etcdctl member - member add, remove and list subcommands\n\n"
        "USAGE:\n   etcdctl member command [command options] [arguments...]\n\n"
        f"COMMANDS:\n{align(commands)}   \nOPTIONS:\n   --help, -h\tshow help\n   \n"
    )


def chosen_endpoints(flags: Flags, environment: dict[str, str]) -> list[str]:
    """The endpoints of the flags, of the environment, or the local ones."""
    for name in ("endpoints", "endpoint", "peers"):
        given = flags.text(name) or environment.get(f"ETCDCTL_{name.upper()}", "")
        if given:
            urls = [url.strip() for url in given.split(",")]
            return [url if "://" in url else f"http://{url}" for url in urls]
    return ["http://127.0.0.1:2379", "http://127.0.0.1:4001"]
