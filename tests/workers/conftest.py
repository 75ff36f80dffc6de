"""A topic whose effect can be counted, and the queue of the test."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from redis import Redis
from rq import Queue
from sqlalchemy import func, select

from curbstop.commands import journal
from curbstop.commands.work import Work, system_work
from curbstop.models.audit import AuditEntry
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id
from curbstop.models.outbox import Outbox
from curbstop.settings import Settings
from tests.town import Town
from workers import jobs
from workers import queue as queues
from workers.worker import drain

Enqueue = Callable[..., UUID]


def leave_a_mark(work: Work, payload: Mapping[str, Any]) -> None:
    """The effect that the tests count: one audit entry."""
    if payload.get("poison"):
        raise RuntimeError("poisoned on purpose")
    journal.audit(work, "marked", "test", UUID(payload["id"]))


@pytest.fixture(autouse=True)
def marking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(jobs.TOPICS, "test.mark", leave_a_mark)


@pytest.fixture
def connection(settings: Settings) -> Iterator[Redis]:
    with Redis.from_url(settings.redis_url) as connection:
        yield connection


@pytest.fixture
def queue(connection: Redis) -> Queue:
    return queues.queue_on(connection)


@pytest.fixture
def enqueue(sessions: Sessions, settings: Settings) -> Enqueue:
    """Commits a job into the outbox, as a command would; its id."""

    def put(**payload: Any) -> UUID:
        with sessions.write() as session:
            work = system_work(session, settings)
            return journal.enqueue(work, "test.mark", {"id": str(new_id()), **payload})

    return put


@dataclass(frozen=True)
class Line:
    """Everything between a command and a job's effect."""

    sessions: Sessions
    settings: Settings
    connection: Redis
    queue: Queue

    def drain(self) -> int:
        return drain(self.sessions, self.settings, self.connection)

    def waiting(self) -> list[Outbox]:
        with self.sessions.read() as session:
            return list(session.scalars(select(Outbox)))

    def marks(self) -> int:
        """How often jobs had their effect."""
        with self.sessions.read() as session:
            count = session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "marked"))
        return int(count or 0)


@pytest.fixture
def line(sessions: Sessions, settings: Settings, connection: Redis, queue: Queue) -> Line:
    return Line(sessions, settings, connection, queue)


@pytest.fixture
def town(sessions: Sessions, settings: Settings) -> Town:
    """People by name, and builders for places."""
    return Town(sessions, settings).settle()
