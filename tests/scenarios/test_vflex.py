"""Must-pass 10: a VFLEX row is 926 characters exactly, whatever the customer is called.

Bill tells the AMI system of the town's meters. One name has accents, one cannot be written at all, one is too long for
its field; what cannot be told is named, and comes with the next file once it is spelled otherwise.
"""

from typing import Any

from sqlalchemy import select, update

from curbstop.models import Account, Customer, Endpoint
from curbstop.models.base import utc_now
from tests.scenarios.conftest import Desk
from tests.town import Place, Town

# From docs/record-layouts.md, not from the code.
METER, RADIO, LATITUDE, NAME, PHONE = (0, 20), (40, 52), (103, 123), (475, 525), (525, 540)


def silence(town: Town, place: Place) -> None:
    """The place's radio is retired."""
    with town.sessions.write() as session:
        session.execute(update(Endpoint).where(Endpoint.meter_id == place.meter_id).values(retired_at=utc_now()))


def call(town: Town, place: Place, **edits: Any) -> None:
    """The customer of the place is another from now on."""
    ours = select(Account.customer_id).where(Account.id == place.account_id).scalar_subquery()
    with town.sessions.write() as session:
        session.execute(update(Customer).where(Customer.id == ours).values(**edits))


def rows(text: str) -> list[str]:
    """The file's rows; each ends with LF."""
    assert text.endswith("\n")
    return text[:-1].split("\n")


def cell(row: str, field: tuple[int, int]) -> str:
    return row[field[0] : field[1]]


def test_a_row_is_926_characters_whatever_the_customer_is_called(town: Town, desk: Desk) -> None:
    plain, accents, unwritable, long, withheld, mute = (town.place() for _ in range(6))
    silence(town, mute)
    call(town, accents, name="José Núñez")
    call(town, unwritable, name="\N{CJK UNIFIED IDEOGRAPH-674E} Wei")
    call(town, long, name="Pat " + "Longname-" * 9)
    call(town, withheld, name="Nobody Must-Know", name_withheld=True)
    bill = desk("bill")

    made = bill.post("/exports/vflex", {})
    assert made.status_code == 201, made.json
    assert (made.json["rows"], made.json["left_out"], made.json["unchanged"]) == (3, 2, 0)
    assert {(fault["field"], fault["reason"]) for fault in made.json["faults"]} == {
        ("customer", "unwritable"), ("customer", "too_long")
    }  # fmt: skip
    file = bill.get(f"/exports/{made.json['id']}/file")
    assert file.mimetype == "text/plain"
    told = rows(file.text)
    assert [len(row) for row in told] == [926] * 3
    assert [len(row.encode()) for row in told] == [926] * 3
    assert [cell(row, RADIO).rstrip() for row in told] == ["R0000001", "R0000002", "R0000005"]
    assert cell(told[0], METER).rstrip() == plain.serial
    assert cell(told[1], NAME).rstrip() == "Jose Nunez"
    assert (cell(told[2], NAME) + cell(told[2], PHONE)).strip() == ""
    assert cell(told[0], LATITUDE).rstrip() == "35.000000"
    assert mute.serial not in file.text

    # Nothing is told twice; what is spelled otherwise by now comes with the next file.
    call(town, unwritable, name="Li Wei")
    again = bill.post("/exports/vflex", {}).json
    assert (again["rows"], again["unchanged"], again["left_out"]) == (1, 3, 1)
    assert cell(rows(bill.get(f"/exports/{again['id']}/file").text)[0], NAME).rstrip() == "Li Wei"
    refused = bill.post("/exports/vflex", {})
    assert (refused.status_code, refused.json["code"]) == (409, "nothing_to_export")
    assert "1 rows do not fit" in refused.json["detail"]
    # The first file is still what it was.
    assert bill.get(f"/exports/{made.json['id']}/file").text == file.text
    assert bill.post("/exports/vflex", {"scope": "all"}).json["rows"] == 4


def test_a_place_that_is_gone_is_named_and_a_spreadsheet_runs_nothing(town: Town, desk: Desk) -> None:
    stays, goes = town.place(), town.place()
    call(town, stays, name="=HYPERLINK(1)")
    bill = desk("bill")
    made = bill.post("/exports/vflex", {"form": "csv"}).json
    file = bill.get(f"/exports/{made['id']}/file")
    assert file.mimetype == "text/csv"
    assert file.text.splitlines()[0].startswith("MeterID,SecondaryMeterID,RadioID,")
    assert ",'=HYPERLINK(1)," in file.text
    with town.sessions.write() as session:
        session.execute(update(Account).where(Account.id == goes.account_id).values(status="closed"))
    told = bill.post("/exports/vflex", {"scope": "changed"}).json
    assert (told["rows"], told["gone"], told["unchanged"]) == (0, 1, 1)
    assert [(fault["service_point"], fault["reason"]) for fault in told["faults"]] == [("SP-000002", "gone")]
    assert desk("tom").post("/exports/vflex", {}).json["code"] == "forbidden"
