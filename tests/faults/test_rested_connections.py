"""A connection that the server ended while nobody used it harms nobody."""

import pytest
from sqlalchemy import Engine, text

from curbstop.models import engine as engines
from curbstop.models.engine import Sessions

ENDS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
    "pg_backend_pid()"
)


@pytest.fixture(autouse=True)
def _only_on_postgresql(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no server that ends connections")


def _end_all(engine: Engine) -> None:
    other = engines.make_engine(engine.url.render_as_string(hide_password=False))
    with other.connect() as connection:
        connection.execute(ENDS)
    other.dispose()


def test_a_connection_that_was_ended_while_it_rested_is_replaced_before_it_is_used(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "RESTED_S", 0.0)
    sessions = Sessions(engine)
    for use in (sessions.read, sessions.write):
        with use() as session:
            session.execute(text("SELECT 1"))
        _end_all(engine)
        with use() as session:
            assert session.execute(text("SELECT 1")).scalar_one() == 1
    with sessions.glance() as connection:
        connection.execute(text("SELECT 1"))
    _end_all(engine)
    with sessions.glance() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_a_connection_in_use_all_the_time_is_not_asked_each_time(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ping(_connection: object) -> bool:
        raise AssertionError("asked")

    monkeypatch.setattr(engine.dialect, "do_ping", ping)
    sessions = Sessions(engine)
    for _ in range(20):
        with sessions.glance() as connection:
            connection.execute(text("SELECT 1"))
