"""Pages of 1,000 features a second by OGC API Features, against pygeoapi on the same table beside it.

pygeoapi is installed into an environment of its own, from a lock of its own, which goes when the figure is there. It
counts all rows for each page, as it comes; we count nothing. It cannot read SQLite without an extension that most
Pythons do not load, so the embedded default has no baseline.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from sqlalchemy.engine import make_url

from bench import tiles
from bench.figures import Figure, figure
from bench.place import PATIENCE_S, Database, Place, api, database, signed_in
from curbstop.domain.permissions import Role
from geo.layers import SERVICE_POINTS
from tests.services.ports import free_port

NAMES = ("maps.features",)
BAR: Final = 2.0
PAGE: Final = 1_000
CLIENTS: Final = 4
# The columns of ours, by their names in the table.
COLUMNS: Final = tuple(one.column.key for one in SERVICE_POINTS.attributes)
LOCK: Final = Path(__file__).parents[1] / "requirements" / "pygeoapi.txt"


def measure(place: Place) -> Iterator[Figure]:
    """As many API processes as pygeoapi has; four clients at a time, who ask for one page after the other."""
    with database(place) as base:
        count = place.amount(100_000, 20_000)
        tiles.build(base, count)
        base.settle()
        seconds = float(place.amount(10, 3))
        theirs = None if base.sessions.is_sqlite else _theirs(place, base, count, seconds)
        with api(base, CURBSTOP_API_PROCESSES=place.processes) as url:
            client = signed_in(base, url, Role.GIS)
            pages = _walk(client, f"{url}/ogc/collections/service_points/items?limit={PAGE}", count)
            rate = _rate(pages, {"Authorization": str(client.headers["Authorization"])}, seconds)
        yield figure(
            NAMES[0], place, rate, unit="pages/s", better="higher", bar=BAR if theirs else None, baseline=theirs
        )


def _walk(client: requests.Session, url: str, count: int) -> list[str]:
    """The addresses of all pages, by their links."""
    pages, seen = [], 0
    following: str | None = url
    while following:
        pages.append(following)
        page = client.get(following, timeout=PATIENCE_S).json()
        seen += len(page["features"])
        following = next((one["href"] for one in page["links"] if one["rel"] == "next"), None)
    assert seen == count
    return pages


def _rate(pages: list[str], headers: dict[str, str], seconds: float) -> float:
    """Pages a second; what they say is read to its end, and looked into once."""
    done, ends, failed = [0] * CLIENTS, time.perf_counter() + seconds, []

    def ask(number: int) -> None:
        parts = urlsplit(pages[0])
        assert parts.hostname is not None
        connection = HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE_S)
        at = number * len(pages) // CLIENTS
        while time.perf_counter() < ends:
            target = urlsplit(pages[at % len(pages)])
            connection.request("GET", f"{target.path}?{target.query}", headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200 or (not done[number] and len(json.loads(body)["features"]) != PAGE):
                failed.append((answer.status, body[:300]))
                return
            done[number] += 1
            at += 1

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed
    return sum(done) / (time.perf_counter() - began)


def _theirs(place: Place, base: Database, count: int, seconds: float) -> float:
    with tempfile.TemporaryDirectory() as folder, _pygeoapi(Path(folder), base, place.processes) as url:
        items = f"{url}/collections/service_points/items?f=json&limit={PAGE}"
        page = requests.get(items, timeout=PATIENCE_S).json()
        assert set(page["features"][0]["properties"]) == set(COLUMNS), "it tells other columns than we do"
        return _rate([f"{items}&offset={offset}" for offset in range(0, count, PAGE)], {}, seconds)


@contextlib.contextmanager
def _pygeoapi(folder: Path, base: Database, processes: str) -> Iterator[str]:
    """pygeoapi on the table, served by gunicorn with so many processes, until the block ends."""
    bin_folder = folder / "env" / "bin"
    subprocess.run([sys.executable, "-m", "venv", str(folder / "env")], check=True)
    pip = [str(bin_folder / "pip"), "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    subprocess.run([*pip, "--no-deps", "-r", str(LOCK)], check=True, stdout=sys.stderr, stderr=subprocess.DEVNULL)
    port, config, described = free_port(), folder / "pygeoapi.yml", folder / "openapi.yml"
    # JSON is YAML, too.
    config.write_text(json.dumps(_config(base, port)), encoding="utf-8")
    environ = {**os.environ, "PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(described)}
    describe = [str(bin_folder / "pygeoapi"), "openapi", "generate", str(config), "--output-file", str(described)]
    subprocess.run(describe, check=True, env=environ, stdout=sys.stderr)
    serve = [
        str(bin_folder / "gunicorn"),
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        processes,
        "--log-level",
        "error",
    ]
    with subprocess.Popen([*serve, "pygeoapi.flask_app:APP"], env=environ, stdout=sys.stderr) as server:
        try:
            _wait(f"http://127.0.0.1:{port}/conformance?f=json")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait(url: str) -> None:
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(url, timeout=PATIENCE_S).ok:
                return
        time.sleep(0.1)
    raise AssertionError("pygeoapi did not answer")


def _config(base: Database, port: int) -> dict[str, Any]:
    where = make_url(base.settings.database_url)
    bounds = {"spatial": {"bbox": [-180, -90, 180, 90], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}
    words = {"title": "Bench", "description": "Bench", "keywords": ["bench"]}
    link = {"type": "text/html", "rel": "about", "title": "Bench", "href": "https://example.org", "hreflang": "en"}
    provider = {
        "type": "feature", "name": "PostgreSQL", "id_field": "id", "table": "service_point", "geom_field": "location",
        "properties": list(COLUMNS),
        "data": {
            "host": where.host or where.query.get("host"), "port": where.port or where.query.get("port") or 5432,
            "dbname": where.database, "user": where.username, "password": where.password or "",
            "search_path": ["public"],
        },
    }  # fmt: skip
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port}, "url": f"http://127.0.0.1:{port}", "language": "en-US",
            "mimetype": "application/json; charset=UTF-8", "encoding": "utf-8", "gzip": False, "pretty_print": False,
            "limits": {"default_items": PAGE, "max_items": PAGE},
            "map": {"url": "https://example.org/{z}/{x}/{y}.png", "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {**words, "keywords_type": "theme", "terms_of_service": "none", "url": "https://example.org"},
            "license": {"name": "none", "url": "https://example.org"},
            "provider": {"name": "Bench", "url": "https://example.org"},
            "contact": {"name": "Bench"},
        },
        "resources": {
            "service_points": {
                "type": "collection", **words, "links": [link], "extents": bounds, "providers": [provider],
            }
        },
    }  # fmt: skip
