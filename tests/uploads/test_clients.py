"""tuspy and the reference tablet through a proxy that cuts every megabyte and answers 503 in the middle."""

import hashlib
import io
import random
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from tusclient.client import TusClient

from curbstop.tablet import Client, FieldWork, Offline, Refused, Store, Transport
from tests.services.cutting import CuttingProxy
from tests.uploads.serving import PASSWORD, Utility

MB = 1024 * 1024
PHOTO = b"\xff\xd8\xff\xe0" + random.Random(5).randbytes(5 * MB)
SHA256 = hashlib.sha256(PHOTO).hexdigest()


@pytest.mark.parametrize("chunk", [1_500_000, 2**40])
def test_tuspy_goes_on_after_every_cut(place: Utility, chunk: int) -> None:
    """Clauses 6.4 to 6.9, I21: in chunks and in one piece, each with a SHA-1."""
    tablet, token = place.sign_in()
    photo = place.declare(tablet, SHA256, len(PHOTO))
    with CuttingProxy(place.port, cut_after=MB, refuse_every=3) as proxy:
        client = TusClient(f"{proxy.url}/sync/v1/uploads", headers={"Authorization": f"Bearer {token}"})
        uploader = client.uploader(
            file_stream=io.BytesIO(PHOTO), chunk_size=chunk, metadata={"attachment_id": str(photo)}, retries=40,
            retry_delay=0, upload_checksum=True,
        )  # fmt: skip
        uploader.upload()
        assert (proxy.cuts >= 3, proxy.refusals >= 1) == (True, True)
        assert uploader.url == f"{proxy.url}/sync/v1/uploads/{photo}"
    assert place.content(SHA256) == PHOTO


def test_the_tablet_goes_on_after_every_cut(place: Utility, tmp_path: Path) -> None:
    """Clauses 6.2, 6.11 and 6.14, I21: thumbnails first, and its own copy goes only when the server has the same."""
    small = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89"
    with CuttingProxy(place.port, cut_after=MB, refuse_every=4) as proxy:
        network, store = Transport(proxy.url), Store(tmp_path / "tablet.db")
        tablet = Client(store, network)
        code = place.code()
        persist(lambda: tablet.enrol(code))
        persist(lambda: tablet.sign_in("tom", PASSWORD))
        persist(tablet.pull)
        work = FieldWork(store)
        owner = f"service_order/{place.order_id}"
        photos = [work.attach_photo(owner, "photo", PHOTO + bytes([n]), thumbnail=small) for n in range(2)]
        persist(tablet.push)
        uploads = 0
        while store.query("SELECT 1 FROM attachment WHERE stored = 0"):
            kept = store.query("SELECT 1 FROM attachment WHERE stored = 0 AND bytes IS NULL")
            assert not kept
            uploads += 1
            assert uploads < 40
            once(tablet.upload)
        assert not store.query("SELECT 1 FROM attachment WHERE bytes IS NOT NULL OR thumbnail IS NOT NULL")
        assert proxy.sent < 1.15 * 2 * len(PHOTO)
        network.close()
        store.close()
    for n, _ in enumerate(photos):
        data = PHOTO + bytes([n])
        assert place.content(hashlib.sha256(data).hexdigest()) == data


def test_a_body_of_unknown_length_may_pause(place: Utility) -> None:
    """Clause 6.6, I21: a pause in the middle of a body in chunks is not its end."""
    tablet, token = place.sign_in()
    small = PHOTO[:2_000]
    photo = place.declare(tablet, hashlib.sha256(small).hexdigest(), len(small))
    said = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    url = f"http://127.0.0.1:{place.port}/sync/v1/uploads/{photo}"

    def slowly() -> Iterator[bytes]:
        yield small[:700]
        time.sleep(2.5)
        yield small[700:]

    TusClient(url.rpartition("/")[0], headers=said).uploader(
        file_stream=io.BytesIO(small), metadata={"attachment_id": str(photo)}
    ).create_url()
    sent = {**said, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    answer = requests.patch(url, data=slowly(), headers=sent, timeout=30)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(len(small)))
    assert place.content(hashlib.sha256(small).hexdigest()) == small


def test_a_connection_that_died_silently_gives_way(place: Utility) -> None:
    """Clause 6.7: nobody said goodbye; the tablet comes back on another connection and goes on at once."""
    tablet, token = place.sign_in()
    photo = place.declare(tablet, SHA256, len(PHOTO))
    url = f"http://127.0.0.1:{place.port}/sync/v1/uploads"
    client = TusClient(url, headers={"Authorization": f"Bearer {token}"})
    uploader = client.uploader(file_stream=io.BytesIO(PHOTO), metadata={"attachment_id": str(photo)})
    uploader.set_url(uploader.create_url())
    head = (
        f"PATCH /sync/v1/uploads/{photo} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        "Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n"
        f"Content-Length: {len(PHOTO)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", place.port)) as dead:
        dead.sendall(head.encode() + PHOTO[:300_000])
        part = place.settings.parts_dir / f"{photo}.part"
        deadline = time.monotonic() + 20
        while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.02)
        began = time.monotonic()
        answer = requests.head(
            f"{url}/{photo}", headers={"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}, timeout=30
        )
        assert answer.status_code == 200, answer.status_code
        assert time.monotonic() - began < 10
        assert 0 < int(answer.headers["Upload-Offset"]) <= 300_000
        uploader.offset = int(answer.headers["Upload-Offset"])
        uploader.upload()
    assert place.content(SHA256) == PHOTO


def once(step: Callable[[], object]) -> bool:
    """Whether it got through; what a bad network does is no failure."""
    try:
        step()
    except Offline:
        return False
    except Refused as refused:
        if refused.status != 503:
            raise
        return False
    return True


def persist(step: Callable[[], object]) -> None:
    """Again until it got through, as a tablet does."""
    assert any(once(step) for _ in range(20)), "it never got through"
