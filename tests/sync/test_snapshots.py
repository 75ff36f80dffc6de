"""A first sync that begins with a snapshot ends where one without it does."""

import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from curbstop.commands import change_log, history, routes, service_points
from curbstop.commands import snapshots as commands
from curbstop.domain.problems import Problem
from curbstop.models import BucketRow, ChangeLog, RouteSession, Snapshot
from curbstop.models.base import utc_now
from sync import pull, snapshots
from tests.sync.model_tablet import ModelTablet
from tests.town import Place, Town


@pytest.fixture(autouse=True)
def small_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "SMALLEST", 5)


@pytest.fixture
def places(town: Town) -> list[Place]:
    places = [town.place() for _ in range(8)]
    town.route(places, to="tom")
    return places


@pytest.fixture
def route(town: Town, places: list[Place]) -> str:
    return _bucket(town)


def _bucket(town: Town) -> str:
    [bucket] = town.all(select(BucketRow.bucket).where(BucketRow.entity_type == "stop").distinct())
    return str(bucket)


def _build(town: Town, bucket: str | None = None) -> str | None:
    return snapshots.build(town.sessions, town.settings, bucket or _bucket(town))


def _lines(path: Path) -> list[dict[str, Any]]:
    data = zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())
    return [json.loads(line) for line in data.splitlines()]


def _offered(town: Town, tablet: ModelTablet) -> list[dict[str, Any]]:
    with town.sessions.read() as session:
        return snapshots.offered(session, town.actor(tablet.who, tablet.tablet_id), town.settings)


def _first_sync(town: Town, tablet: ModelTablet, offers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Stages the snapshots, and pulls on from them."""
    for offer in offers:
        for line in _lines(commands.path_of(town.settings.snapshots_dir, offer["sha256"])):
            if "data" in line:
                tablet._apply(line)
    actor = town.actor(tablet.who, tablet.tablet_id)
    with town.sessions.read() as session:
        resume = [offer["resume"] for offer in offers]
        lines = list(pull.pull(session, actor, town.settings, None, 1, resume=resume) or [])
    for line in lines:
        tablet._apply(line)
    return lines


def test_a_snapshot_holds_the_bucket_and_nothing_of_it_is_sent_again(town: Town, places: list[Place]) -> None:
    """Clauses 8.11 and 8.12, I16."""
    sha256 = _build(town)
    assert sha256 is not None
    tablet, fresh = ModelTablet(town, "tom"), ModelTablet(town, "tom")
    [offer] = _offered(town, tablet)
    head, *_, end = _lines(commands.path_of(town.settings.snapshots_dir, sha256))
    assert (offer["sha256"], offer["rows"], head["snapshot"]["rows"]) == (sha256, 16, 16)
    assert end == {"snapshot_complete": {"rows": 16}}
    lines = _first_sync(town, tablet, [offer])
    sent = [line["data"] for line in lines if "data" in line and line["data"]["bucket"] == offer["bucket"]]
    assert sum(len(data["rows"]) for data in sent) == 0
    fresh.pull()
    assert tablet.buckets == fresh.buckets


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_snapshot_and_what_changed_since_is_the_whole(
    town: Town, places: list[Place], route: str, data: st.DataObject
) -> None:
    """Clause 8.12, I16: snapshot(S) + delta(S..T) = full(T), whatever happened between S and T."""
    for bucket in (route, "ref"):
        _build(town, bucket)
    tablet, fresh = ModelTablet(town, "tom"), ModelTablet(town, "tom")
    taken = data.draw(st.sets(st.sampled_from([route, "ref"])))
    offers = [offer for offer in _offered(town, tablet) if offer["bucket"] in taken]
    for step in data.draw(st.lists(st.sampled_from(["edit", "order", "close", "route", "reassign"]), max_size=5)):
        _happen(town, places, step, data)
    _first_sync(town, tablet, offers)
    fresh.pull()
    tablet.pull()
    assert tablet.buckets == fresh.buckets


def _happen(town: Town, places: list[Place], step: str, data: st.DataObject) -> None:
    open_sessions = town.all(select(RouteSession.id).where(RouteSession.state == "open").order_by(RouteSession.id))
    if step == "edit":
        note = data.draw(st.text("abc", max_size=5))
        with town.work("sue") as work:
            service_points.edit(work, data.draw(st.sampled_from(places)).id, {"access_notes": note}, if_version=None)
    elif step == "order":
        town.order("GEN", town.place(), to="tom")
    elif step == "reassign":
        town.assign(town.order("GEN", town.place(), to="tom"), "tess")
    elif step == "close" and len(open_sessions) > 1:
        with town.work("sue") as work:
            routes.close_session(work, open_sessions[-1])
    elif step == "route":
        town.route([town.place() for _ in range(3)], to="tom")


def test_a_bucket_is_asked_for_once_and_again_when_a_fifth_has_changed(town: Town, places: list[Place]) -> None:
    """Clause 8.11."""

    def asked() -> int:
        with town.work() as work:
            return commands.ask(work)

    assert asked() == 2, "the route and the code tables"
    assert asked() == 0, "they are asked for"
    for bucket in (_bucket(town), "ref"):
        assert _build(town, bucket) is not None
        assert _build(town, bucket) is None, "a second delivery of the job finds it done"
    for place in places[:4]:
        with town.work("sue") as work:
            service_points.edit(work, place.id, {"access_notes": "x"}, if_version=None)
    assert _build(town) is not None


def test_nobody_is_offered_what_is_not_theirs_or_leads_nowhere(town: Town, places: list[Place]) -> None:
    """Clause 8.11, I12."""
    sha256 = _build(town)
    assert sha256 is not None
    assert _offered(town, ModelTablet(town, "tess")) == []
    with town.sessions.read() as session, pytest.raises(Problem, match="not_found"):
        snapshots.find(session, town.actor("tess"), town.settings, sha256)
    with town.work() as work:
        history.begin_anew(work, "restored")
    assert _offered(town, ModelTablet(town, "tom")) == [], "a snapshot of another history"


def test_a_snapshot_from_before_the_horizon_is_offered_to_nobody(town: Town, places: list[Place]) -> None:
    """Clauses 8.9 and 8.11, I17."""
    _build(town)
    tablet = ModelTablet(town, "tom")
    [offer] = _offered(town, tablet)
    with town.work("sue") as work:
        service_points.edit(work, places[0].id, {"access_notes": "x"}, if_version=None)
    with town.sessions.write() as session:
        session.execute(update(ChangeLog).values(recorded_at=utc_now() - timedelta(days=91)))
    town.order("GEN", town.place(), to="tom")
    ModelTablet(town, "tom").pull()
    with town.work() as work:
        assert change_log.forget_old(work)
    assert _offered(town, tablet) == []
    # Who had it staged already gets the bucket whole after all.
    _first_sync(town, tablet, [offer])
    fresh = ModelTablet(town, "tom")
    fresh.pull()
    assert tablet.buckets == fresh.buckets


def test_old_snapshots_go_row_first_then_file(town: Town, places: list[Place]) -> None:
    """Clause 8.11: a download that is under way is let to its end."""
    first = _build(town)
    assert first is not None
    with town.sessions.write() as session:
        session.execute(update(Snapshot).values(rows=0))
    with town.work("sue") as work:
        service_points.edit(work, places[0].id, {"access_notes": "x"}, if_version=None)
    second = _build(town)
    assert second not in (None, first)
    folder = town.settings.snapshots_dir

    def forget() -> int:
        with town.work() as work:
            return commands.forget_old(work)

    assert forget() == 0, "the next one is too young"
    with town.sessions.write() as session:
        session.execute(update(Snapshot).values(built_at=utc_now() - timedelta(days=2)))
    assert forget() == 1
    assert town.all(select(Snapshot.sha256)) == [second]
    long_ago = time.time() - 7200
    for path in folder.iterdir():
        os.utime(path, (long_ago, long_ago))
    forget()
    assert [path.name for path in folder.iterdir()] == [f"{second}.ndjson.zst"]


def test_a_builder_that_is_stopped_leaves_no_file_under_a_final_name(
    town: Town, places: list[Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clause 8.11: immutable, and whole or not there."""

    def broken(*_: object) -> Any:
        yield ['{"entity_type":"stop"}']
        raise OSError(28, "no space left on the device")

    monkeypatch.setattr(pull, "whole", broken)
    with pytest.raises(OSError, match="no space"):
        _build(town)
    assert list(town.settings.snapshots_dir.iterdir()) == []
    assert town.all(select(Snapshot)) == []


def test_the_mark_of_a_snapshot_is_one_tablets(town: Town, places: list[Place]) -> None:
    """Clause 4.12: as every mark."""
    _build(town)
    toms, others = ModelTablet(town, "tom"), ModelTablet(town, "tom")
    offers = _offered(town, toms)
    with pytest.raises(Problem, match="invalid_cursor"):
        _first_sync(town, others, offers)
    assert isinstance(UUID(offers[0]["bucket"].removeprefix("route:")), UUID)
