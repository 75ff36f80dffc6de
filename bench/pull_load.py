"""`python -m bench.pull_load HOST PORT RATE SECONDS`, a request on standard input: asks at a fixed rate.

Open loop: each request has its moment, and is late from that moment on, also while it waits for a free connection. It
prints the latencies in milliseconds, one a line. A process of its own, so that it measures and is not measured.
"""

import asyncio
import sys
import time

CONNECTIONS = 64


async def main(host: str, port: int, rate: float, seconds: float) -> list[float]:
    """The latencies of all requests; any answer but 204 ends it."""
    request = sys.stdin.buffer.read()
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection(host, port))
    late: list[float] = []

    async def ask(due: float) -> None:
        reader, writer = await free.get()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 204 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError(f"not a 204: {head!r}")
        late.append((time.perf_counter() - due) * 1000)
        free.put_nowait((reader, writer))

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.create_task(ask(due))
    return late


if __name__ == "__main__":
    found = asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
    print("\n".join(f"{latency:.3f}" for latency in found))
