"""Holds the clock: once by the schedule, in one process of several, one failure stopping no other."""

from datetime import timedelta

from sqlalchemy import func, select

from curbstop.commands import journal
from curbstop.commands.work import Work, system_work
from curbstop.models.audit import AuditEntry
from curbstop.models.base import utc_now
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id
from curbstop.models.outbox import JobDone
from curbstop.settings import Settings
from workers.clock import SCHEDULE, Clock, Entry


def _mark(work: Work) -> int:
    journal.audit(work, "ticked", "test", new_id())
    return 1


def _fail(work: Work) -> int:
    raise RuntimeError("on purpose")


FIRST, SECOND = Entry("fails", timedelta(minutes=1), _fail), Entry("marks", timedelta(minutes=1), _mark)


def test_each_entry_runs_once_in_its_time_and_a_failure_stops_no_other(sessions: Sessions, settings: Settings) -> None:
    clock, at = Clock(sessions, settings, (FIRST, SECOND)), utc_now()
    assert clock.tick(at) == ["fails", "marks"]
    assert clock.tick(at + timedelta(seconds=59)) == []
    assert clock.tick(at + timedelta(seconds=60)) == ["fails", "marks"]
    clock.leader.give_up()
    with sessions.read() as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == 2


def test_of_two_processes_one_leads_until_it_gives_up(sessions: Sessions, settings: Settings) -> None:
    one, other = Clock(sessions, settings, (SECOND,)), Clock(sessions, settings, (SECOND,))
    assert one.tick() == ["marks"]
    assert other.tick() == []
    one.leader.give_up()
    assert other.tick() == ["marks"]
    assert one.tick() == []
    other.leader.give_up()


def test_the_schedule_runs_as_it_is(sessions: Sessions, settings: Settings) -> None:
    with sessions.write() as session:
        old = {"topic": "x", "done_at": utc_now() - timedelta(days=31)}
        session.add_all([JobDone(outbox_id=new_id(), **old), JobDone(outbox_id=new_id(), topic="x")])
        for entry in SCHEDULE:
            session.flush()
            entry.command(system_work(session, settings))
    with sessions.read() as session:
        assert session.scalar(select(func.count()).select_from(JobDone)) == 1
