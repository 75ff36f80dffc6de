"""Counts wrong passwords and codes, so that nobody can try them all: in the database, for all processes alike."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from curbstop.commands.work import Work
from curbstop.domain.problems import Problem
from curbstop.models.ids import new_id
from curbstop.models.wrong_try import WrongTry

WINDOW = timedelta(minutes=15)


def check(session: Session, name: str, most: int, at: datetime) -> None:
    """Problem(`too_many_requests`) with `retry_after_s` while the name has used up its tries of the last minutes."""
    recent = session.scalars(
        select(WrongTry.tried_at)
        .where(WrongTry.name_hash == _hash(name), WrongTry.tried_at > at - WINDOW)
        .order_by(WrongTry.tried_at.desc())
        .limit(most)
    ).all()
    if len(recent) >= most:
        # The oldest of those that count makes room for one more when it leaves the window.
        oldest = recent[-1] if recent else at
        wait = int((oldest + WINDOW - at).total_seconds()) + 1
        raise Problem("too_many_requests", f"Too many wrong tries; wait {wait} seconds.", retry_after_s=wait)


def wrong(work: Work, name: str) -> None:
    """One more wrong try."""
    work.session.execute(insert(WrongTry), [{"id": new_id(), "name_hash": _hash(name), "tried_at": work.at}])


def right(work: Work, name: str) -> None:
    """The password was right; the count begins anew."""
    work.session.execute(delete(WrongTry).where(WrongTry.name_hash == _hash(name)))


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
