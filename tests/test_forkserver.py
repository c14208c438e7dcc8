"""Kernels by fork are kernels of their own, and end with the batch that they belong to."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator

import pytest

from runbook.forkserver import Server
from runbook.launch import Kernel, launch

from .conftest import alive


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def await_end(pid: int) -> None:
    until = time.monotonic() + 20
    while alive(pid):
        assert time.monotonic() < until, f"process {pid} lives on"
        time.sleep(0.02)


async def started(server: Server) -> Kernel:
    return await launch("python3", {**os.environ, "RUNBOOK_MARK": "forked"}, 60, server)


async def said(kernel: Kernel, code: str) -> str:
    """What a line of code prints in the kernel."""
    texts: list[str] = []

    def listen(message: dict[str, object]) -> None:
        if message["msg_type"] == "stream":
            texts.append(message["content"]["text"])  # type: ignore[index]

    await kernel.client.execute_interactive(code, output_hook=listen, timeout=60)
    return "".join(texts).strip()


def test_each_kernel_is_its_own_process_with_the_given_environment(server: Server) -> None:
    async def two() -> tuple[str, str, str]:
        one, other = await started(server), await started(server)
        try:
            await said(one, "import random; ours = 1")
            numbers = [await said(k, "import random; print(random.random())") for k in (one, other)]
            assert numbers[0] != numbers[1]
            return (
                await said(one, "import os; print(os.environ['RUNBOOK_MARK'], os.getpid())"),
                await said(other, "import os; print(os.environ['RUNBOOK_MARK'], os.getpid())"),
                await said(other, "print('ours' in globals())"),
            )
        finally:
            await one.end()
            await other.end()

    one, other, shared = asyncio.run(two())
    assert one.split()[0] == other.split()[0] == "forked"
    assert one != other
    assert shared == "False"
    await_end(int(one.split()[1]))
    await_end(int(other.split()[1]))


def test_a_killed_kernel_is_told(server: Server) -> None:
    async def killed() -> bool:
        kernel = await started(server)
        try:
            os.kill(kernel.manager.provisioner.pid, signal.SIGKILL)
            while await kernel.manager.is_alive():
                await asyncio.sleep(0.02)
            return True
        finally:
            await kernel.end(now=True)

    assert asyncio.run(asyncio.wait_for(killed(), 60))


def test_kernels_end_with_the_batch() -> None:
    async def left_behind() -> None:
        server = Server()
        kernel = await started(server)
        try:
            pid = kernel.manager.provisioner.pid
            assert alive(pid)
            server.close()
            await_end(pid)
        finally:
            await kernel.end(now=True)

    asyncio.run(left_behind())
