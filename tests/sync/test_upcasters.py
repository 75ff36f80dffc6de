"""Ops of older versions mean what they meant, and an older tablet's rows are the new ones with less. Clause 12, I20."""

import copy
import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from curbstop.domain.problems import Problem
from curbstop.models import Reading, StopVisit
from curbstop.models.ids import new_id
from sync import contract, handlers, projections, pull, upcasters
from tests.sync.model_tablet import ModelTablet, verdicts
from tests.town import Place, Town

ids = st.uuids().map(str)
digits = st.from_regex(r"[0-9]{1,8}(\.[0-9]{1,3})?", fullmatch=True)
read_1 = st.fixed_dictionaries(
    {
        "stop_id": ids,
        "readings": st.lists(st.fixed_dictionaries({"register_id": ids, "value": digits}), min_size=1, max_size=12),
    },
    optional={"note": st.none() | st.text("abc é", max_size=20)},
)
ARGS = {("stop.read", 1): read_1}
bodies = st.dictionaries(st.sampled_from("abcdef"), st.integers() | st.none() | st.lists(st.integers()))


def _op(kind: str, version: int, args: dict[str, Any]) -> dict[str, Any]:
    name = contract.op_kinds()[kind, version]
    return {**contract.schemas()[name]["examples"][0], "args": args}


def test_every_step_is_tried_here() -> None:
    assert set(ARGS) == set(upcasters.STEPS)


def test_every_step_leads_to_a_version_that_is_described_and_handled() -> None:
    """Clause 12.1: from each shipped version to the newest, without a gap."""
    for kind, versions in handlers.KINDS.items():
        assert {version for name, version in contract.op_kinds() if name == kind} == set(versions)
        for version in versions[:-1]:
            assert (kind, version) in upcasters.STEPS


@pytest.mark.parametrize("step", list(upcasters.STEPS))
@given(data=st.data())
def test_what_one_version_allows_is_lifted_into_what_the_next_one_allows(step: tuple[str, int], data: Any) -> None:
    """I20: pure (nothing is altered, twice is the same), and valid before and after."""
    kind, version = step
    args = data.draw(ARGS[step])
    assert contract.check_op(kind, version, _op(kind, version, args)) == []
    before = copy.deepcopy(args)
    lifted = upcasters.STEPS[step](args)
    assert args == before
    assert lifted == upcasters.STEPS[step](args)
    assert contract.check_op(kind, version + 1, {**_op(kind, version + 1, lifted)}) == []
    newest, final = upcasters.upcast(kind, version, args)
    assert upcasters.upcast(kind, newest, final) == (newest, final)


def _read(tablet: ModelTablet, stop: Any, place: Place, value: str, version: int, **more: Any) -> dict[str, Any]:
    readings = [{"register_id": str(place.register_id), "value": value, **more}]
    args = {"stop_id": str(stop), "readings": readings}
    return tablet.op("stop.read", f"stop/{stop}", args, kind_version=version)


def test_an_older_op_does_what_the_newer_one_does(town: Town) -> None:
    """I20: upcast(op v1) = op v2."""
    old, new = town.place(), town.place()
    stops = town.route([old, new], to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    first = _read(tablet, stops[0], old, "001050", 1)
    second = _read(tablet, stops[1], new, "001050", 2, trouble=[])
    answers = tablet.push(first, second)
    assert verdicts(answers) == ["applied", "applied"]
    assert answers[0]["result"]["flags"] == answers[1]["result"]["flags"]
    one, two = town.all(select(StopVisit).order_by(StopVisit.stop_id))
    assert one.details == two.details
    values = select(Reading.flags).where(Reading.stop_visit_id.is_not(None))
    assert town.all(values) == [[], []]


def test_trouble_is_recorded_with_the_reading(town: Town) -> None:
    """Clause 12.1: what version 2 can say."""
    place = town.place()
    [stop] = town.route([place], to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    answers = tablet.push(_read(tablet, stop, place, "001050", 2, trouble=["FOGGED", "SEAL_BROKEN"]))
    assert verdicts(answers) == ["applied"]
    [visit] = town.all(select(StopVisit))
    assert visit.details["trouble"] == {str(place.register_id): ["FOGGED", "SEAL_BROKEN"]}
    assert town.all(select(Reading.flags).where(Reading.stop_visit_id == visit.id)) == [["FOGGED", "SEAL_BROKEN"]]


def test_a_version_that_nobody_knows_is_kept(town: Town) -> None:
    """Clause 12.1: an app that is newer than the server."""
    place = town.place()
    [stop] = town.route([place], to="tom")
    tablet = ModelTablet(town, "tom")
    [answer] = tablet.push(_read(tablet, stop, place, "001050", 3, trouble=[]))
    assert (answer["verdict"], answer["code"]) == ("quarantined", "op_unknown")


@given(body=bodies, old=st.integers(1, 5), new=st.integers(1, 5))
def test_an_older_view_is_the_newer_one_with_less(body: dict[str, Any], old: int, new: int) -> None:
    """I20: old client view = projection of new; projecting by steps is projecting at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(projections, "SINCE", {"thing": {"b": 2, "c": 3, "d": 4}})
        low, high = sorted((old, new))
        seen = projections.project(body, "thing", low)
        assert seen.items() <= projections.project(body, "thing", high).items()
        assert projections.project(projections.project(body, "thing", high), "thing", low) == seen
        assert projections.project(body, "another", low) == body


def test_a_pull_is_projected_and_keeps_versions_and_leaves(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clause 12.2."""
    town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    whole = tablet.pull()
    monkeypatch.setattr(projections, "SINCE", {"service_order": {"flags": 2, "notes": 2}})
    tablet.cursor = None
    less = tablet.pull()
    [now] = [
        row for line in less for row in line.get("data", {}).get("rows", ()) if row["entity_type"] == "service_order"
    ]
    [then] = [
        row for line in whole for row in line.get("data", {}).get("rows", ()) if row["entity_type"] == "service_order"
    ]
    assert then["body"].keys() - now["body"].keys() == {"flags", "notes"}
    assert now["version"] == then["version"]


def test_a_tablet_whose_schema_is_too_old_drains(town: Town) -> None:
    """Clause 12.3: it is told to update when it pulls, and what it sends is taken as ever."""
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    town.settings = dataclasses.replace(town.settings, oldest_schema=2)
    with pytest.raises(Problem) as told:
        tablet.pull()
    assert told.value.code == "drain_only"
    args = {"outcome": "DONE", "captures": {"notes": "Looked at it"}}
    assert verdicts(tablet.push(tablet.order_op("order.complete", order, args))) == ["applied"]


@pytest.mark.parametrize("version", [0, -1])
def test_a_schema_version_from_before_the_first_drains_too(town: Town, version: int) -> None:
    """Clause 12.3: too old is too old."""
    with town.sessions.read() as session, pytest.raises(Problem) as told:
        pull.pull(session, town.actor("tom", new_id()), town.settings, None, version)
    assert told.value.code == "drain_only"


def test_a_tablet_newer_than_the_server_is_told_so(town: Town) -> None:
    """Clause 12.3."""
    with town.sessions.read() as session, pytest.raises(Problem) as told:
        pull.pull(session, town.actor("tom", new_id()), town.settings, None, contract.SCHEMA_VERSION + 1)
    assert told.value.code == "schema_unsupported"


def test_what_is_kept_is_the_op_as_it_came(town: Town) -> None:
    """Clause 3.3: lifting it changes nothing of what is stored."""
    from curbstop.models import OpLedger

    place = town.place()
    [stop] = town.route([place], to="tom")
    tablet = ModelTablet(town, "tom")
    op = _read(tablet, stop, place, "001050", 1)
    tablet.push(op)
    [raw] = town.all(select(OpLedger.raw))
    assert json.loads(raw) == op
