"""A tap from the first call to running water on a reading route: the office through HTTP, the crew on a tablet."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from api.core.context import EXTENSION, Context
from api.core.tokens import Claims
from curbstop.commands import numbering, temp_services
from curbstop.domain.numbers import Prefix
from curbstop.models import Account, Meter, Register, TempService
from curbstop.models.base import utc_now
from curbstop.models.ids import new_id
from curbstop.tablet import NotAllowed
from tests import tap_requests as build
from tests.api.apps import app_on
from tests.api.office import Client
from tests.commands.test_routes import a_route, published
from tests.tablet.conftest import NewTablet, Tablet
from tests.town import PEOPLE, Town

METER = {
    "new_serial": "NEW00001", "new_serial_by": "scanned", "in_read": {"1": "000000"}, "new_size": "5/8",
    "new_make": "Badger", "new_model": "M25", "new_dials": 6, "new_decimals": 0, "new_multiplier": 1, "new_uom": "GAL",
    "locked_on_set": True, "lock_type": "barrel", "lock_no": "L-1",
}  # fmt: skip
ON = {
    "serial_seen": "NEW00001", "read": "000000", "valve_state": "on", "leak_indicator": "still", "adult_present": True,
}  # fmt: skip


class Story:
    """The office's people by name, and one crew with its tablet."""

    def __init__(self, town: Town, tablet: Tablet, office: dict[str, Client]) -> None:
        self.town, self.tablet, self.office = town, tablet, office

    def tell(self, who: str, url: str, body: Any = None) -> Any:
        """An edit of a row in the version that is there."""
        row = url.rpartition("/")[0]
        version = self.office[who].get(row).json["version"]
        return self.office[who].post(url, body, version=version)

    def told(self, who: str, url: str, body: Any = None) -> Any:
        answer = self.tell(who, url, body)
        assert answer.status_code == 200, answer.json
        return answer.json

    def order(self, who: str, type_code: str, place: UUID) -> str:
        made = self.office[who].post("/service-orders", {"type_code": type_code, "service_point_id": str(place)})
        assert made.status_code == 201, made.json
        return str(made.json["id"])

    def assign(self, order_id: str, on: date) -> Any:
        body = {
            "technician_id": str(self.town.staff["tom"]), "scheduled_on": on.isoformat(),
            "override_reason": "The customer waits.",
        }  # fmt: skip
        return self.tell("dana", f"/service-orders/{order_id}/assign", body)

    def work(self, order_id: str, captures: dict[str, Any], photos: dict[str, int]) -> None:
        """The crew does it, with its photos, and the office posts it."""
        self.tablet.client.sync()
        self.tablet.work.arrive(order_id)
        for label, count in photos.items():
            for number in range(count):
                self.tablet.work.attach_photo(f"service_order/{order_id}", label, f"{label} {number}".encode())
        self.tablet.work.complete(order_id, "DONE", captures)
        self.tablet.client.sync()
        self.told("bill", f"/service-orders/{order_id}/post")


@pytest.fixture
def story(town: Town, new_tablet: NewTablet, settings: Any, engine: Any) -> Story:
    app = app_on(settings, engine)
    context: Context = app.extensions[EXTENSION]
    build.teach_taps(town)
    with town.work() as work:
        # The builders count from one; what comes through the API has numbers of its own.
        numbering.next_numbers(work, Prefix.ACCOUNT, 900)
    office = {
        name: Client(app, context.tokens.access_token(Claims(town.staff[name], None), [role.value for role in roles]))
        for name, roles in PEOPLE.items()
    }
    return Story(town, new_tablet("tom"), office)


def _paid_and_permitted(story: Story, place: UUID, customer: UUID) -> str:
    """Asked for, surveyed by the crew, quoted, paid, permitted; the request's address."""
    carla = story.office["carla"]
    body = {"customer_id": str(customer), "service_point_id": str(place), "meter_size": "5/8"}
    tap = carla.post("/tap-requests", body).json
    url = f"/tap-requests/{tap['id']}"
    assert story.assign(tap["survey_order_id"], story.town.today).status_code == 200
    story.work(tap["survey_order_id"], build.SURVEY, {"photo": 1})
    assert carla.get(url).json["stage"] == "site_survey"
    quoted = story.told("carla", f"{url}/quote", {})
    story.told("carla", f"{url}/payment", {"cents": quoted["quote_cents"], "reference": "R-1"})
    for kind in build.PERMITS:
        story.told("carla", f"{url}/permits", {"kind": kind, "reference": "P-1"})
    return url


def _dug(story: Story, place: UUID) -> None:
    """The tap is installed, after everybody who would have dug too early was told so."""
    town, today = story.town, story.town.today
    dig = story.order("sue", "TAP_INST", place)
    refused = story.assign(dig, today)
    assert (refused.status_code, refused.json["code"]) == (409, "dig_not_legal")
    ticket = {"number": "A1", "called_at": utc_now().isoformat()}
    told = story.told("dana", f"/service-orders/{dig}/locate-ticket", ticket)
    legal = datetime.fromisoformat(told["legal_start_at"]).astimezone(town.settings.zone).date()
    assert story.assign(dig, legal - timedelta(days=1)).json["code"] == "dig_not_legal"
    assert story.assign(dig, legal).status_code == 200
    story.tablet.client.sync()
    story.tablet.network.online = False
    with pytest.raises(NotAllowed, match="nobody may dig before"):
        story.tablet.work.arrive(dig)
    story.tablet.network.online = True
    # The clerk finds that 811 was called last week already.
    ticket["called_at"] = (utc_now() - timedelta(days=8)).isoformat()
    story.told("dana", f"/service-orders/{dig}/locate-ticket", ticket)
    story.work(dig, build.INSTALL, {"photo": 2})


def _inspected(story: Story, place: UUID, url: str) -> None:
    """The meter is set and locked, and unlocked by nobody before the plumbing has passed."""
    carla = story.office["carla"]
    meter = story.order("bill", "MTR_SET", place)
    assert story.assign(meter, story.town.today).status_code == 200
    story.work(meter, METER, {"photo_new_register": 1, "photo_new_serial": 1})
    shown = carla.get(url).json
    assert (shown["stage"], shown["physical_state"]) == ("meter_set", "set_off_locked")
    early = carla.post("/service-orders", {"type_code": "CUT_ON_NEW", "service_point_id": str(place)})
    assert (early.status_code, early.json["code"]) == (409, "tap_gate_closed")
    assert "inspection" in early.json["missing"]
    story.told("carla", f"{url}/inspection-request")
    story.told("carla", f"{url}/inspection", {"passed": True, "reference": "I-1"})


def test_a_request_goes_all_the_way_to_water_on_a_route(town: Town, story: Story) -> None:
    place, customer = build.untapped(town, at=(-78.9985, 35.0))
    carla, gus = story.office["carla"], story.office["gus"]
    published(town, a_route(town), [town.place() for _ in range(2)])

    url = _paid_and_permitted(story, place, customer)
    _dug(story, place)
    assert carla.get(url).json["stage"] == "installed"
    _inspected(story, place, url)
    assert story.told("carla", f"{url}/account", {"deposit_reference": "D-1"})["stage"] == "account_setup"
    [best] = gus.get(f"/service-points/{place}/route-proposals").json["items"]
    put = {"service_point_id": str(place), "after_stop_id": best["after_stop_id"]}
    assert gus.post(f"/routes/{best['route_id']}/stops", put).status_code == 201
    assert carla.get(url).json["stage"] == "on_route"

    on = story.order("carla", "CUT_ON_NEW", place)
    assert story.assign(on, town.today).status_code == 200
    story.work(on, ON, {})
    done = carla.get(url).json
    assert (done["stage"], done["missing"], done["next_stage"], done["physical_state"]) == ("active", [], None, "on")
    [account] = town.all(select(Account).where(Account.service_point_id == place))
    assert (account.status, account.customer_id) == ("active", customer)
    lines = carla.get(f"{url}/history?limit=100").json["items"]
    assert [line["to_stage"] for line in lines if line["event"] == "reach"] == [
        "site_survey", "quoted", "paid", "permits_ok", "locate_ticket_ok", "scheduled", "installed", "meter_set",
        "inspected", "account_setup", "on_route", "active",
    ]  # fmt: skip


def test_a_hydrant_meter_that_expires_is_fetched_and_billed(town: Town, story: Story) -> None:
    meter = Meter(id=new_id(), serial="HYD00017", size="3", status="stock")
    town.add(meter, Register(id=new_id(), meter_id=meter.id, position=1, dials=6, multiplier=Decimal(10), unit="GAL"))
    hydrant, _ = build.untapped(town)
    lend = story.order("carla", "TEMP_SET", hydrant)
    assert story.assign(lend, town.today).status_code == 200
    ends = (utc_now() + timedelta(days=30)).isoformat()
    what = {"serial_seen": "HYD00017", "hydrant": "H-1142", "backflow_device_no": "BF-88"}
    story.work(lend, {**what, "in_read": "000100", "deposit_ref": "D-1", "expires_at": ends}, {})
    [out] = story.office["carla"].get("/temp-services?out=true").json["items"]
    assert (out["hydrant"], out["serial"], out["days_out"]) == ("H-1142", "HYD00017", 0)
    with town.work() as work:
        work.session.execute(update(TempService).values(expires_at=work.at - timedelta(minutes=1)))
    with town.work() as work:
        assert temp_services.watch(work) == 1
    [late] = story.office["bill"].get("/temp-services?overdue=true").json["items"]
    fetch = late["pull_order_id"]
    assert story.assign(fetch, town.today).status_code == 200
    story.work(fetch, {**what, "out_read": "004500"}, {})
    back = story.office["bill"].get(f"/temp-services/{out['id']}").json
    assert (back["out"], back["overdue"], back["used_gallons"]) == (False, False, 44_000)
