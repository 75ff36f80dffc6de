"""A pull cut at any byte goes on from what is staged and ends in the same state, while the office edits meanwhile."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from curbstop.commands import dispatch, leases, routes, service_points
from curbstop.domain.problems import Problem
from curbstop.models import RouteSession
from curbstop.tablet import Offline, Store, pulling
from sync import pull
from sync.cursor import Key, Mark
from tests.sync.model_tablet import ModelTablet
from tests.town import Place, Town

SMALL = 4  # rows in a line, so that a small town has many lines
Held = dict[str, dict[tuple[str, str], tuple[int, Any]]]


@contextmanager
def small_lines() -> Iterator[None]:
    batch, keys = pull.BATCH, pull.KEYS_AT_ONCE
    pull.BATCH, pull.KEYS_AT_ONCE = SMALL, SMALL * 2
    try:
        yield
    finally:
        pull.BATCH, pull.KEYS_AT_ONCE = batch, keys


class CutTablet:
    """The reference tablet's own store, behind a network that may end after any byte."""

    def __init__(self, town: Town, who: str = "tom") -> None:
        self.town, self.who = town, who
        self.store = Store(":memory:")
        self.tablet_id = town.tablet(who)
        self.sent: Counter[tuple[str, str, str, int]] = Counter()

    def pull(self, share: float | None = None) -> bool:
        """One request, cut after so large a share of its bytes; whether it was taken over."""
        with self.town.work(self.who, self.tablet_id) as work:
            leases.mark_pulled(work)
        cursor = self.store.fact("cursor")
        actor = self.town.actor(self.who, self.tablet_id)
        with self.town.sessions.read() as session:
            lines = pull.texts(session, actor, self.town.settings, cursor, 1, resume=pulling.marks(self.store))
            if lines is None:
                return True
            content = "".join(lines).encode()
        if share is not None:
            content = content[: int(len(content) * share)]
        arriving = content.split(b"\n")
        self._count(arriving)
        try:
            stream = pulling.stage(self.store, arriving)
        except Offline:
            return False
        if stream is None:
            return False
        pulling.apply(self.store, stream, whole=cursor is None)
        return True

    def _count(self, lines: Sequence[bytes]) -> None:
        for line in lines:
            try:
                data = json.loads(line).get("data")
            except ValueError:
                return
            for row in data["rows"] if data else ():
                self.sent[data["bucket"], row["entity_type"], row["id"], row["version"]] += 1

    def shown(self) -> Held:
        found: Held = {}
        for row in self.store.query(
            "SELECT bucket, entity_type, id, version, body FROM bucket_row JOIN server_row USING (entity_type, id)"
        ):
            key = (row["entity_type"], row["id"])
            found.setdefault(row["bucket"], {})[key] = (row["version"], json.loads(row["body"]))
        return found


def _fresh(town: Town) -> Held:
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    return {
        bucket: {key: (row["version"], row["body"]) for key, row in rows.items()}
        for bucket, rows in tablet.buckets.items()
        if rows
    }


class Office:
    """What may happen in the office between two attempts."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.places: list[Place] = [town.place() for _ in range(9)]
        self.orders = [town.order("GEN", place, to="tom") for place in self.places[:5]]
        town.route(self.places[2:], to="tom")

    def act(self, what: str, which: int) -> None:
        place, order = self.places[which % len(self.places)], self.orders[which % len(self.orders)]
        try:
            getattr(self, f"_{what}")(place, order)
        except Problem as problem:
            if problem.status >= 500:
                raise

    def _edit(self, place: Place, _order: UUID) -> None:
        with self.town.work("carla") as work:
            note = f"note {len(self.town.all(select(RouteSession.id)))} {work.at}"
            service_points.edit(work, place.id, {"access_notes": note}, if_version=None)

    def _give(self, _place: Place, order: UUID) -> None:
        self.town.assign(order, "tom")

    def _take(self, _place: Place, order: UUID) -> None:
        self.town.assign(order, "tess")

    def _recall(self, _place: Place, order: UUID) -> None:
        with self.town.work("sue") as work:
            dispatch.recall(work, order, reason="changed plans")

    def _new(self, place: Place, _order: UUID) -> None:
        self.orders.append(self.town.order("GEN", place, to="tom", override_duplicate=True, reason="another"))

    def _end_route(self, _place: Place, _order: UUID) -> None:
        for session_id in self.town.all(select(RouteSession.id).where(RouteSession.state == "open")):
            with self.town.work("sue") as work:
                routes.close_session(work, session_id)


ACTS = st.lists(
    st.tuples(st.sampled_from(["edit", "give", "take", "recall", "new", "end_route"]), st.integers(0, 20)), max_size=3
)
ATTEMPTS = st.lists(st.tuples(st.floats(0, 0.999), ACTS), min_size=1, max_size=5)


def test_any_cut_and_any_edit_end_in_the_same_state(town: Town) -> None:
    """Clauses 4.2 and 4.11, I7 and I15."""
    office = Office(town)

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(first=ATTEMPTS, second=ATTEMPTS)
    def play(first: list[Any], second: list[Any]) -> None:
        tablet = CutTablet(town)
        for attempts in (first, second):
            before = tablet.shown()
            for share, acts in attempts:
                whole = tablet.pull(share)
                assert whole or tablet.shown() == before
                before = tablet.shown()
                for act in acts:
                    office.act(*act)
            while not tablet.pull():
                pass
            fresh = _fresh(town)
            tablet.pull()
            assert tablet.shown() == fresh
        assert pulling.marks(tablet.store) == []

    with small_lines():
        play()


@given(share=st.floats(0.02, 0.999))
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_more_than_one_batch_is_sent_again(town: Town, share: float) -> None:
    """Clause 4.11, I15: what is staged whole is not sent a second time."""
    if not town.all(select(RouteSession.id)):
        Office(town)
    with small_lines():
        tablet = CutTablet(town)
        assert not tablet.pull(share)
        assert tablet.pull()
    assert all(count == 1 for count in tablet.sent.values())
    assert tablet.shown() == _fresh(town)


def test_every_byte_is_a_place_to_break_off(town: Town) -> None:
    """Clause 4.11: also within a mark, between two lines, and before the last character."""
    place = town.place()
    town.order("GEN", place, to="tom")
    town.route([place, town.place()], to="tom")
    with small_lines():
        expected = _fresh(town)
        for percent in range(0, 100, 7):
            tablet = CutTablet(town)
            tablet.pull(percent / 100)
            assert tablet.shown() == {}
            assert tablet.pull()
            assert tablet.shown() == expected


def test_a_recalled_order_is_the_first_thing_that_a_tablet_hears(town: Town) -> None:
    """Clause 4.12."""
    orders = [town.order("GEN", town.place(), to="tom") for _ in range(8)]
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    with town.work("dana") as work:
        for order in orders:
            dispatch.assign(work, order, technician_id=town.staff["tom"], scheduled_on=town.today, place=1)
    ModelTablet(town, "tom").pull()
    with town.work("sue") as work:
        dispatch.recall(work, orders[6], reason="paid")
    with small_lines():
        for asking in (tablet, ModelTablet(town, "tom")):
            lines = [line["data"]["rows"] for line in asking.pull() if "data" in line]
            assert [row["id"] for row in lines[0]] == [str(orders[6])]
            sent = [row["id"] for rows in lines for row in rows]
            assert sent.count(str(orders[6])) == 1


def test_a_mark_of_another_tablet_or_cursor_is_refused(town: Town) -> None:
    town.route([town.place() for _ in range(3)], to="tom")
    mine, other = CutTablet(town), CutTablet(town)
    with small_lines():
        mine.pull(0.9)
    marks = pulling.marks(mine.store)
    assert marks
    actor = town.actor("tom", other.tablet_id)
    for resume in (marks, ["x"], [marks[0][:-2]]):
        with town.sessions.read() as session, pytest.raises(Problem, match="invalid_cursor"):
            pull.texts(session, actor, town.settings, None, 1, resume=resume)


def test_a_bucket_below_its_horizon_is_sent_anew_though_it_was_staged(town: Town) -> None:
    """Clause 4.11: what is not known any more cannot be gone on from."""
    from curbstop.models.change_log import ChangeHorizon

    town.route([town.place() for _ in range(6)], to="tom")
    tablet = CutTablet(town)
    with small_lines():
        tablet.pull(0.9)
        with town.sessions.write() as session:
            bucket = tablet.store.query("SELECT bucket FROM staged LIMIT 1")[0]["bucket"]
            session.add(ChangeHorizon(bucket=bucket, seq=10**6))
        assert tablet.pull()
    assert tablet.shown() == _fresh(town)


def test_the_moments_of_many_breaks_are_taken_together() -> None:
    """A mark stays short: the stretches that a break leaves behind are joined, to the older moment of the two."""
    mark = Mark(UUID(int=1), None, "b", 1)
    keys: list[Key] = [("t", UUID(int=number)) for number in range(100, 0, -1)]
    for seq, key in enumerate(keys, 2):
        mark = mark.reached(key, seq)
    assert len(mark.stretches) <= 17
    assert mark.stretches[0] == (keys[-1], 101)
    assert mark.stretches[-1][0] == keys[0]
    assert [key for key, _ in mark.stretches] == sorted(key for key, _ in mark.stretches)
