"""Order types through HTTP: what a client draws a form from."""

from sqlalchemy import select

from curbstop.domain.order_types import load_catalogue
from curbstop.models import OrderTypeRow
from tests.api.office import Office
from tests.town import Town


def test_every_type_of_the_catalogue_is_listed(office: Office, town: Town) -> None:
    listed = office.as_("tom").get("/order-types?limit=200").json["items"]
    assert [kind["code"] for kind in listed] == sorted(load_catalogue())
    in_use = office.as_("tom").get("/order-types?limit=200&in_use=true").json["items"]
    assert {kind["code"] for kind in in_use} == {code for code, kind in load_catalogue().items() if kind.built}
    unused = office.as_("tom").get("/order-types?limit=200&in_use=false").json["items"]
    assert len(unused) == len(listed) - len(in_use)


def test_a_type_has_all_that_its_form_needs(office: Office, town: Town) -> None:
    kind = office.as_("tom").get("/order-types/CUT_OFF_REQ").json
    assert (kind["version"], kind["current"], kind["in_use"]) == (1, True, True)
    captures = {capture["name"]: capture for capture in kind["captures"]}
    assert captures["read"]["label"] == "Final reading"
    assert captures["lock_type"]["kind"] == "choice"
    assert {"code", "label"} == captures["lock_type"]["choices"][0].keys()
    outcomes = {outcome["code"]: outcome for outcome in kind["outcomes"]}
    assert (outcomes["DONE"]["completes"], outcomes["NO_ACCESS_DOG"]["access_category"]) == (True, "DOG")


def test_an_earlier_version_can_still_be_read(office: Office, town: Town) -> None:
    with town.sessions.write() as session:
        row = session.scalars(select(OrderTypeRow).where(OrderTypeRow.code == "GEN")).one()
        row.current = False
        session.flush()
        session.add(OrderTypeRow(code="GEN", version=2, definition={**row.definition, "name": "Anything else"}))
    tom = office.as_("tom")
    assert tom.get("/order-types/GEN").json["name"] == "Anything else"
    assert tom.get("/order-types/GEN?version=1").json["name"] == "General field service"
    for url in ("/order-types/GEN?version=3", "/order-types/NONE", "/order-types/gen"):
        assert tom.get(url).json["code"] == "not_found"
