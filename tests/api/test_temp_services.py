"""Temporary services through HTTP: what is out, and what should be back."""

from datetime import timedelta

from sqlalchemy import update

from curbstop.models import TempService
from curbstop.models.base import utc_now
from tests.api.office import Office
from tests.commands.test_temp_services import _set as set_one
from tests.town import Town


def test_the_office_sees_what_is_out_and_since_when_and_renews_it(office: Office, town: Town) -> None:
    first, second = set_one(town, 1), set_one(town, 2, hydrant="H-2000")
    with town.work() as work:
        late = update(TempService).where(TempService.id == second.id)
        past = utc_now() - timedelta(days=3)
        work.session.execute(late.values(expires_at=past, opened_at=past - timedelta(days=40)))
    carla = office.as_("carla")
    assert [one["number"] for one in carla.get("/temp-services?out=true").json["items"]] == [
        second.number, first.number,
    ]  # fmt: skip
    [overdue] = carla.get("/temp-services?overdue=true").json["items"]
    assert (overdue["hydrant"], overdue["days_out"], overdue["overdue"]) == ("H-2000", 43, True)
    assert len(carla.get("/temp-services?hydrant=h-1").json["items"]) == 1
    assert len(carla.get("/temp-services?expires_within_days=7").json["items"]) == 1
    url = f"/temp-services/{second.id}"
    renewed = carla.post(f"{url}/renew", {"reason": "Paving is late."}, version=overdue["version"])
    assert (renewed.status_code, renewed.json["renewals"], renewed.json["overdue"]) == (200, 1, False)
    assert carla.get("/temp-services?overdue=true").json["items"] == []
    assert office.as_("tom").get(url).status_code == 403
