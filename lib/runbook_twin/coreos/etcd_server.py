"""The program `etcd2` (or `etcd`): starts a member and lives until it is ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from runbook_twin.coreos import etcd_boot, etcd_config, systemd
from runbook_twin.coreos.etcd3_gateway import gateway
from runbook_twin.coreos.etcd_config import EtcdConfig
from runbook_twin.coreos.etcd_http import client_api, peer_api, proxy_api
from runbook_twin.coreos.etcd_raft import EtcdSoftware, Server
from runbook_twin.coreos.etcd_replica import Member, Replica
from runbook_twin.machine import Call, HttpHandler, Program

_ABOUT = {"2": ("fd17c91", "go1.6.3"), "3": ("5e7d3d2", "go1.19.8")}


def program(version: str) -> Program:
    """The etcd program of a version."""

    async def etcd(call: Call) -> int:
        sha, go = _ABOUT[version[0]]
        about = [
            f"etcd Version: {version}",
            f"Git SHA: {sha}",
            f"Go Version: {go}",
            "Go OS/Arch: linux/amd64",
        ]
        if "--version" in call.argv or "-version" in call.argv:
            call.out("".join(line + "\n" for line in about))
            return 0
        try:
            config = etcd_config.read(call.argv[1:], call.environment)
        except etcd_config.FlagError as error:
            call.err(f"flag provided but not defined: {error}\n")
            return 2
        for line in about:
            _log(call, "I", line)
        return await _Run(call, config, version).whole()

    return etcd


def _log(call: Call, level: str, text: str, package: str = "etcdmain") -> None:
    stamp = call.clock.datetime().strftime("%Y-%m-%d %H:%M:%S.%f")
    call.err(f"{stamp} {level} | {package}: {text}\n")


class _Run:
    """One run of etcd."""

    def __init__(self, call: Call, config: EtcdConfig, version: str) -> None:
        self.call, self.config, self.version = call, config, version
        self.machine = call.machine
        self.path = f"{config.data_dir}/member/wal/0000000000000000-0000000000000000.wal"

    async def whole(self) -> int:
        """Find the cluster, serve, end."""
        for name, kind in (
            ("listen-peer-urls", "peers"),
            ("listen-client-urls", "client requests"),
        ):
            for url in self.config.urls(name):
                _log(self.call, "I", f"listening for {kind} on {url}")
        try:
            replica = await self._replica()
        except etcd_boot.Full as full:
            self._stop_listening()
            if self.config["discovery-fallback"] == "exit":
                return self._give_up(
                    etcd_boot.failed("discovery: cluster is full", self.config["discovery"])
                )
            return await self._proxy(list(full.peer_urls))
        except etcd_boot.BootError as error:
            self._stop_listening()
            return self._give_up(error)
        return await self._serve(replica)

    def _stop_listening(self) -> None:
        for url in reversed(self.config.urls("listen-client-urls")):
            _log(self.call, "I", f"stopping listening for client requests on {url}")
        for url in self.config.urls("listen-peer-urls"):
            _log(self.call, "I", f"stopping listening for peers on {url}")

    def _give_up(self, error: etcd_boot.BootError) -> int:
        for level, line in error.lines:
            _log(self.call, level, line)
        return 1

    async def _replica(self) -> Replica:
        if self.path in self.machine.disk.files:
            _log(
                self.call,
                "N",
                "the server is already initialized as member before, starting as etcd member...",
            )
            return Replica.load(self.machine.disk.read(self.path))
        return await etcd_boot.bootstrap(self.machine, self.config)

    async def _serve(self, replica: Replica) -> int:
        server = Server(self.machine, replica, self.path)
        server.save()
        software = self.machine.software["etcd"]
        assert isinstance(software, EtcdSoftware)  # noqa: S101
        _log(self.call, "I", f"name = {self.config['name']}", "etcdserver")
        _log(self.call, "I", f"data dir = {self.config.data_dir}", "etcdserver")
        software.server = server
        with self._listeners(self._clients(server), peer_api(server)):
            try:
                publishing = self.machine.spawn(self._publish(server))
                await server.run()
                publishing.cancel()
            finally:
                if software.server is server:  # not after a power cut
                    server.save()
                    software.server = None
        text = "the member has been permanently removed from the cluster"
        _log(self.call, "E", text, "etcdserver")
        return 0

    def _clients(self, server: Server) -> HttpHandler:
        older = client_api(server, self.version)
        return older if self.version.startswith("2.") else gateway(server, self.version, older)

    async def _publish(self, server: Server) -> None:
        """Tell the cluster our name and client URLs, then tell systemd that we are ready."""
        known = server.replica.members[server.replica.member]
        own = Member(known.id, known.peer_urls, self.config["name"],
                     sorted(self.config.urls("advertise-client-urls")))  # fmt: skip
        await server.propose(
            {"action": "member", "id": own.id, "member": asdict(own)}, float("inf")
        )
        name, urls = self.config["name"], " ".join(own.client_urls)
        _log(self.call, "I", f"published {{Name:{name} ClientURLs:[{urls}]}} to cluster "
             f"{server.replica.cluster:x}", "etcdserver")  # fmt: skip
        if socket := self.call.environment.get("NOTIFY_SOCKET"):
            systemd.of(self.machine).notify(socket)

    async def _proxy(self, peer_urls: list[str]) -> int:
        _log(self.call, "N", "discovery cluster full, falling back to proxy")
        _log(self.call, "I", f"proxy: using peer urls [{' '.join(peer_urls)}] ")
        for url in self.config.urls("listen-client-urls"):
            _log(self.call, "I", f"proxy: listening for client requests on {url}")
        with self._listeners(proxy_api(self.machine, peer_urls), None):
            if socket := self.call.environment.get("NOTIFY_SOCKET"):
                systemd.of(self.machine).notify(socket)
            await asyncio.Event().wait()
        return 0

    @contextmanager
    def _listeners(self, clients: HttpHandler, peers: HttpHandler | None) -> Iterator[None]:
        handlers = dict.fromkeys(self.config.ports("listen-client-urls"), clients)
        if peers:
            handlers |= dict.fromkeys(self.config.ports("listen-peer-urls"), peers)
        self.machine.listeners.update(handlers)
        try:
            yield
        finally:
            for port, handler in handlers.items():
                if self.machine.listeners.get(port) is handler:
                    del self.machine.listeners[port]
