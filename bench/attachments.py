"""Photos by tus through a network that cuts every megabyte: what is lost, what is damaged, what is sent twice."""

import hashlib
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure, figure
from bench.place import Place, database
from curbstop.blobs import blobs_of
from curbstop.tablet import Client, FieldWork, Offline, Store, Transport
from tests.services.cutting import CuttingProxy
from tests.uploads.serving import PASSWORD, Utility, utility

NAMES = (
    "sync.attachments_lost",
    "sync.attachments_corrupt",
    "sync.attachments_bytes",
    "sync.attachments_rate",
)
MB = 1024 * 1024
SIZE = 5 * MB


def measure(place: Place) -> Iterator[Figure]:
    """The reference tablet sends photos of 5 MB, each other than the rest."""
    count = place.amount(100, 10)
    with (
        database(place) as base,
        utility(base.sessions, base.settings) as there,
        tempfile.TemporaryDirectory() as folder,
    ):
        digests, sent, seconds = _send(there, count, Path(folder))
        blobs = blobs_of(base.settings)
        lost = sum(blobs.size(digest) is None for digest in digests)
        kept = [digest for digest in digests if blobs.size(digest) is not None]
        corrupt = sum(hashlib.sha256(b"".join(blobs.read(digest))).hexdigest() != digest for digest in kept)
    yield figure(NAMES[0], place, lost, unit="files", better="lower", bar=0)
    yield figure(NAMES[1], place, corrupt, unit="files", better="lower", bar=0)
    yield figure(NAMES[2], place, sent, unit="bytes", better="lower", bar=1.15, baseline=count * SIZE)
    yield figure(NAMES[3], place, count * SIZE / MB / seconds, unit="MB/s", better="higher")


def _send(there: Utility, count: int, folder: Path) -> tuple[list[str], int, float]:
    """The hashes of the photos, the bytes that left the tablet, and how long the sending took."""
    store, direct = Store(folder / "tablet.db"), Transport(f"http://127.0.0.1:{there.port}")
    tablet = Client(store, direct)
    tablet.enrol(there.code())
    tablet.sign_in("tom", PASSWORD)
    tablet.pull()
    work, owner, digests = FieldWork(store), f"service_order/{there.order_id}", []
    for number in range(count):
        # Of this run alone: the backends share a folder, and what is stored already is not sent.
        photo = b"\xff\xd8\xff\xe0" + random.Random(f"{there.order_id} {number}").randbytes(SIZE - 4)
        work.attach_photo(owner, "photo", photo)
        digests.append(hashlib.sha256(photo).hexdigest())
    tablet.push()
    direct.close()
    with CuttingProxy(there.port, cut_after=MB) as proxy:
        tablet.transport = Transport(proxy.url)
        began = time.perf_counter()
        while store.query("SELECT 1 FROM attachment WHERE stored = 0 LIMIT 1"):
            try:
                tablet.upload()
            except Offline:
                continue
        seconds = time.perf_counter() - began
        tablet.transport.close()
        sent = proxy.sent
    store.close()
    return digests, sent, seconds
