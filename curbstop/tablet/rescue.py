"""Writes the outbox and the photos of a tablet that cannot send them to files, for a supervisor to bring in."""

import json
from pathlib import Path
from uuid import UUID

from curbstop.tablet.people import everybodys_outbox, everybodys_photo, everybodys_photos
from curbstop.tablet.store import Store

# What one request takes: `POST /sync/v1/rescues`.
MOST_OPS = 200
MOST_BYTES = 1_000_000 - 2_000


def write(store: Store, folder: Path) -> list[Path]:
    """The sealed ops of everybody who works on this tablet, oldest first, each file a body of POST /sync/v1/rescues.

    Then the photos that the server lacks, each file a body of PUT /sync/v1/rescues/attachments/<the id in its name>.
    Nothing is taken from the tablet: should it reach the server after all, its ops get the same verdicts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    tablet_id = store.fact("tablet_id")
    for number, ops in enumerate(_batches(store), start=1):
        path = folder / f"rescue-{tablet_id}-{number:03d}.json"
        path.write_text(json.dumps({"tablet_id": tablet_id, "ops": ops}), encoding="utf-8")
        paths.append(path)
    for photo_id in everybodys_photos(store):
        path = folder / f"photo-{UUID(photo_id)}.bin"
        # One at a time: hundreds of them would not fit into a tablet's memory.
        path.write_bytes(everybodys_photo(store, photo_id))
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
