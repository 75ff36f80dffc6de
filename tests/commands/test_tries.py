"""Wrong tries run out within a window, for one name alone, and are forgotten when nobody counts them any more."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from curbstop.commands import housekeeping, tries
from curbstop.commands.work import Work
from curbstop.domain.actors import SYSTEM
from curbstop.domain.problems import Problem
from curbstop.models.base import utc_now
from curbstop.models.wrong_try import WrongTry
from curbstop.settings import Settings

NOW = utc_now()


@pytest.fixture
def work(session: Session, settings: Settings) -> Work:
    work = Work(session, SYSTEM, settings, NOW)
    for _ in range(3):
        tries.wrong(work, "tess")
    return work


def test_the_last_try_is_the_last(work: Work) -> None:
    tries.check(work.session, "tess", 4, NOW)
    tries.check(work.session, "tom", 3, NOW)
    with pytest.raises(Problem) as stopped:
        tries.check(work.session, "tess", 3, NOW)
    assert (stopped.value.code, stopped.value.extra["retry_after_s"]) == ("too_many_requests", 901)


def test_tries_leave_the_window(work: Work) -> None:
    with pytest.raises(Problem):
        tries.check(work.session, "tess", 3, NOW + tries.WINDOW - timedelta(seconds=1))
    tries.check(work.session, "tess", 3, NOW + tries.WINDOW + timedelta(seconds=1))


def test_the_right_one_begins_anew(work: Work) -> None:
    tries.right(work, "tess")
    tries.check(work.session, "tess", 1, NOW)


def test_names_are_not_kept_in_clear(work: Work) -> None:
    assert b"tess" not in b"".join(work.session.scalars(select(WrongTry.name_hash)))


def test_what_nobody_counts_is_forgotten(work: Work, settings: Settings) -> None:
    assert housekeeping.forget_wrong_tries(work) == 0
    later = Work(work.session, SYSTEM, settings, NOW + tries.WINDOW + timedelta(seconds=1))
    assert housekeeping.forget_wrong_tries(later) == 3
    assert work.session.scalar(select(func.count()).select_from(WrongTry)) == 0
