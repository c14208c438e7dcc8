"""`docker swarm init, join, join-token, leave, update, ca, unlock-key`."""

from __future__ import annotations

import base64
import hashlib
import textwrap

from runbook_twin.docker.cli import Cli, Command
from runbook_twin.docker.failures import ClientError
from runbook_twin.docker.flags import Usage
from runbook_twin.docker.swarm import membership
from runbook_twin.docker.swarm.control import cluster_of
from runbook_twin.docker.swarm.state import Cluster

MORE_MANAGERS = (
    "To add a manager to this swarm, run 'docker swarm join-token manager' and follow the "
    "instructions.\n"
)


def join_text(cli: Cli, cluster: Cluster, role: str) -> str:
    """The join command that the client proposes: three lines in 1.12, one since."""
    node = cli.engine.agent.node if cli.engine.agent else None
    where = f"{node.address if node else ''}:2377"
    token = cluster.token(role)
    if cli.client.old:
        command = f"    docker swarm join \\\n    --token {token} \\\n    {where}"
    else:
        command = f"    docker swarm join --token {token} {where}"
    return f"To add a {role} to this swarm, run the following command:\n\n{command}\n\n"


async def init(cli: Cli) -> int:
    """`docker swarm init [--advertise-addr]`."""
    given = cli.given
    force = "force-new-cluster" in given
    cluster = membership.init(cli.engine, given.get("advertise-addr"), force_new=force)
    node = cluster.leader
    cli.out(f"Swarm initialized: current node ({node.id if node else ''}) is now a manager.\n\n")
    cli.out(join_text(cli, cluster, "worker") + MORE_MANAGERS + ("" if cli.client.new else "\n"))
    return 0


async def join(cli: Cli) -> int:
    """`docker swarm join --token TOKEN HOST:PORT`."""
    given = cli.given
    membership.refuse_member(cli.engine)
    work = membership.Join(
        cli.engine, given.arguments, given.get("token"), given.get("advertise-addr")
    )
    cli.out(f"This node joined a swarm as a {await work.run()}.\n")
    return 0


async def join_token(cli: Cli) -> int:
    """`docker swarm join-token [-q] [--rotate] (worker|manager)`."""
    role = cli.given.arguments[0]
    if role not in ("worker", "manager"):
        raise ClientError(f"unknown role {role}\n")
    rotate, quiet = "rotate" in cli.given, "quiet" in cli.given
    cluster = await cluster_of(cli.engine, write=rotate)
    if rotate:
        cluster.rotate(role)
        if not quiet:
            word = "Succesfully" if cli.client.old else "Successfully"
            cli.out(f"{word} rotated {role} join token.\n\n")
    cli.out(f"{cluster.token(role)}\n" if quiet else join_text(cli, cluster, role))
    return 0


async def leave(cli: Cli) -> int:
    """`docker swarm leave [--force]`."""
    await membership.leave(cli.engine, force="force" in cli.given)
    cli.out("Node left the swarm.\n")
    return 0


async def update(cli: Cli) -> int:
    """`docker swarm update [--task-history-limit N]`."""
    cluster = await cluster_of(cli.engine, write=True)
    limit = cli.given.get("task-history-limit")
    if limit:
        cluster.history = int(limit)
    cli.out("Swarm updated.\n")
    return 0


def certificate(cluster: Cluster) -> str:
    """The swarm's CA certificate (not a real one: bytes made from the swarm's identity)."""
    seed = str(cluster.authority).encode()
    content = b"".join(hashlib.sha256(seed + bytes([i])).digest() for i in range(12))[:366]
    body = "\n".join(textwrap.wrap(base64.b64encode(content).decode(), 64))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"


async def ca(cli: Cli) -> int:
    """`docker swarm ca`."""
    cli.out(certificate(await cluster_of(cli.engine)))
    return 0


async def unlock_key(cli: Cli) -> int:
    """`docker swarm unlock-key`: there is none."""
    await cluster_of(cli.engine)
    raise ClientError("no unlock key is set\n")


async def stack_ls(cli: Cli) -> int:
    """`docker stack ls`: there are none."""
    await cluster_of(cli.engine)
    cli.out("NAME      SERVICES\n")
    return 0


SWARM = (1, 12)
COMMANDS = (
    Command(
        Usage(
            "docker swarm init",
            "",
            "Initialize a swarm",
            "force-new-cluster autolock advertise-addr= listen-addr= task-history-limit= "
            "cert-expiry= dispatcher-heartbeat= external-ca= availability= data-path-addr= "
            "data-path-port= default-addr-pool= max-snapshots= snapshot-interval=",
        ),
        init,
        SWARM,
    ),
    Command(
        Usage(
            "docker swarm join",
            "HOST:PORT",
            "Join a swarm as a node and/or manager",
            "token= advertise-addr= listen-addr= availability= data-path-addr=",
            1,
            1,
        ),
        join,
        SWARM,
    ),
    Command(
        Usage(
            "docker swarm join-token",
            "(worker|manager)",
            "Manage join tokens",
            "q,quiet rotate",
            1,
            1,
        ),
        join_token,
        SWARM,
    ),
    Command(Usage("docker swarm leave", "", "Leave the swarm", "f,force"), leave, SWARM),
    Command(
        Usage(
            "docker swarm update",
            "",
            "Update the swarm",
            "autolock task-history-limit= cert-expiry= dispatcher-heartbeat= external-ca= "
            "max-snapshots= snapshot-interval=",
        ),
        update,
        SWARM,
    ),
    Command(
        Usage("docker swarm ca", "", "Display and rotate the root CA", "rotate q,quiet d,detach"),
        ca,
        (17, 6),
    ),
    Command(
        Usage("docker swarm unlock-key", "", "Manage the unlock key", "q,quiet rotate"),
        unlock_key,
        (1, 13),
    ),
    Command(
        Usage("docker stack ls", "", "List stacks", "format= orchestrator="), stack_ls, (1, 13)
    ),
)
