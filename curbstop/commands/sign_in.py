"""Passwords, sessions and their rotating refresh tokens.

Rotation survives a lost reply: the successor is derived from its predecessor, so a token that comes again soon, while
its successor is unused, gives the very same successor. Later than that it was stolen, and the family ends.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from curbstop.commands import journal, layer_keys, scope
from curbstop.commands.tablets import check_key
from curbstop.commands.work import Work
from curbstop.domain.problems import Problem
from curbstop.models.ids import new_id
from curbstop.models.staff import RefreshToken, Staff
from curbstop.models.tablet import Tablet, TabletPerson

# OWASP's second choice for Argon2id: 19 MiB, so that a few dozen sign-ins at once fit a small machine.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# How long a token that was rotated away still answers with its successor.
LOST_REPLY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session as the client gets it; the token is nowhere else in clear."""

    staff: Staff
    tablet_id: UUID | None
    refresh_token: str


@cache
def _nobodys_hash() -> str:
    return HASHER.hash(secrets.token_urlsafe(16))


def verify(session: Session, login: str, password: str) -> UUID:
    """Whose login and password these are, or Problem(`wrong_credentials`); an unknown login takes as long."""
    row = session.scalars(select(Staff).where(Staff.login == login.strip().lower())).one_or_none()
    stored = row.password_hash if row is not None and row.active else None
    if not _matches(stored or _nobodys_hash(), password) or row is None or stored is None:
        raise Problem("wrong_credentials")
    return row.id


def _matches(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def sign_in(
    work: Work, staff_id: UUID, password: str, *, tablet_id: UUID | None = None, tablet_key: str | None = None
) -> SignedIn:
    """A new session of somebody whom `verify` has just let in, bound to the tablet if one is given."""
    row = work.session.get(Staff, staff_id, with_for_update=True)
    if row is None or not row.active or row.password_hash is None:
        raise Problem("wrong_credentials")
    if tablet_id is not None:
        _take_tablet(work, row, check_key(work, tablet_id, tablet_key or ""))
    if HASHER.check_needs_rehash(row.password_hash):
        row.password_hash = HASHER.hash(password)
        journal.changed(work, row, "staff.rehash")
    token = secrets.token_urlsafe(32)
    _issue(work, token, row.id, tablet_id, family_id=new_id())
    journal.audit(work, "sign_in", "staff", row.id)
    return SignedIn(row, tablet_id, token)


def _take_tablet(work: Work, row: Staff, tablet: Tablet) -> None:
    """Whoever signs in on a tablet has it now, and can have done work on it from now on."""
    tablet.last_seen_at = work.at
    # The tablet's row is locked, so nobody else writes this one.
    person = work.session.get(TabletPerson, (tablet.id, row.id))
    if person is None:
        work.session.add(TabletPerson(tablet_id=tablet.id, staff_id=row.id, first_at=work.at, last_at=work.at))
    else:
        person.last_at = work.at
    if tablet.staff_id != row.id:
        tablet.staff_id = row.id
        journal.changed(work, tablet, "tablet.taken")


def refresh(work: Work, token: str) -> SignedIn | None:
    """The next step of the session, or None when it has ended; commit either way, for a stolen token ends it."""
    step = work.session.scalars(
        select(RefreshToken).where(RefreshToken.token_hash == _hash(token)).with_for_update()
    ).one_or_none()
    if step is None or step.revoked_at is not None or step.expires_at <= work.at:
        return None
    row = work.session.get(Staff, step.staff_id)
    if row is None or not row.active:
        return None
    if step.tablet_id is not None:
        _check_not_revoked(work, step.tablet_id)
    successor = _successor(work.settings.secret_key, token)
    if step.rotated_at is None:
        step.rotated_at = work.at
        step.successor_id = _issue(work, successor, row.id, step.tablet_id, family_id=step.family_id)
        work.session.flush()
    elif not _reply_was_lost(work, step):
        end_family(work, step.family_id)
        return None
    return SignedIn(row, step.tablet_id, successor)


def _check_not_revoked(work: Work, tablet_id: UUID) -> None:
    tablet = work.session.get(Tablet, tablet_id)
    if tablet is None or tablet.revoked_at is not None:
        raise Problem("tablet_revoked")


def _reply_was_lost(work: Work, step: RefreshToken) -> bool:
    assert step.rotated_at is not None
    successor = work.session.get(RefreshToken, step.successor_id)
    unused = successor is not None and successor.rotated_at is None and successor.revoked_at is None
    return unused and work.at - step.rotated_at <= LOST_REPLY


def sign_out(work: Work, token: str) -> None:
    """Ends the session that the token belongs to; an unknown token is no news."""
    family_id = work.session.scalar(select(RefreshToken.family_id).where(RefreshToken.token_hash == _hash(token)))
    if family_id is not None:
        end_family(work, family_id)


def end_family(work: Work, family_id: UUID) -> None:
    """No token of this sign-in is worth anything any more."""
    _revoke(work, RefreshToken.family_id == family_id)


def end_sessions(work: Work, staff_id: UUID) -> None:
    """Signs a person out everywhere."""
    _revoke(work, RefreshToken.staff_id == staff_id)
    layer_keys.end_of(work, staff_id)


def _revoke(work: Work, whose: ColumnElement[bool]) -> None:
    ended = work.session.execute(
        update(RefreshToken)
        .where(whose, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=work.at)
        .returning(RefreshToken.staff_id, RefreshToken.tablet_id)
    )
    scope.notice(work, {staff_id for staff_id, tablet_id in ended if tablet_id is not None})


def _issue(work: Work, token: str, staff_id: UUID, tablet_id: UUID | None, *, family_id: UUID) -> UUID:
    row = RefreshToken(
        id=new_id(),
        family_id=family_id,
        staff_id=staff_id,
        tablet_id=tablet_id,
        token_hash=_hash(token),
        issued_at=work.at,
        expires_at=work.at + timedelta(days=work.settings.refresh_days),
    )
    work.session.add(row)
    work.session.flush()
    return row.id


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _successor(secret_key: str, token: str) -> str:
    mac = hmac.new(secret_key.encode(), b"refresh\0" + token.encode(), hashlib.sha256)
    return urlsafe_b64encode(mac.digest()).rstrip(b"=").decode()
