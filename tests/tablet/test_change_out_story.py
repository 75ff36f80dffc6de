"""A change-out from the truck to the billing system's file, through HTTP, with the reference tablet."""

import csv
import io
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from api.core.context import EXTENSION, Context
from api.core.tokens import Claims
from curbstop.demo.jobs import picture
from curbstop.models import Discrepancy, Endpoint, ExportMark, Stop
from curbstop.settings import Settings
from curbstop.tablet import outbox, view
from tests.api.apps import app_on
from tests.api.office import Client
from tests.commands.test_change_outs import PHOTOS, captured
from tests.tablet.conftest import NewTablet
from tests.town import PEOPLE, Town


@pytest.fixture
def app(settings: Settings, engine: Engine) -> Flask:
    return app_on(settings, engine)


def desk(app: Flask, town: Town, name: str) -> Client:
    context: Context = app.extensions[EXTENSION]
    token = context.tokens.access_token(Claims(town.staff[name], None), [role.value for role in PEOPLE[name]])
    return Client(app, token)


def test_a_meter_is_changed_offline_and_everybody_hears_of_it(app: Flask, town: Town, new_tablet: NewTablet) -> None:
    place = town.place(last=1000)
    [stop] = town.route([place], to="tess")
    order_id = str(town.order("MTR_XCHG", place, to="tom"))
    tom, bill = new_tablet("tom"), desk(app, town, "bill")
    tom.client.sync()
    sequence = town.all(select(Stop.sequence).where(Stop.id == stop))

    # In the street, without a network: both halves in one op, and four photos that nobody has seen yet.
    tom.network.online = False
    tom.work.travel(order_id)
    tom.work.arrive(order_id)
    there = {"longitude": -78.999, "latitude": 35.0, "accuracy_m": 4}
    tom.work.complete(order_id, "DONE", captured(place), position=there)
    for number, label in enumerate(PHOTOS):
        tom.work.attach_photo(f"service_order/{order_id}", label, picture(number), "image/png")
    assert outbox.unanswered(tom.store) == 3 + len(PHOTOS)

    # Back in reach the ops go first; the order is done, and waits for its photos.
    tom.network.online = True
    tom.client.push()
    done = bill.get(f"/service-orders/{order_id}")
    assert (done.json["state"], done.json["captures"]["in_read"]) == ("completed", {"1": "0"})
    refused = bill.send("POST", f"/service-orders/{order_id}/post", version=done.json["version"])
    assert refused.json["code"] == "photos_missing"
    tom.client.sync()
    posted = bill.send("POST", f"/service-orders/{order_id}/post", version=_version(bill, order_id))
    assert posted.json["state"] == "posted", posted.json

    # Billing sees both meters in one period, the file for the other system has the exchange once.
    [change] = bill.get(f"/change-outs?service_point_id={place.id}").json["items"]
    assert (change["old_serial"], change["new_serial"], change["installer"]) == (place.serial, "NEW-0001", "Tom")
    [period] = bill.get(f"/service-points/{place.id}/consumption").json["periods"]
    assert (period["used_gal"], period["open"]) == ("42", True)
    assert sorted(town.all(select(ExportMark.kind).where(ExportMark.run_id.is_(None)))) == ["mco", "vflex"]
    run = bill.post("/exports/change-outs")
    assert (run.status_code, run.json["rows"]) == (201, 1)
    [row] = csv.DictReader(io.StringIO(bill.get(f"/exports/{run.json['id']}/file").text))
    assert (row["Service Point ID"], row["Old Serial"], row["Out Read"]) == ("SP-000001", place.serial, "1042")
    assert bill.post("/exports/change-outs").json["code"] == "nothing_to_export"

    # The round goes on as it was, at the same place of the sequence, with the new meter on its tablet.
    assert town.all(select(Stop.sequence).where(Stop.id == stop)) == sequence
    tess = new_tablet("tess")
    tess.client.sync()
    [shown] = [point for point in view.every(tess.store, "service_point") if point["id"] == str(place.id)]
    assert [(meter["serial"], meter["radio_id"]) for meter in shown["meters"]] == [("NEW-0001", "R9000001")]

    # The old radio is retired; heard again, it is a phantom.
    retired = town.all(select(Endpoint.retired_at).where(Endpoint.radio_id == "R0000001"))
    assert [moment is not None for moment in retired] == [True]
    sightings: dict[str, Any] = {"radios": [{"number": "R0000001", "at": "2099-01-01T00:00:00Z"}]}
    heard = desk(app, town, "ivy").post("/inventory/radios/heard", sightings)
    assert heard.json["radios"] == [{"number": "R0000001", "said": "phantom"}]
    assert town.all(select(Discrepancy.service_point_id)) == [place.id]


def test_what_the_books_say_against_it_is_kept_until_the_office_has_looked(
    app: Flask, town: Town, new_tablet: NewTablet
) -> None:
    """The technician's word that another meter was there comes back with the order, and nothing was lost meanwhile."""
    place = town.place(last=1000)
    order_id = str(town.order("MTR_XCHG", place, to="tom"))
    tom, bill = new_tablet("tom"), desk(app, town, "bill")
    tom.client.sync()
    tom.network.online = False
    tom.work.travel(order_id)
    tom.work.arrive(order_id)
    tom.work.complete(order_id, "DONE", captured(place, old_serial="STRAY-9"))
    for number, label in enumerate(PHOTOS):
        tom.work.attach_photo(f"service_order/{order_id}", label, picture(number), "image/png")
    tom.network.online = True
    tom.client.sync()
    order = town.read_order(UUID(order_id))
    assert (order.state, "incomplete_capture" in order.flags) == ("completed", True)
    assert order.captures["old_serial"] == "STRAY-9"
    refused = bill.send("POST", f"/service-orders/{order_id}/post", version=order.version)
    assert [finding["code"] for finding in refused.json["findings"]] == ["OLD_NOT_INSTALLED"]


def _version(bill: Client, order_id: str) -> int:
    return int(bill.get(f"/service-orders/{order_id}").json["version"])
