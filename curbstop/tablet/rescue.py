"""Writes the outbox of a tablet to files, for a supervisor to bring in when the tablet itself cannot send it."""

import json
from pathlib import Path

from curbstop.tablet.people import everybodys_outbox
from curbstop.tablet.store import Store

# What one request takes: `POST /sync/v1/rescues`.
MOST_OPS = 200
MOST_BYTES = 1_000_000 - 2_000


def write(store: Store, folder: Path) -> list[Path]:
    """The sealed ops of everybody who works on this tablet, oldest first, each file a body of POST /sync/v1/rescues.

    Nothing is taken from the outbox: should the tablet reach the server after all, its ops get the same verdicts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, ops in enumerate(_batches(store), start=1):
        path = folder / f"rescue-{store.fact('tablet_id')}-{number:03d}.json"
        body = {"tablet_id": store.fact("tablet_id"), "ops": ops}
        path.write_text(json.dumps(body), encoding="utf-8")
        paths.append(path)
    return paths


def _batches(store: Store) -> list[list[dict[str, str]]]:
    batches: list[list[dict[str, str]]] = []
    size = MOST_BYTES
    for row in everybodys_outbox(store, "n, content, signature"):
        op = {"content": row["content"], "signature": row["signature"] or ""}
        # As it travels: quotes and backslashes inside the text cost a second byte.
        length = len(json.dumps(op)) + 2
        if size + length > MOST_BYTES or len(batches[-1]) == MOST_OPS:
            batches.append([])
            size = 0
        batches[-1].append(op)
        size += length
    return batches
