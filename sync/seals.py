"""Seals: what a tablet signed when the op was noted, and whose work that makes it.

A tablet that enrolled with a public key must seal every op. The seal says two things that no access token can say
later: that this tablet noted exactly these bytes, and who was holding it (`by`). So work keeps its doer, whoever is
signed in when it arrives, whichever token is used, and also when a supervisor brings it in on a memory stick.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.commands.tablets import as_public_key
from curbstop.models.tablet import Tablet, TabletPerson
from sync import ops as reading
from sync.ops import Received

INVALID, UNKNOWN_DOER, REVOKED = "signature_invalid", "doer_unknown", "tablet_revoked"


@dataclass(frozen=True, slots=True)
class Holder:
    """What is known of the tablet that ops are said to come from."""

    tablet_id: UUID
    public_key: bytes | None
    people: frozenset[UUID]
    revoked: bool


def holder_of(session: Session, tablet_id: UUID, *present: UUID | None) -> Holder:
    """The tablet's key and everybody who has signed in on it; `present` is who is signed in on it now."""
    tablet = session.execute(select(Tablet.public_key, Tablet.revoked_at).where(Tablet.id == tablet_id)).one()
    people = set(session.scalars(select(TabletPerson.staff_id).where(TabletPerson.tablet_id == tablet_id)))
    key = as_public_key(tablet.public_key) if tablet.public_key is not None else None
    return Holder(tablet_id, key, frozenset(people | {who for who in present if who}), tablet.revoked_at is not None)


def receive_all(holder: Holder, values: Sequence[Any]) -> list[Received]:
    """Ops as they came, each with its doer or with the reason why it will not be carried out."""
    key = Ed25519PublicKey.from_public_bytes(holder.public_key) if holder.public_key is not None else None
    return [_judged(holder, key, reading.receive(value)) for value in values]


def _judged(holder: Holder, key: Ed25519PublicKey | None, op: Received) -> Received:
    if key is None:
        # A tablet of before the keys: its word is as good as its session, and `by` is nobody's word at all. A seal
        # that cannot be checked is neither right nor wrong.
        return _blocked(op) if holder.revoked else op
    if op.signature is None:
        return forged(op, "This tablet seals its ops, and this one has no seal.")
    if not _fits(key, op):
        return forged(op, "The seal is not this tablet's, or the op was altered after it was sealed.")
    by = reading.as_uuid(op.member("by", str))
    if by is not None and by not in holder.people:
        # The tablet vouches for somebody who never signed in on it. It is nobody else's work either, least of all
        # that of whoever happens to send it; so it is kept for the office, and attributed to nobody new.
        return replace(op, refusal=(UNKNOWN_DOER, "Whoever it names as its doer never signed in on this tablet."))
    op = replace(op, staff_id=by)
    return _blocked(op) if holder.revoked else op


def _blocked(op: Received) -> Received:
    return replace(op, refusal=(REVOKED, "The tablet was blocked; what it sent is kept for the office to look at."))


def forged(op: Received, why: str) -> Received:
    """It is kept, but not under the id that it names: the op that has a right to that id may be still to come."""
    kept_as = reading.nameless_id(hashlib.sha256(op.sha256 + (op.signature or b"")).digest())
    return replace(op, op_id=kept_as, said_id=op.op_id, refusal=(INVALID, why))


def _fits(key: Ed25519PublicKey, op: Received) -> bool:
    try:
        key.verify(op.signature or b"", op.raw)
    except InvalidSignature:
        return False
    return True
