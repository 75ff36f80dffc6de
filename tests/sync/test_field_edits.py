"""Edits of places by tablets and the office at once: merged field by field, with a word about every clash."""

from typing import Any

import pytest
from sqlalchemy import select

from curbstop.commands import service_points
from curbstop.domain.problems import Problem
from curbstop.models import AuditEntry, Conflict, ServicePoint
from curbstop.models.sqlite_geometry import point_of
from tests.sync.model_tablet import ModelTablet
from tests.sync.test_resolving import parked, resolve
from tests.town import Place, Town

FAR = {"longitude": -78.5, "latitude": 35.5}


@pytest.fixture
def place(town: Town) -> Place:
    return town.place(access_notes="Behind the house.")


@pytest.fixture
def toms(town: Town, place: Place) -> ModelTablet:
    """Tom's tablet, with an order at the place."""
    town.order("GEN", place, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    return tablet


def version(town: Town, place: Place) -> int:
    return point(town, place).version


def point(town: Town, place: Place) -> ServicePoint:
    [found] = town.all(select(ServicePoint).where(ServicePoint.id == place.id))
    assert isinstance(found, ServicePoint)
    return found


def position(town: Town, place: Place) -> tuple[float, float]:
    location = point(town, place).location
    assert location is not None
    return point_of(bytes(location.data))


def edit(tablet: ModelTablet, place: Place, base_version: int, **fields: tuple[Any, Any]) -> dict[str, Any]:
    changes = {name: {"base": base, "value": value} for name, (base, value) in fields.items()}
    args = {"service_point_id": str(place.id), "fields": changes}
    [answer] = tablet.push(
        tablet.op("service_point.edit", f"service_point/{place.id}", args, base_version=base_version)
    )
    return answer


def office(town: Town, place: Place, **changes: Any) -> None:
    with town.work("carla") as work:
        service_points.edit(work, place.id, changes, if_version=None)


def test_an_edit_that_nobody_crossed_is_applied(town: Town, place: Place, toms: ModelTablet) -> None:
    """Clause 10.8."""
    answer = edit(toms, place, version(town, place), access_notes=("Behind the house.", "Behind the shed."))
    assert (answer["verdict"], answer["result"]["interleaved"], answer["result"]["soft"]) == ("applied", [], False)


def test_the_same_edit_on_both_sides_converges_silently(town: Town, place: Place, toms: ModelTablet) -> None:
    """Clause 10.8, I10."""
    base = version(town, place)
    office(town, place, access_notes="Behind the shed.")
    answer = edit(toms, place, base, access_notes=("Behind the house.", "Behind the shed."))
    assert answer["result"]["clashes"] == []
    assert town.all(select(AuditEntry).where(AuditEntry.action == "merge")) == []


def test_a_clash_is_merged_by_the_policy_and_audited_with_both_sides(
    town: Town, place: Place, toms: ModelTablet
) -> None:
    """Clauses 10.8 and 10.9, I11."""
    base = version(town, place)
    office(town, place, access_notes="Behind the house.\nRing twice.")
    answer = edit(toms, place, base, access_notes=("Behind the house.", "Behind the shed."))
    assert answer["verdict"] == "merged"
    assert point(town, place).access_notes == "Ring twice.\nBehind the shed."
    [clash] = answer["result"]["clashes"]
    assert (clash["field"], clash["policy"], clash["taken"]) == (
        "access_notes", "append", "Ring twice.\nBehind the shed.",
    )  # fmt: skip
    [line] = town.all(select(AuditEntry).where(AuditEntry.action == "merge"))
    assert (line.before["theirs"], line.before["mine"]) == ("Behind the house.\nRing twice.", "Behind the shed.")


def test_the_offices_edit_of_another_field_lies_between_and_is_named(
    town: Town, place: Place, toms: ModelTablet
) -> None:
    """Clause 10.9: merged, because somebody else's edit was."""
    base = version(town, place)
    office(town, place, read_instructions="Bring a pump.")
    answer = edit(toms, place, base, access_notes=("Behind the house.", "Behind the shed."))
    assert (answer["verdict"], answer["result"]["interleaved"]) == ("merged", ["read_instructions"])
    assert answer["result"]["soft"] is False


def test_an_own_chain_is_no_clash_and_an_office_edit_within_it_makes_the_rest_soft(
    town: Town, place: Place, toms: ModelTablet
) -> None:
    """Clause 10.9, ODK's trunk and base: both of Tom's edits were written offline from one copy."""
    base = version(town, place)
    first = edit(toms, place, base, access_notes=("Behind the house.", "Behind the shed."))
    second = edit(toms, place, base, access_notes=("Behind the shed.", "Behind the red shed."))
    assert [(one["verdict"], one["result"]["soft"]) for one in (first, second)] == [("applied", False)] * 2
    office(town, place, hazards=["dog"])
    third = edit(toms, place, base, read_instructions=(None, "Lift the lid."))
    assert (third["verdict"], third["result"]["interleaved"]) == ("merged", ["hazards"])
    assert third["result"]["soft"] is True


def test_two_tablets_edits_commute(town: Town, place: Place, toms: ModelTablet) -> None:
    """I10."""
    town.order("READ_RE", place, to="tess")
    tesss = ModelTablet(town, "tess")
    tesss.pull()
    base = version(town, place)
    edit(toms, place, base, hazards=([], ["dog"]), access_notes=("Behind the house.", "Behind the house.\nTom."))
    edit(tesss, place, base, hazards=([], ["slope"]), access_notes=("Behind the house.", "Behind the house.\nTess."))
    found = point(town, place)
    assert sorted(found.hazards) == ["dog", "slope"]
    assert sorted((found.access_notes or "").splitlines()) == ["Behind the house.", "Tess.", "Tom."]


def test_a_new_position_waits_for_gis_and_the_notes_do_not(town: Town, place: Place, toms: ModelTablet) -> None:
    """Clause 10.10."""
    here = dict(zip(("longitude", "latitude"), position(town, place), strict=True))
    notes = ("Behind the house.", "By the road.")
    answer = edit(toms, place, version(town, place), access_notes=notes, location=(here, FAR))
    conflict = parked(town)
    assert (answer["verdict"], answer["result"]["conflict_id"]) == ("merged", str(conflict.id))
    assert (point(town, place).access_notes, conflict.code, list(conflict.mine["fields"])) == (
        "By the road.", "needs_gis", ["location"],
    )  # fmt: skip
    office(town, place, access_notes="By the road, says Tom.")
    with pytest.raises(Problem, match="needs_gis"):
        resolve(town, conflict, "apply", by="dana")
    resolve(town, conflict, "apply", by="gus")
    moved = position(town, place)
    assert moved == (FAR["longitude"], FAR["latitude"])
    assert point(town, place).access_notes == "By the road, says Tom."


def test_nothing_but_a_position_is_parked_and_one_nearby_is_the_same(
    town: Town, place: Place, toms: ModelTablet
) -> None:
    """Clause 10.10."""
    longitude, latitude = position(town, place)
    here = {"longitude": longitude, "latitude": latitude}
    near = {"longitude": longitude + 1e-5, "latitude": latitude}
    assert edit(toms, place, version(town, place), location=(here, near))["verdict"] == "applied"
    answer = edit(toms, place, version(town, place), location=(here, FAR))
    assert (answer["verdict"], answer["code"]) == ("parked", "needs_gis")
    assert len(town.all(select(Conflict))) == 1


def parked_edit(town: Town, place: Place, **fields: tuple[Any, Any]) -> Conflict:
    """Tess edits a place that was not part of her work."""
    here = dict(zip(("longitude", "latitude"), position(town, place), strict=True))
    answer = edit(ModelTablet(town, "tess"), place, version(town, place), location=(here, FAR), **fields)
    assert (answer["verdict"], answer["code"]) == ("parked", "not_in_scope")
    return parked(town)


NOTES = ("Behind the house.", "By the road.")


@pytest.mark.parametrize("fields", [{"access_notes": NOTES}, {}], ids=["with-notes", "alone"])
def test_a_position_in_parked_work_that_counts_waits_for_gis_beside_it(
    town: Town, place: Place, fields: dict[str, tuple[Any, Any]]
) -> None:
    """Clauses 10.4 and 10.10, I11: who settles the work may not move the place, and nothing waits for nobody."""
    before = position(town, place)
    settled = resolve(town, parked_edit(town, place, **fields), "apply")
    waiting = parked(town)
    assert (settled.state, settled.result) != ("open", None)
    assert (waiting.code, waiting.op_id, list(waiting.mine["fields"])) == ("needs_gis", settled.op_id, ["location"])
    assert (settled.result or {})["conflict_id"] == str(waiting.id)
    assert position(town, place) == before
    assert point(town, place).access_notes == (NOTES[1] if fields else NOTES[0])
    with pytest.raises(Problem, match="needs_gis"):
        resolve(town, waiting, "apply")
    resolve(town, waiting, "apply", by="gus")
    assert position(town, place) == (FAR["longitude"], FAR["latitude"])


def test_the_tablet_is_told_of_both_halves_of_an_edit(town: Town, place: Place) -> None:
    """Clauses 10.7 and 10.10: two rows of one op, each with what became of it."""
    conflict = parked_edit(town, place, access_notes=NOTES)
    resolve(town, conflict, "apply")
    tesss = ModelTablet(town, "tess")
    tesss.pull()
    rows = tesss.rows("conflict").values()
    assert sorted((row["op_id"], row["code"], row["state"]) for row in rows) == [
        (str(conflict.op_id), "needs_gis", "open"), (str(conflict.op_id), "not_in_scope", "resolved"),
    ]  # fmt: skip


def test_a_field_that_was_not_chosen_is_superseded_with_a_trace(town: Town, place: Place) -> None:
    """Clauses 10.4 and 10.5, I11: the notes count, the position does not, and the place's audit trail says so."""
    settled = resolve(town, parked_edit(town, place, access_notes=NOTES), "merge", {"access_notes": "By the road!"})
    assert point(town, place).access_notes == "By the road!"
    [line] = town.all(select(AuditEntry).where(AuditEntry.action == "supersede_edit"))
    assert (line.entity_id, line.before) == (place.id, {"location": FAR})
    assert (settled.result or {})["kept"] == {"superseded": ["location"]}
    assert town.all(select(Conflict).where(Conflict.state == "open")) == []
