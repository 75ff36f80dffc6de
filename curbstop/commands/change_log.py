"""Forgets old changes behind a horizon. For the clock.

Tablets that were away for longer get the buckets concerned whole; what they have to send is not touched by it.
"""

from datetime import timedelta

from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from curbstop.commands.work import Work
from curbstop.models.change_log import ChangeHorizon, ChangeLog

# Numbers that one call passes over: the deletion is over before anybody waits for it.
STEP = 20_000


def forget_old(work: Work) -> int:
    """Deletes the oldest changes, as far as they are past their days; how many.

    What goes is always the beginning of the log, and never its newest row: the number that cursors are compared with
    must not fall.
    """
    through = _through(work)
    if through is None:
        return 0
    old = ChangeLog.seq <= through
    dialect = sqlite if work.session.get_bind().dialect.name == "sqlite" else postgresql
    reached = select(ChangeLog.bucket, func.max(ChangeLog.seq)).where(old).group_by(ChangeLog.bucket)
    statement = dialect.insert(ChangeHorizon).from_select(["bucket", "seq"], reached)
    work.session.execute(
        statement.on_conflict_do_update(index_elements=["bucket"], set_={"seq": statement.excluded.seq})
    )
    result = work.session.execute(delete(ChangeLog).where(old))
    assert isinstance(result, CursorResult)
    return int(result.rowcount)


def _through(work: Work) -> int | None:
    """The number up to which everything may go, or None."""
    newest = work.session.scalar(select(func.max(ChangeLog.seq)))
    oldest = work.session.scalar(select(func.min(ChangeLog.seq)))
    if newest is None or oldest is None:
        return None
    end = min(newest - 1, oldest + STEP - 1)
    before = work.at - timedelta(days=work.settings.change_log_days)
    # Moments are not in the order of the commits: the first young change bounds what goes.
    young = work.session.scalar(
        select(func.min(ChangeLog.seq)).where(ChangeLog.seq <= end, ChangeLog.recorded_at >= before)
    )
    through = end if young is None else young - 1
    return through if through >= oldest else None
