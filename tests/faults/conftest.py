"""Tom with his tablet and an order that is finished but not sent, in front of a server of either sort."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import Engine
from werkzeug.serving import make_server

from curbstop.commands import staff, tablets
from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from curbstop.tablet import FieldWork
from tests.api.apps import app_on
from tests.faults.fleet import PASSWORD, Technician
from tests.faults.proxy import CALM, Lane
from tests.town import Town

Ready = Callable[[int], AbstractContextManager[Technician]]


@pytest.fixture
def town(sessions: Sessions, settings: Settings) -> Town:
    town = Town(sessions, settings).settle()
    with town.work() as work:
        staff.reset_password(work, town.staff["tom"], PASSWORD)
    return town


@pytest.fixture
def in_process(settings: Settings, engine: Engine) -> Iterator[int]:
    """The application in this process, for tests that kill nobody: it is there at once. Its port."""
    server = make_server("127.0.0.1", 0, app_on(settings, engine), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ready(town: Town, tmp_path: Path) -> Ready:
    """Tom at a server's port, over a faithful line."""

    @contextlib.contextmanager
    def make(port: int) -> Iterator[Technician]:
        order = town.order("GEN", town.place(), to="tom")
        lane = Lane(port, 1, "tom", CALM)
        technician = Technician("tom", lane, tmp_path, seed=1)
        try:
            with town.work("sue") as work:
                code = tablets.make_code(work, "tom's tablet").code
            technician.begin(code)
            technician.client.pull()
            FieldWork(technician.store).complete(str(order), "DONE", {"notes": "Looked at it"})
            yield technician
        finally:
            technician.close()
            lane.close()

    return make
