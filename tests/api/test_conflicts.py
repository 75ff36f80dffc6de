"""Parked work through HTTP: the list, one conflict whole, and the order that it waits on."""

from typing import Any
from uuid import UUID

from curbstop.commands import conflicts
from curbstop.domain.problems import Problem
from curbstop.models import OpLedger
from curbstop.models.ids import new_id
from tests.api.office import Office
from tests.sync.model_tablet import ModelTablet, cut_off
from tests.town import Town


def parked(town: Town, order_id: UUID, by: str = "tess") -> str:
    """Work on the order by somebody's tablet that could not be applied."""
    tablet_id, op_id = town.tablet(by), new_id()
    town.add(
        OpLedger(op_id=op_id, tablet_id=tablet_id, staff_id=town.staff[by], n=1, kind="order.complete",
                 aggregate=f"service_order/{order_id}", sha256=b"x", raw=b"{}", verdict="parked")
    )  # fmt: skip
    with town.work(by, tablet_id) as work:
        why = Problem("duplicate_completion", "It is completed already.")
        args = {"outcome": "DONE", "captures": {"read": "001234"}}
        return str(
            conflicts.park(work, op_id=op_id, aggregate=f"service_order/{order_id}", args=args, base=1, why=why).id
        )


def test_parked_work_is_kept_whole(office: Office, town: Town) -> None:
    """Clause 10.1, I11."""
    order_id = town.order("GEN", town.place())
    conflict_id = parked(town, order_id)
    found = office.as_("dana").get(f"/conflicts/{conflict_id}")
    assert found.headers["ETag"] == '"v1"'
    assert (found.json["code"], found.json["state"], found.json["kind"]) == (
        "duplicate_completion", "open", "order.complete",
    )  # fmt: skip
    assert found.json["mine"]["captures"] == {"read": "001234"}
    assert (found.json["base"], found.json["theirs_then"]["state"]) == ({"version": 1}, "ready")
    assert (found.json["staff_name"], found.json["tablet_name"]) == ("Tess", "tess's tablet")
    assert (found.json["address"], found.json["order_id"]) == ("1 Main St", str(order_id))


def test_an_order_shows_what_is_parked_on_it_to_those_who_settle_it(office: Office, town: Town) -> None:
    order_id = town.order("GEN", town.place(), to="tess")
    conflict_id = parked(town, order_id)
    url = f"/service-orders/{order_id}"
    assert [one["id"] for one in office.as_("carla").get(url).json["conflicts"]] == [conflict_id]
    assert office.as_("tess").get(url).json["conflicts"] == []


def test_a_crew_lead_sees_what_waits_for_the_crew(office: Office, town: Town) -> None:
    theirs, other = (parked(town, town.order("GEN", town.place()), by=name) for name in ("tess", "tom"))
    listed = office.as_("lee").get("/conflicts").json["items"]
    assert [one["id"] for one in listed] == [theirs]
    assert office.as_("lee").get(f"/conflicts/{other}").json["code"] == "not_found"
    assert office.as_("tom").get("/conflicts").json["code"] == "forbidden"


def test_a_list_is_narrowed_by_its_filters(office: Office, town: Town) -> None:
    order_id = town.order("GEN", town.place())
    first, second = parked(town, order_id), parked(town, town.order("GEN", town.place()), by="tom")

    def found(query: str) -> list[str]:
        return [one["id"] for one in office.as_("dana").get(f"/conflicts?{query}").json["items"]]

    assert found("sort=-created_at") == [second, first]
    assert found("state=open&code=duplicate_completion") == [first, second]
    assert found("state=resolved") == found("code=not_in_scope") == []
    assert found(f"order_id={order_id}") == found(f"staff_id={office.ids['tess']}") == [first]


def test_a_misspelt_filter_is_refused_with_the_choices(office: Office, town: Town) -> None:
    """Clause 10.1: a slip of the keyboard never reads as "nothing to do"."""
    for query, choice in (("state=opened", "open"), ("code=nonsense", "duplicate_completion")):
        refused = office.as_("dana").get(f"/conflicts?{query}")
        assert (refused.status_code, refused.json["code"]) == (422, "invalid"), refused.json
        assert choice in str(refused.json["errors"])
    refused = office.as_("dana").get("/service-orders?type_code=GEN&type_code=NOPE")
    assert (refused.status_code, refused.json["code"]) == (422, "invalid")
    assert refused.json["unknown"] == ["NOPE"]
    assert "CUT_OFF_REQ" in refused.json["choices"]


def finished(office: Office, town: Town) -> str:
    """Tom's completion of an order that was moved to Tess, whose own completion came first; the conflict's id."""
    place = town.place()
    order = town.order("CUT_OFF_REQ", place, to="tom")
    toms, tesss = ModelTablet(town, "tom"), ModelTablet(town, "tess")
    toms.pull()
    town.assign(order, "tess")
    tesss.pull()
    tesss.push(tesss.order_op("order.complete", order, cut_off(place)))
    [answer] = toms.push(toms.order_op("order.complete", order, cut_off(place)))
    return str(answer["result"]["conflict_id"]) if answer["verdict"] == "parked" else str(answer)


def test_a_conflict_shows_both_sides_the_ops_around_it_and_a_suggestion(office: Office, town: Town) -> None:
    """Clauses 1.1 and 10.1."""
    found = office.as_("dana").get(f"/conflicts/{finished(office, town)}").json
    assert (found["theirs_then"]["state"], found["theirs"]["state"], found["mine"]["outcome"]) == (
        "completed", "completed", "DONE",
    )  # fmt: skip
    assert [(op["staff_name"], op["verdict"]) for op in found["chain"]] == [("Tess", "applied"), ("Tom", "parked")]
    assert found["suggestion"]["resolution"] == "keep_theirs"
    assert found["theirs"]["completed_at"].endswith("Z")
    assert "T" in found["theirs"]["completed_at"]
    assert '"kind":"order.complete"' in found["content"].replace(" ", "")


def test_a_conflict_is_settled_once_with_a_reason_and_the_version_that_was_seen(office: Office, town: Town) -> None:
    """Clauses 10.3 and 10.6."""
    url = f"/conflicts/{finished(office, town)}"
    body = {"resolution": "apply", "reason": "He locked it."}

    def resolve(name: str = "dana", version: int | None = 1, **changes: object) -> Any:
        return office.as_(name).send("POST", f"{url}/resolve", json={**body, **changes}, version=version)

    assert resolve(version=None).json["code"] == "precondition_required"
    assert resolve("carla").json["code"] == "forbidden"
    assert resolve(version=9).json["code"] == "version_mismatch"
    assert resolve(resolution="burn").json["code"] == "invalid"
    assert resolve(resolution="merge").json["code"] == "argument_required"
    settled = resolve()
    assert (settled.status_code, settled.json["state"], settled.json["resolved_by_name"]) == (200, "resolved", "Dana")
    assert settled.json["theirs"]["technician_name"] == "Tom"
    again = resolve("sue")
    assert (again.status_code, again.headers["ETag"]) == (200, settled.headers["ETag"])
    other = resolve(resolution="keep_theirs", version=2)
    assert (other.status_code, other.json["code"], other.json["resolution"]) == (409, "conflict_resolved", "apply")
