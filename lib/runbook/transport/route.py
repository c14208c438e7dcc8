"""The way to a server: what OpenSSH says about it, and the jump hosts on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import paramiko

from runbook import ssh_config
from runbook.errors import TargetError
from runbook.inventory import Server
from runbook.ssh_config import Route


@dataclass(frozen=True)
class Jump(Server):
    """A jump host. through: the jump hosts before it, when ProxyJump names several."""

    through: tuple[str, ...] = ()


def nearest_jump(route: Route) -> Jump | None:
    """The last host before the server itself."""
    if not route.jumps:
        return None
    *earlier, nearest = route.jumps
    user, _, rest = nearest.removeprefix("ssh://").rpartition("@")
    host, colon, port = rest.rpartition(":")
    if not colon or rest.endswith("]"):
        host, port = rest, ""
    host = host.strip("[]")
    if port and not port.isdigit():
        raise TargetError(f"ssh_config: ProxyJump {nearest}: its port is no number")
    return Jump(host, "", host, int(port or 22), user, through=tuple(earlier))


def find_route(server: Server, config: Path | None) -> Route:
    """What OpenSSH's files say about a server. Raises TargetError.

    Asked of `ssh -G`. paramiko reads the file where no OpenSSH client is installed, and a plain
    one always: a process for each server costs more than the whole connection.
    """
    port = None if server.port == 22 else server.port
    if ssh_config.has_client() and not (config and _is_plain(config)):
        route = ssh_config.resolve(server.address, config, user=server.user, port=port)
    else:
        route = _by_paramiko(server, config, port)
    if isinstance(server, Jump) and server.through:
        return replace(route, jumps=server.through)
    return route


# What both read in the same way: no Match, no Include, no tokens, quotes or character classes.
_PLAIN = re.compile(
    r"\s*(?:#.*|port \d+|(?:host|hostname|user|proxyjump|identityfile|identitiesonly|hostkeyalias"
    r"|identityagent|userknownhostsfile|globalknownhostsfile) [\w./~*?! @:,+-]+)?\s*",
    re.IGNORECASE | re.ASCII,
)


def _is_plain(config: Path) -> bool:
    try:
        return all(_PLAIN.fullmatch(line) for line in config.read_text().splitlines())
    except (OSError, UnicodeDecodeError):
        return False


def _by_paramiko(server: Server, config: Path | None, port: int | None) -> Route:
    file = config or Path.home() / ".ssh" / "config"
    try:
        lines = file.read_text() if config or file.is_file() else ""
        found = paramiko.SSHConfig.from_text(lines).lookup(server.address)
    except (OSError, ValueError, paramiko.SSHException, ImportError) as error:
        raise TargetError(
            f"{file} cannot be read for {server.address}: {error}",
            remedy="mend it, or install an OpenSSH client",
        ) from None
    asked = {
        "userknownhostsfile": ["~/.ssh/known_hosts"],
        "globalknownhostsfile": ["/etc/ssh/ssh_known_hosts"],
        "identityfile": ["~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"],
    }
    for option, value in found.items():
        values = value if isinstance(value, list) else [value]
        asked[option] = [text.replace('"', "") for text in values]
    asked |= {"user": [server.user]} if server.user else {}
    asked |= {"port": [str(port)]} if port else {}
    return ssh_config.route_of(server.address, asked)
