"""Fixtures that every floor uses: the two backends, databases of the newest schema, sessions and settings."""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import hypothesis
import pytest
from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from curbstop.models.engine import Sessions
from curbstop.settings import Settings, load
from tests import watchers
from tests.services import databases, programs, servers
from tests.services.plugin import FOLDER

# The machine is shared and the first example pays for imports, so time says nothing about an example.
hypothesis.settings.register_profile("curbstop", deadline=None, print_blob=True)
hypothesis.settings.load_profile("curbstop")


@pytest.fixture(scope="session")
def run_folder(pytestconfig: pytest.Config) -> Path:
    """The run's own folder, which goes at the end."""
    return pytestconfig.stash[FOLDER]


@pytest.fixture(scope="session", params=["embedded", "services"])
def backend(request: pytest.FixtureRequest) -> str:
    """`embedded` is SQLite and Valkey from the wheel, `services` is PostgreSQL with PostGIS and Redis."""
    if request.param == "services" and programs.missing():
        pytest.skip("; ".join(programs.missing()))
    return str(request.param)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, backend: str, run_folder: Path) -> Iterator[str]:
    """A database of the newest schema that no test has touched: for tests that commit. Its people are in it."""
    people = next((who for who in ("office", "town") if who in request.fixturenames), None)
    url = databases.new_database(run_folder, backend, people)
    yield url
    databases.drop_database(run_folder, url)


@pytest.fixture
def empty_database_url(backend: str, run_folder: Path) -> Iterator[str]:
    """A database without any table: for the tests of the migrations."""
    url = databases.empty_database(run_folder, backend)
    yield url
    databases.drop_database(run_folder, url)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on the pristine database."""
    engine = databases.engine_on(database_url)
    yield engine
    if engine.dialect.name == "postgresql":
        watchers.have_ended()
    if cast(QueuePool, engine.pool).checkedout():
        # A streamed answer that a test did not read to its end holds its connection until it is collected; it must go
        # back to the pool before the pool goes, or it is missed in some later test.
        gc.collect()
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    """Sessions that really commit, on the pristine database: deferred triggers fire as they do in earnest."""
    return Sessions(engine)


@pytest.fixture(scope="session")
def shared_engine(backend: str, run_folder: Path) -> Iterator[Engine]:
    """One engine a worker and backend, on a database that nobody ever commits to."""
    url = databases.new_database(run_folder, backend)
    engine = databases.engine_on(url)
    yield engine
    engine.dispose()
    databases.drop_database(run_folder, url)


@pytest.fixture
def session(shared_engine: Engine) -> Iterator[Session]:
    """A session whose every write is undone: fast, for commands and queries. COMMIT-time triggers do not fire."""
    with shared_engine.execution_options(curbstop_writes=True).connect() as connection:
        outer = connection.begin()
        with Session(
            connection, join_transaction_mode="create_savepoint", autoflush=False, expire_on_commit=False
        ) as session:
            yield session
        outer.rollback()


@pytest.fixture
def redis_url(backend: str, run_folder: Path, worker_id: str) -> str:
    """An empty database, one a worker, on the run's Valkey or Redis."""
    number = int(worker_id.removeprefix("gw")) + 1 if worker_id.startswith("gw") else 0
    url = servers.redis_url(run_folder, backend, number)
    with Redis.from_url(url) as redis:
        redis.flushdb()
    return url


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """Settings for the pristine database and the empty queue, with a data folder of their own."""
    return load(
        {
            "CURBSTOP_DATABASE_URL": database_url,
            "CURBSTOP_REDIS_URL": redis_url,
            "CURBSTOP_DATA_DIR": str(tmp_path / "data"),
            "CURBSTOP_SECRET_KEY": "a key for the tests that is long enough",
        }
    )
