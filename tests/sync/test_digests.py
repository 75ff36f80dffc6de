"""Digests: what is summed up from what is kept equals what is computed from the rows, whatever was done to them."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from curbstop.domain.problems import Problem
from curbstop.domain.row_checks import row_check
from curbstop.models import BucketRow
from curbstop.models.engine import Sessions
from sync import digest, repair, rows
from sync.codes import code_rows
from sync.digest import Sum
from tests.sync.model_tablet import ModelTablet
from tests.sync.test_replay import COMMANDS
from tests.town import Town

CHECKS = st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1)), max_size=20)


def recomputed(sessions: Sessions) -> dict[str, Sum]:
    """The sums of all buckets from the images that tablets are sent, not from what the buckets keep."""
    sums: dict[str, Sum] = {"ref": Sum().plus(_check("code", row["id"], row["version"]) for row in code_rows())}
    with sessions.read() as session:
        for bucket, kind, row_id in session.execute(
            select(BucketRow.bucket, BucketRow.entity_type, BucketRow.entity_id)
        ):
            version, _ = rows.images(session, kind, [row_id])[row_id]
            sums[bucket] = sums.get(bucket, Sum()).plus([_check(kind, str(row_id), version)])
    return sums


def _check(kind: str, row_id: str, version: int) -> tuple[int, int]:
    return row_check(kind, UUID(row_id), version)


def kept(sessions: Sessions) -> dict[str, Sum]:
    with sessions.read() as session:
        return digest.of_buckets(session, ["ref", *session.scalars(select(BucketRow.bucket).distinct())])


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_kept_equals_what_is_recomputed_after_any_command(town: Town, name: str) -> None:
    """Clause 8.2, I14."""
    place = town.place()
    order = town.order("GEN", place, to="tom")
    ModelTablet(town, "tom").pull()
    assert kept(town.sessions) == recomputed(town.sessions)
    COMMANDS[name]((town, place, order))
    ModelTablet(town, "tom").pull()
    ModelTablet(town, "tess").pull()
    assert kept(town.sessions) == recomputed(town.sessions)


def test_the_sixteen_parts_of_a_range_add_up_to_it(town: Town) -> None:
    """Clause 8.4."""
    town.route([town.place() for _ in range(30)], to="tom")
    with town.sessions.read() as session:
        [bucket] = session.scalars(select(BucketRow.bucket).where(BucketRow.entity_type == "stop").distinct())
        for one in (bucket, "ref"):
            whole = digest.of_buckets(session, [one])[one]
            parts = digest.of_ranges(session, one, [""], [])
            assert len(parts) == 16
            assert _added(list(parts.values())) == whole
            narrower = digest.of_ranges(session, one, sorted(parts), [])
            assert len(narrower) == 256
            assert _added(list(narrower.values())) == whole
            for tail, part in parts.items():
                assert _added([sums for name, sums in narrower.items() if name.endswith(tail)]) == part


@pytest.mark.parametrize("length", [1, 12, 13, 20, 31])
def test_a_range_of_any_length_holds_the_rows_that_end_in_its_digits(town: Town, length: int) -> None:
    """Clause 8.4."""
    town.route([town.place() for _ in range(5)], to="tom")
    with town.sessions.read() as session:
        [bucket] = session.scalars(select(BucketRow.bucket).where(BucketRow.entity_type == "stop").distinct())
        ids = list(session.scalars(select(BucketRow.entity_id).where(BucketRow.bucket == bucket)))
        tail = ids[0].hex[-length:]
        there = {row_id for row_id in ids if row_id.hex.endswith(tail)}
        assert {row_id for _, row_id in digest.versions_in(session, bucket, [tail], 100)} == there
        assert sum(part.count for part in digest.of_ranges(session, bucket, [tail], []).values()) == len(there)


def test_ranges_of_more_than_three_lengths_are_refused(town: Town) -> None:
    """Clause 8.4."""
    asked: dict[str, Any] = {"cursor": "", "bucket": "ref", "ranges": ["", "a", "ab", "abc"]}
    with town.sessions.read() as session:
        with pytest.raises(Problem) as refused:
            repair.compare(session, town.actor("tom"), town.settings, **asked)
        assert (refused.value.code, refused.value.status) == ("invalid", 422)
        with pytest.raises(Problem) as refused:
            repair.repair(session, town.actor("tom"), town.settings, **asked, have=[])
        assert (refused.value.code, refused.value.status) == ("invalid", 422)


def test_rows_left_out_are_in_no_range(town: Town) -> None:
    """Clause 8.5."""
    stops = town.route([town.place() for _ in range(5)], to="tom")
    with town.sessions.read() as session:
        [bucket] = session.scalars(select(BucketRow.bucket).where(BucketRow.entity_type == "stop").distinct())
        whole = digest.of_buckets(session, [bucket])[bucket]
        without = digest.of_ranges(session, bucket, [""], [("stop", stops[0]), ("stop", UUID(int=0))])
    assert _added(list(without.values())) == whole.plus([row_check("stop", stops[0], 1)], -1)


def _added(sums: list[Sum]) -> Sum:
    first, second, third, fourth = (sum(one.lanes[lane] for one in sums) % 2**32 for lane in range(4))
    return Sum(sum(one.count for one in sums), (first, second, third, fourth))


@given(CHECKS, CHECKS)
def test_a_sum_does_not_know_the_order_and_takes_back_what_it_was_given(
    some: list[tuple[int, int]], others: list[tuple[int, int]]
) -> None:
    """Clause 8.2: it can be kept by adding and subtracting."""
    assert Sum().plus(some + others) == Sum().plus(reversed(some + others))
    assert Sum().plus(some).plus(others).plus(others, -1) == Sum().plus(some)
    assert -(2**31) <= Sum().plus(some).op_sum < 2**31
    assert Sum().plus(some).op_sum % 2**32 == int(Sum().plus(some).digest[:8], 16)


def test_a_code_that_a_release_words_anew_changes_the_digest(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clause 8.2: the code tables are in no change log, so this is how tablets hear of it."""
    from sync import codes

    before = kept(town.sessions)["ref"]
    code = code_rows()[0]
    worded = codes._row(code["body"]["table"], {"code": code["body"]["code"], "label": "Worded anew"})
    assert worded["id"] == code["id"]
    assert worded["version"] != code["version"]
    after = before.plus([_check("code", code["id"], code["version"])], -1).plus(
        [_check("code", worded["id"], worded["version"])]
    )
    assert after.count == before.count
    assert after.digest != before.digest
