"""A swarm is set up and looked at, as recorded from four pairs of client and daemon."""

from __future__ import annotations

import pytest

FOLDERS = {  # folder: (daemon, client, recordings that must be replayed)
    "swarm-1.12": ("1.12.1", "", 40),
    "swarm-1.12-on-20.10": ("20.10.24", "1.12.1", 30),
    "swarm-20.10": ("20.10.24", "", 40),
    "swarm-28.2": ("20.10.24", "28.2.2", 35),
}
BEFORE = """version version-short info-no-swarm node-ls-no-swarm service-ls-no-swarm
join-token-no-swarm leave-no-swarm init-bad-address-garbage"""
TOKENS = """init-again join-token-worker join-token-manager join-token-worker-q join-token-manager-q
join-token-bad-role join-token-no-args swarm-ca swarm-unlock-key stack-ls"""
NODES = """node-ls node-ls-q node-ls-tty node-ls-json node-ls-format node-ls-format-table
node-ls-format-json node-ls-filter-name node-ls-filter-none node-ls-filter-role node-ls-bad-filter
node-inspect-self node-inspect-missing node-inspect-format node-inspect-pretty-worker
node-inspect-pretty-manager node-ls-on-worker join-token-on-worker service-create-on-worker
node-update-drain node-update-again node-ls-drain node-inspect-pretty-drained
node-update-bad-value node-update-missing node-update-no-args node-promote-missing
node-update-pause node-ls-pause"""
SERVICES = """node-update-label node-ps-empty node-ps-self service-ls-empty service-ps-missing
service-inspect-missing service-rm-missing service-update-missing service-scale-missing
service-create-no-image service-create-bad-port service-create-bad-name swarm-update"""
CHANGES = {
    "node-update-drain": "node update --availability drain manager0",
    "node-update-pause": "node update --availability pause worker1",
}


@pytest.mark.parametrize("folder", FOLDERS)
def test_setting_up_reads_as_recorded(folder, play, theatre):
    version, client, least = FOLDERS[folder]

    async def story(scene):
        stage = theatre(scene, folder)
        for name in ("manager0", "worker0", "worker1"):
            scene.add(name, version, client)
        for name in BEFORE.split():
            await stage.replay(name)
        if version == "1.12.1":
            await stage.replay("init-bad-address")
        await stage.replay("join-before-init")
        await stage.act("init-article", "swarm init --advertise-addr 192.168.0.100")
        await scene.docker("worker0", "info")
        if scene.engines["worker0"].pending:
            await scene.docker("worker0", "swarm leave")
        await stage.replay("info-manager")
        for name in TOKENS.split():
            await stage.replay(name)
        await join(scene, stage)
        for name in NODES.split():
            line = CHANGES.get(name, "version")
            await stage.act(name, line) if line != "version" else await stage.replay(
                name, order="node-ls" not in name
            )
        await scene.docker("manager0", "node update --availability active worker1")
        for name in SERVICES.split():
            await stage.replay(name)
        stage.finish(least)

    play(story)


async def join(scene, stage):
    token = (await scene.docker("manager0", "swarm join-token -q worker")).strip()
    wrong = token.rpartition("-")[0] + "-" + "0" * 25
    await stage.replay("join-no-args", token=token)
    await stage.replay("join-garbage-token")
    await stage.replay("join-foreign-token")
    await stage.replay("join-wrong-secret", token=wrong)
    await stage.replay("join-no-token")
    await stage.replay("join-refused-port", token=token)
    await stage.replay("join-worker0", token=token)
    if scene.engines["worker0"].agent is None:
        await scene.docker("worker0", f"swarm join --token {token} 192.168.0.100:2377")
    await stage.replay("join-again", token=token)
    await stage.replay("info-worker")
    await stage.replay("join-worker1", token=token)
    if scene.engines["worker1"].agent is None:
        await scene.docker("worker1", f"swarm join --token {token} 192.168.0.100:2377")
    await scene.wait(1)


@pytest.mark.parametrize("folder", FOLDERS)
def test_joining_an_address_where_nobody_is_goes_on_in_the_background(folder, play, theatre):
    version, client, _ = FOLDERS[folder]

    async def story(scene):
        stage = theatre(scene, folder)
        for name in ("manager0", "worker0"):
            scene.add(name, version, client)
        await scene.docker("manager0", "swarm init --advertise-addr 192.168.0.100")
        token = (await scene.docker("manager0", "swarm join-token -q worker")).strip()
        scene.world.cut.add("192.168.0.100")
        if version == "1.12.1":
            ran = await scene.run(
                "worker0", ["docker", "swarm", "join", "--token", token, "192.168.0.100"]
            )
            assert (ran.exit_code, ran.stdout) == (1, "")
            assert "continue in the background" in ran.stderr
        else:
            await stage.replay("join-unreachable", token=token)
        for name in ("join-while-pending", "info-while-pending", "node-ls-while-pending"):
            await stage.replay(name)
        scene.world.cut.clear()
        await scene.wait(5)
        listed = await scene.docker("manager0", "node ls")
        joined = "192.168.0.77" not in (stage.played and "".join(stage.played))
        assert ("worker0" in listed) == (version == "1.12.1" and joined)
        stage.finish(0)

    play(story)


@pytest.mark.parametrize("folder", ["swarm-1.12-on-20.10", "swarm-20.10", "swarm-28.2"])
def test_since_1_13_a_wrong_advertise_address_is_taken(folder, play, theatre):
    version, client, _ = FOLDERS[folder]

    async def story(scene):
        stage = theatre(scene, folder)
        for name in ("manager0", "worker0", "worker1"):
            scene.add(name, version, client)
        await stage.replay("wrongaddr-init-bad-address")
        if scene.engines["manager0"].agent:
            await scene.docker("manager0", "swarm leave --force")
        await stage.act("init-bad-address", "swarm init --advertise-addr 192.168.0.222")
        for name in ("init-bad-address-info", "init-bad-address-node-ls"):
            await stage.replay(name)
        token = (await scene.docker("manager0", "swarm join-token -q worker")).strip()
        for name in ("worker0", "worker1"):
            await scene.docker(name, f"swarm join --token {token} 192.168.0.100:2377")
        await stage.replay("wrongaddr-node-ls")
        assert "Down" not in await scene.docker("manager0", "node ls")
        await scene.docker("manager0", "node update --availability drain manager0")
        scene.world.cut.add("192.168.0.101")
        await scene.wait(20)
        await stage.replay_all("wrongaddr-failover-2-node-ls wrongaddr-failover-2-info")
        scene.world.cut.clear()
        await scene.wait(60)
        assert "Down" in await scene.docker("manager0", "node ls")
        stage.finish(1)

    play(story)
