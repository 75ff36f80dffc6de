"""What buckets hold of a row is kept with every write: its version and its check."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from curbstop.commands import service_points
from curbstop.domain.row_checks import digest_text, lanes_of, row_check
from curbstop.models import BucketRow, ServiceOrder, ServicePoint, Stop
from tests.town import Town

ENTITIES = {"service_order": ServiceOrder, "service_point": ServicePoint, "stop": Stop}


def test_every_write_to_a_held_row_is_kept_in_the_buckets_that_hold_it(town: Town) -> None:
    """I14: what is kept with each write equals what is computed from the rows."""
    places = [town.place(), town.place(), town.place()]
    town.route(places, to="tom")
    town.assign(town.order("READ_RE", places[0]), to="tom")
    with town.work("carla") as work:
        service_points.edit(work, places[0].id, {"access_notes": "behind the shed"}, if_version=None)
        service_points.touch(work, [place.id for place in places])
    held = [row for row in town.all(select(BucketRow)) if row.entity_type in ENTITIES]
    assert {row.entity_type for row in held} >= {"service_point", "stop"}
    versions = {(name, row.id): row.version for name, model in ENTITIES.items() for row in town.all(select(model))}
    for row in held:
        assert row.row_version == versions[row.entity_type, row.entity_id]
        assert (row.check_hi, row.check_lo) == row_check(row.entity_type, row.entity_id, row.row_version)


@given(st.text(min_size=1, max_size=20), st.integers(0, 2**31 - 1))
def test_lanes_are_the_check_in_four_words(entity_type: str, version: int) -> None:
    """I14: the digest of one row is its check."""
    check = row_check(entity_type, uuid4(), version)
    hi, lo = (part % 2**64 for part in check)
    assert digest_text(lanes_of(check)) == f"{hi:016x}{lo:016x}"
