"""What tablet and server compare: the sum of a bucket's row checks, whole or by ranges of ids.

Each row in a bucket carries the checksum of its key and version (`bucket_row.check_hi`, `check_lo`); a digest is their
sum in four lanes of 32 bits, computed when it is asked for. Nothing is kept as a total, so nothing can drift and no
two writers meet in one hot row.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.orm import Session

from curbstop.commands.scope import REFERENCE
from curbstop.domain.row_checks import digest_text, lanes_of, row_check
from curbstop.models.change_log import BucketRow
from sync.codes import code_rows

Key = tuple[str, UUID]
Lanes = tuple[int, int, int, int]
NOTHING: Final[Lanes] = (0, 0, 0, 0)
_SPAN = 2**32
_WORDS = {
    # As signed 32-bit numbers: PostgreSQL adds those up in plain 64-bit integers, wider ones in arbitrary precision.
    "postgresql": (
        "CAST(check_hi >> 32 AS int)",
        "CAST(check_hi << 32 >> 32 AS int)",
        "CAST(check_lo >> 32 AS int)",
        "CAST(check_lo << 32 >> 32 AS int)",
    ),
    # SQLite interprets every operator, so the fewest win.
    "sqlite": ("check_hi >> 32", "check_hi & 4294967295", "check_lo >> 32", "check_lo & 4294967295"),
}


@dataclass(frozen=True, slots=True)
class Sum:
    """How many rows, and the lane sums of their checks, each modulo 2**32."""

    count: int = 0
    lanes: Lanes = NOTHING

    @property
    def digest(self) -> str:
        """32 hexadecimal digits."""
        return digest_text(self.lanes)

    @property
    def op_sum(self) -> int:
        """The first lane as a signed 32-bit number, as PowerSync's clients sum up their rows."""
        return self.lanes[0] - _SPAN if self.lanes[0] >= _SPAN // 2 else self.lanes[0]

    def plus(self, checks: Iterable[tuple[int, int]], sign: int = 1) -> "Sum":
        """With these checks added, or taken away."""
        count, lanes = self.count, self.lanes
        for check in checks:
            count += sign
            lanes = _wrapped(lane + sign * word for lane, word in zip(lanes, lanes_of(check), strict=True))
        return Sum(count, lanes)


def of_buckets(session: Session, buckets: Collection[str]) -> dict[str, Sum]:
    """The sums of these buckets at the session's moment: one statement for all of them."""
    found = session.execute(
        select(BucketRow.bucket, func.count(), *_lanes(session))
        .where(BucketRow.bucket.in_(buckets))
        .group_by(BucketRow.bucket)
    )
    sums = {bucket: Sum() for bucket in buckets} | {bucket: _sum(numbers) for bucket, *numbers in found}
    if REFERENCE in sums:
        sums[REFERENCE] = sums[REFERENCE].plus(_code_checks().values())
    return sums


def of_codes() -> Sum:
    """The code tables' part of the reference bucket."""
    return Sum().plus(_code_checks().values())


def of_ranges(session: Session, bucket: str, tails: Collection[str], besides: Collection[Key]) -> dict[str, Sum]:
    """The sums of the sixteen parts of each range, without the rows of `besides`.

    A range is all ids that end in certain hexadecimal digits, and its parts have one digit more: ids of version 7
    begin with their time, so that those of one route begin alike, while their ends are as good as drawn.
    """
    sums = {digit + tail: Sum() for tail in tails for digit in "0123456789abcdef"}
    for length in {len(tail) for tail in tails}:
        part = _tail(session, length + 1)
        statement = select(part, func.count(), *_lanes(session)).where(BucketRow.bucket == bucket).group_by(part)
        if length:
            statement = statement.where(_tail(session, length).in_([tail for tail in tails if len(tail) == length]))
        sums |= {name: _sum(numbers) for name, *numbers in session.execute(statement)}
    lengths = {len(name) for name in sums}
    for (_, entity_id), check in _checks(session, bucket, besides).items():
        _add(sums, lengths, entity_id, check, -1)
    if bucket == REFERENCE:
        for (_, entity_id), check in _code_checks().items():
            _add(sums, lengths, entity_id, check, 1)
    return sums


def versions_in(session: Session, bucket: str, tails: Collection[str], most: int) -> dict[Key, int]:
    """The versions of the rows of these ranges as tablets are to have them: at most `most` and one more."""
    held: dict[Key, int] = {}
    for length in {len(tail) for tail in tails}:
        mine = [tail for tail in tails if len(tail) == length]
        statement = select(BucketRow.entity_type, BucketRow.entity_id, BucketRow.row_version).where(
            BucketRow.bucket == bucket
        )
        if length:
            statement = statement.where(_tail(session, length).in_(mine))
        held |= {(kind, row_id): version for kind, row_id, version in session.execute(statement.limit(most + 1))}
    if bucket == REFERENCE:
        codes = {("code", UUID(row["id"])): int(row["version"]) for row in code_rows()}
        held |= {key: version for key, version in codes.items() if key[1].hex.endswith(tuple(tails))}
    return held


def checkpoint_lines(session: Session, buckets: Sequence[str]) -> list[dict[str, Any]]:
    """The members of a checkpoint's `buckets`."""
    sums = of_buckets(session, buckets)
    return [{"id": bucket, "count": sums[bucket].count, "digest": sums[bucket].digest} for bucket in buckets]


def _lanes(session: Session) -> list[ColumnElement[int]]:
    return [func.sum(literal_column(word)) for word in _WORDS[session.get_bind().dialect.name]]


def _sum(numbers: Sequence[Any]) -> Sum:
    count, *lanes = (int(number) for number in numbers)
    return Sum(count, _wrapped(lanes))


def _wrapped(lanes: Iterable[int]) -> Lanes:
    first, second, third, fourth = (lane % _SPAN for lane in lanes)
    return first, second, third, fourth


def _add(sums: dict[str, Sum], lengths: Collection[int], entity_id: UUID, check: tuple[int, int], sign: int) -> None:
    for length in lengths:
        name = entity_id.hex[-length:]
        if name in sums:
            sums[name] = sums[name].plus([check], sign)


def _tail(session: Session, length: int) -> ColumnElement[str]:
    """The last digits of a row's id."""
    if session.get_bind().dialect.name == "sqlite":
        return literal_column(f"substr(bucket_row.entity_id, -{length})")
    return literal_column(f"right(replace(bucket_row.entity_id::text, '-', ''), {length})")


def _checks(session: Session, bucket: str, keys: Collection[Key]) -> dict[Key, tuple[int, int]]:
    """What the bucket sums up for those of the rows that it holds."""
    if not keys:
        return {}
    statement = select(BucketRow.entity_type, BucketRow.entity_id, BucketRow.check_hi, BucketRow.check_lo)
    here = (BucketRow.bucket == bucket, BucketRow.entity_id.in_({entity_id for _, entity_id in keys}))
    found = session.execute(statement.where(*here))
    return {(kind, row_id): (hi, lo) for kind, row_id, hi, lo in found if (kind, row_id) in keys}


@cache
def _code_checks() -> Mapping[Key, tuple[int, int]]:
    """The code tables are rows of the reference bucket that are in no table."""
    return {("code", UUID(row["id"])): row_check("code", UUID(row["id"]), int(row["version"])) for row in code_rows()}
