"""The routing mesh, host mode, and the API through which a library joins workers."""

from __future__ import annotations

import json

import pytest

from runbook_twin.world import NetworkError

MANAGER, WORKER0, WORKER1 = "192.168.0.100", "192.168.0.101", "192.168.0.102"


async def status(scene, address):
    """The HTTP status of a node's port 80, or why there is none."""
    try:
        return (await scene.world.http(None, "GET", f"http://{address}/", timeout=2.0)).status
    except NetworkError as error:
        return error.reason


def test_a_published_port_answers_on_every_node(play):
    async def story(scene):
        await scene.swarm()
        scene.images("nginx")
        assert await status(scene, MANAGER) == "connection refused"
        await scene.docker("manager0", "service create --name webserver --publish 80:80 nginx")
        await scene.wait(3)
        for address in (MANAGER, WORKER0, WORKER1):
            assert await status(scene, address) == 200
        await scene.docker("manager0", "service rm webserver")
        await scene.wait(3)
        for address in (MANAGER, WORKER0, WORKER1):
            assert await status(scene, address) == "connection refused"

    play(story)


def test_the_outage_of_one_replica_and_of_two(play):
    async def story(scene):
        await scene.swarm()
        scene.images("nginx")
        await scene.docker("manager0", "service create --name webserver --publish 80:80 nginx")
        await scene.wait(3)
        scene.world.machines["worker1"].power_off()
        one = await failures(scene, 30)
        scene.world.machines["worker1"].power_on()
        await scene.wait(10)
        await scene.docker("manager0", "service update --replicas 2 webserver")
        await scene.wait(5)
        scene.world.machines["worker0"].power_off()
        two = await failures(scene, 30)
        assert all(failed for at, failed in one if 1 < at < 12)
        assert not any(failed for at, failed in one if at > 20)
        lost = [failed for at, failed in two if 1 < at < 10]
        assert 0 < sum(lost) < len(lost)  # every other request goes to the lost replica
        assert not any(failed for at, failed in two if at > 14)

    play(story)


async def failures(scene, seconds):
    """(second, whether the request failed) of requests to the manager."""
    began, found = scene.world.clock.now(), []
    while (at := scene.world.clock.now() - began) < seconds:
        found.append((at, await status(scene, MANAGER) != 200))
        await scene.wait(0.5)
    return found


def test_truth_is_noted(play):
    async def story(scene):
        await scene.swarm()
        scene.images("nginx")
        await scene.docker("manager0", "service create --name webserver --publish 80:80 nginx")
        await scene.wait(3)
        scene.world.machines["worker1"].power_off()
        await scene.wait(30)
        notes = [text for _, text in scene.world.events if text.startswith(("task", "swarm node"))]
        assert notes[-4:] == [
            "task webserver.1 up on worker1",
            "task webserver.1 down on worker1",
            "swarm node worker1 down",
            "task webserver.1 up on worker0",
        ]

    play(story)


def test_host_mode_publishes_only_where_the_task_runs(play):
    async def story(scene):
        await scene.swarm("20.10.24")
        scene.images("nginx")
        publish = "--publish mode=host,published=80,target=80"
        await scene.docker("manager0", f"service create -d --name web {publish} nginx")
        await scene.wait(3)
        assert await status(scene, WORKER1) == 200
        assert await status(scene, WORKER0) == "connection refused"
        assert "*:80->80/tcp" in await scene.docker("manager0", "service ps web")
        await scene.docker("manager0", "service scale -d web=3")
        await scene.wait(3)
        listed = await scene.docker("manager0", "service ps --no-trunc web")
        assert "host-mode port already in use on 2 nodes" in listed

    play(story)


@pytest.mark.parametrize("version", ["1.12.1", "20.10.24"])
def test_the_socket_joins_a_worker(version, play):
    async def story(scene):
        for name in ("manager0", "worker0"):
            scene.add(name, version)
        await scene.docker("manager0", "swarm init --advertise-addr 192.168.0.100")
        token = (await scene.docker("manager0", "swarm join-token -q worker")).strip()
        api = scene.world.machines["worker0"].unix_sockets["/var/run/docker.sock"]
        asked = {"ListenAddr": "0.0.0.0:2377", "RemoteAddrs": [f"{MANAGER}:2377"]}
        wrong = await api("POST", "/swarm/join", json.dumps(asked).encode())
        assert (wrong.status, "message" in json.loads(wrong.body)) == (500, True)
        asked |= {"JoinToken": token, "AdvertiseAddr": WORKER0}
        joined = await api("POST", "/v1.24/swarm/join", json.dumps(asked).encode())
        assert (joined.status, joined.body) == (200, b"")
        again = await api("POST", "/swarm/join", json.dumps(asked).encode())
        assert "already part of a swarm" in json.loads(again.body)["message"]
        info = json.loads((await api("GET", "/info", b"")).body)
        assert info["Swarm"]["LocalNodeState"] == "active"
        assert (await api("GET", "/_ping", b"")).body == b"OK"
        assert json.loads((await api("GET", "/version", b"")).body)["Version"].startswith(version)
        assert (await api("GET", "/nosuch", b"")).status == 404
        assert (await api("POST", "/swarm/join", b"not json")).status == 400
        assert "worker0" in await scene.docker("manager0", "node ls")
        scene.world.machines["worker0"].power_off()
        assert "/var/run/docker.sock" not in scene.world.machines["worker0"].unix_sockets

    play(story)
