"""The pull cursor, and the marks by which a broken pull goes on: opaque to the tablet, signed, tied to one history.

A cursor says what a tablet has applied. A mark says how far it has staged one bucket of a pull that is not complete:
a row of a lower key is of the moment that the mark gives for it, the others are still to come.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from curbstop.domain.problems import Problem

_SALT = "curbstop.pull-cursor"
_MARK_SALT = "curbstop.pull-mark"
# A pull that breaks more often than this has the moments of its oldest stretches taken together.
MOST_STRETCHES = 16
# Sorts behind every entity type.
_LAST_TYPE = "~"

Key = tuple[str, UUID]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a tablet is: everything up to `seq` of these buckets, in this history."""

    history_id: UUID
    seq: int
    buckets: frozenset[str]
    tablet_id: UUID | None

    def encode(self, secret_key: str) -> str:
        members = {
            "v": 1,
            "h": self.history_id.hex,
            "s": self.seq,
            "b": sorted(self.buckets),
            "t": self.tablet_id.hex if self.tablet_id else None,
        }
        return str(URLSafeSerializer(secret_key, salt=_SALT).dumps(members))


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one bucket is staged.

    `base`: the seq of the cursor that the pull began from, None when the bucket comes whole. `stretches`: (upto, seq),
    by key: rows after the stretch before and up to `upto` are staged as they were at `seq`.
    """

    history_id: UUID
    tablet_id: UUID | None
    bucket: str
    base: int | None
    stretches: tuple[tuple[Key, int], ...] = ()

    def reached(self, key: Key, seq: int) -> "Mark":
        """The mark after everything up to `key` was sent as of `seq`."""
        rest = [stretch for stretch in self.stretches if stretch[0] > key]
        if len(rest) >= MOST_STRETCHES:
            # Taken as of the older moment, some changes come twice, and none is missing.
            (_, first), (upto, second) = rest[:2]
            rest[:2] = [(upto, min(first, second))]
        return replace(self, stretches=((key, seq), *rest))

    def encode(self, secret_key: str) -> str:
        members = {
            "v": 1,
            "h": self.history_id.hex,
            "t": self.tablet_id.hex if self.tablet_id else None,
            "b": self.bucket,
            "s": self.base,
            "k": [[entity_type, entity_id.hex, seq] for (entity_type, entity_id), seq in self.stretches],
        }
        return str(URLSafeSerializer(secret_key, salt=_MARK_SALT).dumps(members))


def after_snapshot(history_id: UUID, tablet_id: UUID | None, bucket: str, seq: int) -> Mark:
    """The mark of a tablet that has staged a whole bucket as of `seq`: no key comes after this one."""
    return Mark(history_id, tablet_id, bucket, None, (((_LAST_TYPE, UUID(int=2**128 - 1)), seq),))


def read(text: str, secret_key: str) -> Cursor:
    """The cursor as it stands, or Problem(`invalid_cursor`): it is not ours."""
    try:
        members = URLSafeSerializer(secret_key, salt=_SALT).loads(text)
        return Cursor(
            history_id=UUID(members["h"]),
            seq=int(members["s"]),
            buckets=frozenset(members["b"]),
            tablet_id=_tablet(members),
        )
    except (BadData, KeyError, TypeError, ValueError):
        raise Problem("invalid_cursor", "The pull cursor is not one of this server's; pull without one.") from None


def decode(text: str, secret_key: str, *, history_id: UUID, tablet_id: UUID | None, newest: int) -> Cursor:
    """The cursor, or Problem: invalid_cursor (not ours, another tablet's), history_changed (another history's)."""
    cursor = read(text, secret_key)
    if cursor.tablet_id != tablet_id:
        raise Problem("invalid_cursor", "The pull cursor is another tablet's; pull without one.")
    if cursor.history_id != history_id or cursor.seq > newest:
        raise Problem("history_changed")
    return cursor


def decode_marks(
    texts: Iterable[str], secret_key: str, *, history_id: UUID, tablet_id: UUID | None, newest: int, base: int | None
) -> dict[str, Mark]:
    """The marks by bucket; `base` is the seq of the cursor that came along. Problems as for a cursor."""
    marks = {}
    for text in texts:
        try:
            members = URLSafeSerializer(secret_key, salt=_MARK_SALT).loads(text)
            stretches = tuple(((str(kind), UUID(row_id)), int(seq)) for kind, row_id, seq in members["k"])
            mark = Mark(UUID(members["h"]), _tablet(members), str(members["b"]), members["s"], stretches)
        except (BadData, KeyError, TypeError, ValueError):
            raise Problem("invalid_cursor", "A mark to resume from is not one of this server's.") from None
        if mark.tablet_id != tablet_id or mark.base not in (None, base):
            raise Problem("invalid_cursor", "A mark to resume from is not of this tablet's present cursor.")
        if mark.history_id != history_id or any(seq > newest for _, seq in stretches):
            raise Problem("history_changed")
        marks[mark.bucket] = mark
    return marks


def _tablet(members: dict[str, Any]) -> UUID | None:
    return UUID(members["t"]) if members["t"] else None
