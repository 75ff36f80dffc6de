"""Holds the harness to its word: both backends answer, are isolated, and are migrated by Alembic."""

import socket

import pytest
from redis import Redis
from sqlalchemy import text
from sqlalchemy.orm import Session

from curbstop.models.engine import Sessions
from curbstop.settings import Settings


@pytest.mark.parametrize("turn", [1, 2])
def test_what_one_test_writes_the_next_does_not_see(session: Session, turn: int) -> None:
    assert session.scalar(text("SELECT count(*) FROM outbox")) == 0
    session.execute(text("CREATE TABLE left_behind (id INTEGER)"))
    session.commit()


@pytest.mark.parametrize("turn", [1, 2])
def test_what_one_test_commits_the_next_does_not_see(sessions: Sessions, turn: int) -> None:
    with sessions.write() as session:
        session.execute(text("CREATE TABLE left_behind (id INTEGER)"))
    with sessions.read() as session:
        assert session.scalar(text("SELECT count(*) FROM left_behind")) == 0


def test_the_schema_comes_from_alembic(session: Session) -> None:
    assert session.scalar(text("SELECT version_num FROM alembic_version"))


def test_the_queue_answers_and_is_empty(settings: Settings) -> None:
    with Redis.from_url(settings.redis_url) as redis:
        assert redis.dbsize() == 0


def test_a_test_cannot_leave_the_machine() -> None:
    with socket.socket() as outside, pytest.raises(PermissionError, match="loopback only"):
        outside.connect(("192.0.2.1", 80))
