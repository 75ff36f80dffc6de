"""Reference tablets against the real application, served on a loopback port."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, update
from werkzeug.serving import make_server

from curbstop.commands import sign_in, tablets
from curbstop.models import Staff
from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from curbstop.tablet import Client, FieldWork, Store, Transport
from tests.api.apps import app_on
from tests.town import Town

PASSWORD = "water under the bridge"


@dataclass(frozen=True, slots=True)
class Tablet:
    """A tablet in somebody's hands, enrolled and signed in."""

    login: str
    client: Client
    store: Store
    work: FieldWork
    network: Transport


NewTablet = Callable[[str], Tablet]


@pytest.fixture
def town(sessions: Sessions, settings: Settings) -> Town:
    """The people of the town, two of whom can sign in on a tablet."""
    town = Town(sessions, settings).settle()
    with sessions.write() as session:
        hashed = sign_in.HASHER.hash(PASSWORD)
        session.execute(update(Staff).where(Staff.login.in_(["tom", "tess"])).values(password_hash=hashed))
    return town


@pytest.fixture
def server_url(settings: Settings, engine: Engine) -> Iterator[str]:
    """The real application."""
    server = make_server("127.0.0.1", 0, app_on(settings, engine), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def new_tablet(town: Town, server_url: str, tmp_path: Path) -> Iterator[NewTablet]:
    """Makes tablets: `new_tablet("tom")`."""
    made: list[Tablet] = []

    def make(login: str) -> Tablet:
        network = Transport(server_url)
        store = Store(tmp_path / f"tablet-{len(made)}.db")
        client = Client(store, network)
        with town.work("sue") as work:
            code = tablets.make_code(work, f"{login}'s tablet").code
        client.enrol(code)
        client.sign_in(login, PASSWORD)
        made.append(Tablet(login, client, store, FieldWork(store), network))
        return made[-1]

    yield make
    for tablet in made:
        tablet.network.close()
        tablet.store.close()
