"""An HTTP client that asks every 10 ms, whatever came of the requests before; nothing of ours.

usage: python - ADDRESS...   It says when the page first answers. It ends when its standard input
does, and prints, as JSON, each round since then: [when it was sent, when the first address answered
or null], in seconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

EVERY_S, PATIENCE_S = 0.01, 1.0


async def ask(address: str) -> float | None:
    """When the address answered 200; None when it did not."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(address, 80)
            try:
                writer.write(b"GET / HTTP/1.0\r\n\r\n")
                line = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return None
    return time.monotonic() if b" 200 " in line else None


async def one_round(addresses: list[str]) -> tuple[float, float | None]:
    """Ask all at once."""
    sent = time.monotonic()
    answers = await asyncio.gather(*(ask(address) for address in addresses))
    return sent, min((at for at in answers if at is not None), default=None)


async def main(addresses: list[str]) -> None:
    """Until standard input ends."""
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    while (await one_round(addresses))[1] is None:
        await asyncio.sleep(EVERY_S)
    print("the page answers", flush=True)  # noqa: T201 - whoever waits for it may go on
    rounds, began, number = [], time.monotonic(), 0
    while not ended.done():
        rounds.append(asyncio.create_task(one_round(addresses)))
        number += 1
        await asyncio.sleep(max(began + number * EVERY_S - time.monotonic(), 0))
    print(json.dumps(await asyncio.gather(*rounds)))  # noqa: T201 - its answer


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
