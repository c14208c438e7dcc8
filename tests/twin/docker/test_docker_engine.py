"""An engine over loss of power: what remains, what starts again, who may ask it."""

from __future__ import annotations

import asyncio

from runbook_twin import docker
from runbook_twin.docker.ports import Port


def test_containers_are_found_ended_after_a_loss_of_power(play):
    async def story(scene):
        engine = scene.add("node02")
        machine = scene.world.machines["node02"]
        engine.add_image("nginx")
        for name, policy in (("plain", "no"), ("always", "always"), ("failed", "on-failure")):
            await scene.docker("node02", f"run -d --name {name} --restart {policy} nginx")
        await scene.docker("node02", "run -d --name gone --rm nginx")
        await scene.wait(5)
        machine.power_off()
        await scene.wait(60)
        assert not machine.listeners
        machine.power_on()
        listed = await scene.docker("node02", "ps -a --format {{.Names}}={{.Status}}")
        assert listed.splitlines() == [
            "failed=Up Less than a second",
            "always=Up Less than a second",
            "plain=Exited (1) Less than a second ago",
        ]
        assert "nginx" in await scene.docker("node02", "images")

    play(story)


def test_a_container_that_was_there_runs_at_every_boot(play):
    async def story(scene):
        engine = scene.add("node02")
        machine = scene.world.machines["node02"]
        engine.add_container(name="web", image="nginx", ports=[Port(80, host=80)])
        assert (await scene.world.http(machine, "GET", "http://127.0.0.1/")).status == 200
        machine.power_off()
        machine.power_on()
        answer = await scene.world.http(None, "GET", "http://192.168.0.12/")
        assert b"Welcome to nginx!" in answer.body

    play(story)


def test_a_run_in_the_foreground_lasts_as_long_as_its_container(play):
    async def story(scene):
        engine = scene.add("node02")
        engine.add_image("nginx")
        argv = ["docker", "run", "--rm", "--name", "nginx", "-p", "80:80", "nginx"]
        work = asyncio.ensure_future(scene.run("node02", argv))
        await scene.wait(2)
        assert not work.done()
        await scene.docker("node02", "kill nginx")
        assert (await work).exit_code == 137
        assert engine.containers == []
        work = asyncio.ensure_future(scene.run("node02", argv))
        await scene.wait(2)
        work.cancel()
        await scene.wait(2)
        assert engine.containers == []

    play(story)


def test_two_who_pull_the_same_image_wait_for_one_pull(play):
    async def story(scene):
        scene.add("node02")
        began = scene.world.clock.now()
        argv = ["docker", "pull", "nginx"]
        first, second = await asyncio.gather(scene.run("node02", argv), scene.run("node02", argv))
        assert (first.exit_code, second.exit_code) == (0, 0)
        assert 15 < scene.world.clock.now() - began < 18

    play(story)


def test_system_docker_is_for_root(play):
    async def story(scene):
        scene.add("node02")
        machine = scene.world.machines["node02"]
        machine.power_off()
        engine = docker.install(machine, "1.12.1", "system-docker")
        engine.add_container(name="ntp", image="rancher/os-base:v0.6.1", command=["/usr/bin/ros"])
        machine.power_on()
        ran = await scene.run("node02", ["system-docker", "ps"])
        assert "ntp" in ran.stdout
        scene.user = "rancher"
        ran = await scene.run("node02", ["system-docker", "ps"])
        assert ran.exit_code == 1
        assert ran.stderr.endswith(" system-docker: Need to be root\n")
        assert "ntp" not in (await scene.run("node02", ["docker", "ps", "-a"])).stdout

    play(story)
