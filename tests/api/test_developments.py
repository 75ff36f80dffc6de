"""Developments through HTTP: a list previewed and brought, and how far it has come."""

from curbstop.models import Customer
from curbstop.models.ids import new_id
from tests.api.office import Office
from tests.town import Town


def test_billing_brings_a_list_and_the_office_sees_its_progress(office: Office, town: Town) -> None:
    builder = Customer(id=new_id(), number="CU-990001", name="Bright Homes")
    owner = Customer(id=new_id(), number="CU-990002", name="Ann Owner")
    town.add(builder, owner)
    bill = office.as_("bill")
    made = bill.post("/developments", {"name": "Mill Creek", "builder_id": str(builder.id)})
    assert (made.status_code, made.json["lots"], made.json["builder_name"]) == (201, 0, "Bright Homes"), made.json
    url = f"/developments/{made.json['id']}"
    lots = [{"lot": "1", "address": "2 Creek Ln"}, {"lot": "2", "address": "2 creek lane"}]
    wanted = {"added": 1, "same": 0, "refused": 1}
    for preview in (True, False):
        told = bill.put(f"{url}/lots", {"lots": lots, "preview": preview}).json
        assert {"added": told["added"], "same": told["same"], "refused": len(told["refused"])} == wanted
        assert (told["refused"][0]["line"], told["refused"][0]["reason"]) == (2, "twice")
        assert bill.get(url).json["lots"] == (0 if preview else 1)
    [lot] = office.as_("carla").get(f"{url}/lots?transferred=false").json["items"]
    body = {"customer_id": str(owner.id), "on": town.today.isoformat()}
    moved = office.as_("carla").post(f"/lots/{lot['id']}/transfer", body, version=lot["version"])
    assert (moved.status_code, moved.json["owner_name"], moved.json["account_status"]) == (
        200, "Ann Owner", "pending",
    ), moved.json  # fmt: skip
    [shown] = office.as_("sue").get("/developments?state=active").json["items"]
    assert (shown["lots"], shown["transferred"], shown["accounts"]) == (1, 1, 1)
    half = bill.put(f"{url}/lots", {"lots": [{"lot": "7", "address": "7 Creek Ln", "longitude": -79.0}]})
    assert (half.status_code, half.json["code"]) == (422, "invalid")
    closed = bill.patch(url, {"state": "closed"}, version=shown["version"])
    assert closed.json["state"] == "closed"
    assert bill.put(f"{url}/lots", {"lots": lots}).json["code"] == "development_closed"
    assert office.as_("tom").get(url).status_code == 403
