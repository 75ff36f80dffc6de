"""Deletes the bookkeeping that nobody will ask for any more. For the clock."""

from datetime import datetime, timedelta

from sqlalchemy import CursorResult, delete
from sqlalchemy.orm import InstrumentedAttribute

from curbstop.commands.tries import WINDOW
from curbstop.commands.work import Work
from curbstop.models.base import Base
from curbstop.models.outbox import JobDone
from curbstop.models.staff import RefreshToken
from curbstop.models.tablet import EnrolmentCode
from curbstop.models.wrong_try import WrongTry

# A queue that comes back from a long outage may deliver a job again; a token that ended explains a sign-in problem.
KEPT = timedelta(days=30)


def forget_jobs_done(work: Work) -> int:
    """The marks of jobs done long ago; how many."""
    return _forget(work, JobDone, JobDone.done_at)


def forget_refresh_tokens(work: Work) -> int:
    """Refresh tokens that ran out long ago; how many."""
    return _forget(work, RefreshToken, RefreshToken.expires_at)


def forget_enrolment_codes(work: Work) -> int:
    """Enrolment codes that ran out long ago, used or not; how many."""
    return _forget(work, EnrolmentCode, EnrolmentCode.expires_at)


def forget_wrong_tries(work: Work) -> int:
    """Wrong passwords and codes that nobody counts any more; how many."""
    return _forget(work, WrongTry, WrongTry.tried_at, kept=WINDOW)


def _forget(work: Work, model: type[Base], moment: InstrumentedAttribute[datetime], *, kept: timedelta = KEPT) -> int:
    result = work.session.execute(delete(model).where(moment < work.at - kept))
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
