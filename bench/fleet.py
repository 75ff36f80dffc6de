"""`python -m bench.fleet`: many tablets in one process of their own, so that the load is not timed by itself.

A plan comes as one line of JSON on standard input; what was seen leaves as one line of JSON. Requests are plain text
over sockets: five hundred tablets must cost less than the server that they ask. Every plan ends by its own deadline.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Plan = dict[str, Any]


class Fleet:
    """A running fleet: `ready` waits until it says so, `ended` for what it saw."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ready(self) -> None:
        """All streams are open."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line == "ready\n", line

    def ended(self, *, stop: bool = False) -> Any:
        """What it saw; `stop` tells one that listens that it has heard enough."""
        if stop:
            assert self._process.stdin is not None
            self._process.stdin.write("stop\n")
            self._process.stdin.flush()
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def fleet(plan: Plan) -> Iterator[Fleet]:
    """Starts a fleet, and ends it when the block does."""
    command, root = [sys.executable, "-m", "bench.fleet"], Path(__file__).parents[1]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(plan) + "\n")
        process.stdin.flush()
        try:
            yield Fleet(process)
        finally:
            process.terminate()


async def _open(plan: Plan) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(plan["host"], plan["port"], limit=2**20)


def _request(method: str, path: str, token: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Authorization: Bearer {token}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = [line.partition(": ") for line in head[1:] if line]
    return int(head[0].split()[1]), {name.lower(): value for name, _, value in pairs}


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> AsyncIterator[bytes]:
    """The pieces of an answer's body, as they come."""
    if "chunked" not in headers.get("transfer-encoding", ""):
        if int(headers.get("content-length", 0)):
            yield await reader.readexactly(int(headers["content-length"]))
        return
    while size := int((await reader.readline()).split(b";")[0], 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readline()


# Listening: every stream is opened, then what is poked is noted until the deadline.


async def _listen(plan: Plan) -> Any:
    heard: list[tuple[int, int, float]] = []
    opened = [asyncio.Event() for _ in plan["tokens"]]
    gate = asyncio.Semaphore(50)

    async def one(number: int, token: str) -> None:
        async with gate:
            reader, writer = await _open(plan)
            writer.write(_request("GET", "/sync/v1/stream", token))
            status, headers = await _head(reader)
            assert status == 200, status
            pieces = _body(reader, headers)
            await anext(pieces)
        opened[number].set()
        async for piece in pieces:
            at = time.monotonic()
            said = [line[6:] for line in piece.split(b"\n") if line.startswith(b"data: ")]
            heard.extend((number, int(json.loads(data)["seq"]), at) for data in said)

    listening = [asyncio.create_task(one(number, token)) for number, token in enumerate(plan["tokens"])]
    await asyncio.gather(*(event.wait() for event in opened))
    print("ready", flush=True)
    # Whoever asked says when it is over; a fleet that was forgotten ends by itself.
    over = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    await asyncio.wait([over], timeout=plan["seconds"])
    open_still = sum(not task.done() for task in listening)
    for task in listening:
        task.cancel()
    return {"heard": heard, "open": open_still}


# A storm: every tablet pulls everything, after a wait by chance as clause 5.4 has it, and again when told to.


async def _storm(plan: Plan) -> Any:
    began = time.monotonic()
    body = json.dumps({"cursor": None, "schema_version": 1}).encode()

    async def one(token: str) -> tuple[float, float, int, int]:
        await asyncio.sleep(random.uniform(*plan["wait_s"]))
        asked, turned_away = time.monotonic(), 0
        while True:
            reader, writer = await _open(plan)
            writer.write(_request("POST", "/sync/v1/pull", token, body, Accept_Encoding="gzip"))
            status, headers = await _head(reader)
            zipped = headers.get("content-encoding") == "gzip"
            rows, end = await _read_pull(reader, headers, zipped=zipped)
            writer.close()
            if status == 200:
                assert b"checkpoint_complete" in end, end
                return asked - began, time.monotonic() - began, rows, turned_away
            assert status == 503, status
            turned_away += 1
            await asyncio.sleep(float(headers["retry-after"]) * random.uniform(0.5, 1.5))

    done = await asyncio.wait_for(
        asyncio.gather(*(one(token) for token in plan["tokens"]), return_exceptions=True), plan["seconds"]
    )
    whole = [each for each in done if isinstance(each, tuple)]
    failed = [repr(each) for each in done if isinstance(each, BaseException)]
    return {"pulls": whole, "failed": failed}


async def _read_pull(reader: asyncio.StreamReader, headers: dict[str, str], *, zipped: bool) -> tuple[int, bytes]:
    """How many rows came, and the end of what came."""
    unzip = zlib.decompressobj(wbits=31) if zipped else None
    rows, end = 0, b""
    async for piece in _body(reader, headers):
        text = end[-20:] + (unzip.decompress(piece) if unzip else piece)
        # The kept end may hold a whole key: it was counted with its piece.
        rows += text.count(b'"entity_type"') - end[-20:].count(b'"entity_type"')
        end = text[-300:]
    return rows, end


# A drumbeat: the same request, so many times a second, over connections that stay open.


async def _beat(plan: Plan) -> Any:
    answers: list[float] = []
    failed: list[str] = []
    path, body = plan["path"], plan["body"].encode()
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def one(token: str) -> None:
        began = time.monotonic()
        try:
            reader, writer = idle.pop() if idle else await _open(plan)
            writer.write(_request("POST", path, token, body))
            status, headers = await _head(reader)
            async for _ in _body(reader, headers):
                pass
            answers.append(time.monotonic() - began)
            if status >= 400:
                failed.append(str(status))
            if headers.get("connection") == "close":
                writer.close()
            else:
                idle.append((reader, writer))
        except (OSError, asyncio.IncompleteReadError) as error:
            failed.append(type(error).__name__)

    began, running = time.monotonic(), []
    for number in range(int(plan["rate"] * plan["seconds"])):
        await asyncio.sleep(max(0.0, began + number / plan["rate"] - time.monotonic()))
        running.append(asyncio.create_task(one(plan["tokens"][number % len(plan["tokens"])])))
    await asyncio.wait_for(asyncio.gather(*running), 60)
    return {"answers": answers, "failed": failed, "took_s": time.monotonic() - began}


TASKS = {"listen": _listen, "storm": _storm, "beat": _beat}


def main() -> None:
    plan = json.loads(sys.stdin.readline())
    print(json.dumps(asyncio.run(TASKS[plan["task"]](plan))), flush=True)


if __name__ == "__main__":
    main()
