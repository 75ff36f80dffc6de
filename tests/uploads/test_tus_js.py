"""tus-js-client, the browser's and React Native's, through a network that cuts and an app that dies."""

import base64
import hashlib
import random
from pathlib import Path

import pytest
import requests

from tests.clients import npm
from tests.services.cutting import CuttingProxy
from tests.uploads.serving import Utility

MB = 1024 * 1024
PHOTO = b"\xff\xd8\xff\xe0" + random.Random(7).randbytes(5 * MB)
SHA256 = hashlib.sha256(PHOTO).hexdigest()


@pytest.fixture(autouse=True)
def _clients() -> None:
    npm.require()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(PHOTO)
    return path


@pytest.mark.parametrize("chunk", [1_500_000, None])
def test_tus_js_client_goes_on_after_every_cut(place: Utility, tmp_path: Path, photo: Path, chunk: int | None) -> None:
    """Clauses 6.4 to 6.9, I21: in chunks and in one piece."""
    tablet, token = place.sign_in()
    attachment = place.declare(tablet, SHA256, len(PHOTO))
    with CuttingProxy(place.port, cut_after=MB, refuse_every=3) as proxy:
        with npm.Client("tus", tmp_path / "app", url=proxy.url, token=token) as app:
            app.ask("begin", file=str(photo), id=str(attachment), chunk=chunk, retries=40)
            assert app.ask("failure") is None
            assert app.ask("url") == f"{proxy.url}/sync/v1/uploads/{attachment}"
        assert (proxy.cuts >= 3, proxy.refusals >= 1) == (True, True)
    assert place.content(SHA256) == PHOTO


@pytest.mark.parametrize("forgets", [False, True])
def test_an_app_that_died_goes_on_where_its_upload_was(
    place: Utility, tmp_path: Path, photo: Path, forgets: bool
) -> None:
    """Clauses 6.5 and 6.6, I21: by the URL that it remembers, or by the attachment's id when it was set up anew."""
    tablet, token = place.sign_in()
    attachment = place.declare(tablet, SHA256, len(PHOTO))
    with CuttingProxy(place.port, cut_after=3 * MB) as proxy:
        with npm.Client("tus", tmp_path / "app", url=proxy.url, token=token) as app:
            app.ask("begin", file=str(photo), id=str(attachment), retries=0)
            assert app.ask("failure") is not None
        proxy.cut_after = 2**40
        sent = proxy.sent
        again = tmp_path / ("another" if forgets else "app")
        with npm.Client("tus", again, url=proxy.url, token=token) as app:
            begun = app.ask("begin", file=str(photo), id=str(attachment), chunk=MB // 2, retries=1)
            assert (begun is None) == forgets
            assert app.ask("failure") is None
        # One chunk may go to a place that is full, before the client asks where the upload is.
        assert proxy.sent - sent < len(PHOTO) - 3 * MB + 0.75 * MB
    assert place.content(SHA256) == PHOTO


def test_an_upload_that_the_app_gives_up_is_gone(place: Utility, tmp_path: Path, photo: Path) -> None:
    """Clause 6.10."""
    tablet, token = place.sign_in()
    attachment = place.declare(tablet, SHA256, len(PHOTO))
    with (
        CuttingProxy(place.port, cut_after=3 * MB) as proxy,
        npm.Client("tus", tmp_path / "app", url=proxy.url, token=token) as app,
    ):
        app.ask("begin", file=str(photo), id=str(attachment), retries=0)
        assert app.ask("failure") is not None
        app.ask("give_up")
    name = base64.b64encode(str(attachment).encode()).decode()
    headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    url = f"http://127.0.0.1:{place.port}/sync/v1/uploads"
    assert requests.head(f"{url}/{attachment}", headers=headers, timeout=30).status_code == 404
    asked = {**headers, "Upload-Length": str(len(PHOTO)), "Upload-Metadata": f"attachment_id {name}"}
    assert requests.post(url, headers=asked, timeout=30).headers["Upload-Offset"] == "0"
