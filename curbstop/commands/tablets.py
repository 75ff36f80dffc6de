"""Enrols tablets with one-time codes, renames and revokes them."""

import hashlib
import hmac
import secrets
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from curbstop.commands import incidents, journal, scope
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.clocks import Boot, Said, measured, skew_s
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.ids import new_id
from curbstop.models.staff import RefreshToken
from curbstop.models.tablet import EnrolmentCode, Tablet, TabletBoot

# No letter or digit that is mistaken for another when read out over the telephone.
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 8
CODE_LIFE = timedelta(hours=24)
PUBLIC_KEY_BYTES = 32  # of Ed25519


@dataclass(frozen=True, slots=True)
class NewCode:
    """An enrolment code, in clear this one time."""

    id: UUID
    code: str
    tablet_name: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A tablet's identity, in clear for the tablet only."""

    tablet_id: UUID
    tablet_key: str
    name: str


def make_code(work: Work, tablet_name: str) -> NewCode:
    """A code that enrols one tablet within 24 hours."""
    require(work.actor, Action.MANAGE_TABLETS)
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    row = EnrolmentCode(
        id=new_id(),
        code_hash=_code_hash(work, code),
        tablet_name=tablet_name,
        created_by_id=work.actor.staff_id,
        created_at=work.at,
        expires_at=work.at + CODE_LIFE,
    )
    work.session.add(row)
    work.session.flush()
    journal.audit(work, "tablet.make_code", "enrolment_code", row.id, after={"tablet_name": tablet_name})
    return NewCode(row.id, code, tablet_name, row.expires_at)


def enrol(
    work: Work, code: str, *, install_id: str, schema_version: int = 1, public_key: str | None = None
) -> Enrolled:
    """The tablet that the code makes, or Problem(`enrolment_code_invalid`; `invalid` for a malformed public key).

    `public_key` is of Ed25519, 32 bytes in base64url: from then on the tablet must seal every op with its private half.
    The tablet's own key is derived from the code and the installation, so that the same tablet gets the same answer
    when the first one was lost on the way.
    """
    if public_key is not None:
        as_public_key(public_key)
    row = work.session.scalars(
        select(EnrolmentCode).where(EnrolmentCode.code_hash == _code_hash(work, code)).with_for_update()
    ).one_or_none()
    if row is None or row.expires_at <= work.at:
        raise Problem("enrolment_code_invalid")
    key = _mac(work, "tablet-key", f"{_spelled(code)}\0{install_id}").hex()
    if row.used_at is not None:
        return _enrolled_already(work, row, install_id, key, public_key)
    tablet = Tablet(
        id=new_id(),
        name=row.tablet_name,
        install_id=install_id,
        key_hash=_key_hash(key),
        public_key=public_key,
        schema_version=schema_version,
        enrolled_at=work.at,
    )
    _look_for_the_one_before(work, tablet.name)
    work.session.add(tablet)
    journal.changed(work, tablet, "tablet.enrol")
    row.used_at, row.tablet_id = work.at, tablet.id
    work.session.flush()
    return Enrolled(tablet.id, key, tablet.name)


def _look_for_the_one_before(work: Work, name: str) -> None:
    """A name that is enrolled anew is a tablet that was set up afresh: what was in its outbox may be gone."""
    same = select(Tablet).where(Tablet.name == name, Tablet.revoked_at.is_(None)).order_by(Tablet.id)
    for tablet in work.session.scalars(same.with_for_update()).all():
        incidents.forgotten(work, tablet, incidents.REINSTALLED)


def _enrolled_already(work: Work, row: EnrolmentCode, install_id: str, key: str, public_key: str | None) -> Enrolled:
    tablet = work.session.get(Tablet, row.tablet_id)
    if tablet is None or tablet.install_id != install_id or tablet.revoked_at is not None:
        raise Problem("enrolment_code_invalid")
    if tablet.public_key != public_key:
        # Whoever saw the code over a shoulder cannot put their own key in the place of the tablet's.
        raise Problem("enrolment_code_invalid")
    return Enrolled(tablet.id, key, tablet.name)


def as_public_key(text: str) -> bytes:
    """The 32 bytes of an Ed25519 public key in base64url, padded or not; or Problem(`invalid`)."""
    try:
        key = b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (NotBase64, ValueError):
        key = b""
    if len(key) != PUBLIC_KEY_BYTES:
        raise Problem("invalid", "A public key is 32 bytes of Ed25519, in base64url.", field="public_key")
    return key


def check_key(work: Work, tablet_id: UUID, key: str) -> Tablet:
    """The tablet that knows this key; Problem(`wrong_credentials`, `tablet_revoked`)."""
    tablet = work.session.get(Tablet, tablet_id, with_for_update=True)
    if tablet is None or not hmac.compare_digest(tablet.key_hash, _key_hash(key)):
        raise Problem("wrong_credentials", "This tablet is not enrolled here, or its key is wrong.")
    if tablet.revoked_at is not None:
        raise Problem("tablet_revoked")
    return tablet


def heard(
    work: Work,
    *,
    beacon: Mapping[str, Any] | None = None,
    clock: Said | None = None,
    schema_version: int | None = None,
    sent_work: bool = False,
) -> None:
    """The tablet of this session has just spoken; `beacon` is what it says of its own outbox, `clock` of its clocks.

    No version, no audit: it is a sign of life, not an edit.
    """
    said: dict[str, Any] = {"last_seen_at": work.at}
    if sent_work:
        # Whose work it carries; who only looked is not the one who has it.
        said["staff_id"] = work.actor.staff_id
    if schema_version is not None:
        said["schema_version"] = schema_version
    if clock is not None:
        said["clock_skew_s"] = skew_s(clock, work.at)
    if beacon is not None:
        tablet = work.session.get_one(Tablet, work.actor.tablet_id)
        if tablet.beacon != dict(beacon) and not _is_late(tablet.beacon_clock, clock):
            incidents.look(work, tablet, beacon)
            said["beacon"] = dict(beacon)
            said["beacon_clock"] = {"boot_id": clock.boot_id, "mono_s": clock.mono_s} if clock else None
    work.session.execute(update(Tablet).where(Tablet.id == work.actor.tablet_id).values(said))


def _is_late(heard_then: Mapping[str, Any] | None, clock: Said | None) -> bool:
    """Whether this was sent before what was heard last: a request may be long on its way, and overtaken by a retry."""
    if heard_then is None or clock is None or heard_then["boot_id"] != clock.boot_id:
        return False
    return clock.mono_s < float(heard_then["mono_s"])


def ring(work: Work) -> None:
    """Wakes the streams of the acting technician, although none of their rows has changed."""
    require(work.actor, Action.SYNC_TABLET)
    if work.actor.tablet_id is None or work.actor.staff_id is None:
        raise Problem("tablet_required")
    bucket = scope.technician_bucket(work.actor.staff_id)
    journal.record(work, [(bucket, "tablet", work.actor.tablet_id, journal.NOTICE, 0)])


def measure(work: Work, clock: Said) -> None:
    """Notes what this exchange tells of the run that the tablet is in, for dating what was noted in it."""
    assert work.actor.tablet_id is not None
    row = work.session.get(TabletBoot, (work.actor.tablet_id, clock.boot_id))
    known = Boot(row.zero_at, row.uncertainty_s, row.measured_at) if row is not None else None
    found = measured(clock, work.at, known)
    if found == known:
        return
    dialect = sqlite if work.session.get_bind().dialect.name == "sqlite" else postgresql
    values = {"zero_at": found.zero_at, "uncertainty_s": found.uncertainty_s, "measured_at": found.measured_at}
    made = dialect.insert(TabletBoot).values(tablet_id=work.actor.tablet_id, boot_id=clock.boot_id, **values)
    # Two requests of one tablet may meet here; either measurement is good.
    work.session.execute(made.on_conflict_do_update(index_elements=["tablet_id", "boot_id"], set_=values))


def send_again(work: Work, rows: Sequence[tuple[str, UUID]], buckets: Collection[str]) -> None:
    """Puts rows of these buckets once more, unaltered: the acting technician's tablet made something else of them."""
    require(work.actor, Action.SYNC_TABLET)
    held = scope.versions_of(work, buckets, rows)
    changes = [(bucket, *key, journal.PUT, version) for bucket, key, version in held]
    journal.record(work, changes, [version for _, _, version in held])


def rename(work: Work, tablet_id: UUID, name: str, *, if_version: int | None = None) -> Tablet:
    """Gives the tablet another name."""
    require(work.actor, Action.MANAGE_TABLETS)
    tablet = get(work, Tablet, tablet_id)
    check_version(tablet, if_version)
    if tablet.name != name:
        tablet.name = name
        journal.changed(work, tablet, "tablet.rename")
    return tablet


def revoke(work: Work, tablet_id: UUID, *, if_version: int | None = None) -> Tablet:
    """Blocks a lost tablet for good: its sessions end, its key is worth nothing."""
    require(work.actor, Action.MANAGE_TABLETS)
    tablet = get(work, Tablet, tablet_id)
    check_version(tablet, if_version)
    if tablet.revoked_at is None:
        tablet.revoked_at = work.at
        journal.changed(work, tablet, "tablet.revoke")
        scope.notice(work, [tablet.id])
        work.session.execute(
            update(RefreshToken)
            .where(RefreshToken.tablet_id == tablet.id, RefreshToken.revoked_at.is_(None))
            .values(revoked_at=work.at)
        )
    return tablet


def _spelled(code: str) -> str:
    return code.strip().replace("-", "").replace(" ", "").upper()


def _code_hash(work: Work, code: str) -> bytes:
    # Keyed: eight characters could be searched through in a stolen database.
    return _mac(work, "enrolment-code", _spelled(code))


def _key_hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _mac(work: Work, purpose: str, text: str) -> bytes:
    return hmac.new(work.settings.secret_key.encode(), f"{purpose}\0{text}".encode(), hashlib.sha256).digest()
