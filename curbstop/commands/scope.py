"""Which rows each bucket holds. A bucket is what a tablet subscribes to: a technician's day, a route, the code tables.

A row is in a bucket while something holds it there; the first hold puts it, the last release makes it leave. A
service order holds its service point, so the place travels with the work and goes with it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from sqlalchemy import Select, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from curbstop.commands import journal
from curbstop.commands.work import Work
from curbstop.domain.row_checks import check_columns
from curbstop.models.change_log import BucketRow
from curbstop.models.route import Stop
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint

REFERENCE = "ref"
# No tablet pulls it. Its change rows tell listening tablets that what they may hear of has to be looked up again.
LIVE = "live"
# Of more rows than this the whole bucket is read: they are most of it, and a statement has at most 65,535 parameters.
FEW = 5_000


def technician_bucket(staff_id: UUID) -> str:
    """The bucket of a technician's assigned orders and their service points."""
    return f"tech:{staff_id}"


def route_bucket(route_version_id: UUID) -> str:
    """The bucket of a route version's stops and their service points."""
    return f"route:{route_version_id}"


def enter(work: Work, bucket: str, rows: Iterable[tuple[str, UUID, int]]) -> None:
    """Each of `rows` (entity type, id, row version) is held in the bucket once more.

    All of them are put, also those that were there: the tablet then has the image of this very moment.
    """
    wanted = list(rows)
    if not wanted:
        return
    counts = Counter((entity_type, entity_id) for entity_type, entity_id, _ in wanted)
    versions = {(entity_type, entity_id): version for entity_type, entity_id, version in wanted}
    dialect = sqlite if work.session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(BucketRow)
    # One multi-row upsert; a key may stand only once in it, hence the counting.
    statement = statement.on_conflict_do_update(
        index_elements=["bucket", "entity_type", "entity_id"],
        set_={
            "holds": BucketRow.holds + statement.excluded.holds,
            "was_version": BucketRow.row_version,
            **{name: statement.excluded[name] for name in ("row_version", "check_hi", "check_lo")},
        },
    )
    values = [
        {
            "bucket": bucket,
            "entity_type": key[0],
            "entity_id": key[1],
            "holds": counts[key],
            "was_version": 0,
            **check_columns(*key, version),
        }
        for key, version in versions.items()
    ]
    work.session.execute(statement, values)
    was = _was_of(work, bucket, list(versions))
    changes = [(bucket, *key, journal.PUT, version) for key, version in versions.items()]
    journal.record(work, changes, [was[key] for key in versions])


def _was_of(work: Work, bucket: str, keys: Sequence[tuple[str, UUID]]) -> dict[tuple[str, UUID], int]:
    """The versions that the bucket held before the last write of these rows; 0 where it held none."""
    here = [BucketRow.bucket == bucket]
    if len(keys) <= FEW:
        here.append(BucketRow.entity_id.in_({entity_id for _, entity_id in keys}))
    found = work.session.execute(select(BucketRow.entity_type, BucketRow.entity_id, BucketRow.was_version).where(*here))
    return {(entity_type, entity_id): was for entity_type, entity_id, was in found}


def holds(work: Work, bucket: str, entity_type: str, entity_id: UUID) -> bool:
    """Whether the bucket holds the row."""
    here = (BucketRow.bucket == bucket, BucketRow.entity_type == entity_type, BucketRow.entity_id == entity_id)
    return work.session.scalar(select(BucketRow.holds).where(*here)) is not None


def held_of(work: Work, bucket: str, entity_type: str, ids: Sequence[UUID]) -> set[UUID]:
    """Which of the rows the bucket holds."""
    here = (BucketRow.bucket == bucket, BucketRow.entity_type == entity_type, BucketRow.entity_id.in_(ids))
    return set(work.session.scalars(select(BucketRow.entity_id).where(*here)))


def held_anywhere(entity_type: str) -> Select[UUID]:
    """The ids of a type's rows that some bucket holds, as a statement."""
    return select(BucketRow.entity_id).where(BucketRow.entity_type == entity_type)


def versions_of(
    work: Work, buckets: Collection[str], keys: Sequence[tuple[str, UUID]]
) -> list[tuple[str, tuple[str, UUID], int]]:
    """Which of the buckets hold which of the rows, in which version."""
    wanted = set(keys)
    here = (BucketRow.bucket.in_(buckets), BucketRow.entity_id.in_({entity_id for _, entity_id in wanted}))
    found = work.session.execute(
        select(BucketRow.bucket, BucketRow.entity_type, BucketRow.entity_id, BucketRow.row_version)
        .where(*here)
        .order_by(BucketRow.entity_id, BucketRow.bucket)
        .with_for_update()
    )
    return [(bucket, (kind, row_id), version) for bucket, kind, row_id, version in found if (kind, row_id) in wanted]


def leave(work: Work, bucket: str, rows: Iterable[tuple[str, UUID, int]]) -> None:
    """One hold less for each of `rows`; what nothing holds any more leaves the bucket."""
    going = list(rows)
    versions = {(entity_type, entity_id): version for entity_type, entity_id, version in going}
    # Two orders at one place that go together are two holds less.
    counts = Counter((entity_type, entity_id) for entity_type, entity_id, _ in going)
    gone: list[tuple[str, str, UUID, str, int]] = []
    was: list[int] = []
    for entity_type in {key[0] for key in versions}:
        ids = [entity_id for kind, entity_id in versions if kind == entity_type]
        here = (BucketRow.bucket == bucket, BucketRow.entity_type == entity_type, BucketRow.entity_id.in_(ids))
        for less in sorted({counts[entity_type, row_id] for row_id in ids}):
            those = BucketRow.entity_id.in_([row_id for row_id in ids if counts[entity_type, row_id] == less])
            work.session.execute(update(BucketRow).where(*here, those).values(holds=BucketRow.holds - less))
        let_go = select(BucketRow.entity_id, BucketRow.row_version).where(*here, BucketRow.holds <= 0)
        done = dict(work.session.execute(let_go).all())
        if done:
            work.session.execute(
                delete(BucketRow).where(
                    BucketRow.bucket == bucket,
                    BucketRow.entity_type == entity_type,
                    BucketRow.entity_id.in_(done),
                )
            )
        gone += [(bucket, entity_type, row_id, journal.LEAVE, versions[entity_type, row_id]) for row_id in done]
        was += done.values()
    journal.record(work, gone, was)


def tell_drifted(work: Work) -> int:
    """Tells the buckets of rows that were written past the commands, by raw SQL: how many. For the clock.

    Commands keep a bucket's version of a row in the transaction that raises it. Whoever did not do so is found by
    comparing the two; the tablets then hear of the row as of any other.
    """
    count = 0
    for model in (ServiceOrder, ServicePoint, Stop):
        name = model.__tablename__
        statement = (
            select(model.id, model.version)
            .join(BucketRow, (BucketRow.entity_id == model.id) & (BucketRow.entity_type == name))
            .where(BucketRow.row_version != model.version)
            .distinct()
            .limit(1_000)
        )
        drifted = [(row_id, version) for row_id, version in work.session.execute(statement)]
        journal.tell_buckets(work, name, drifted)
        count += len(drifted)
    return count


def notice(work: Work, ids: Iterable[UUID]) -> None:
    """Listening tablets of these people, or these tablets, are told where they stand: other buckets, or none."""
    journal.record(work, [(LIVE, "listener", one, journal.NOTICE, 0) for one in ids])
