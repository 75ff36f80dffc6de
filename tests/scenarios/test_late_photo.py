"""Must-pass 8: a photo that comes two days late lets its order go on."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update

from curbstop.demo.jobs import picture
from curbstop.models import Attachment, ServiceOrder
from curbstop.models.base import utc_now
from tests.api.office import Client
from tests.scenarios.conftest import Desk
from tests.tablet.conftest import NewTablet
from tests.town import Town


def test_a_photo_that_comes_two_days_late_lets_its_order_go_on(town: Town, desk: Desk, new_tablet: NewTablet) -> None:
    order_id = str(town.order("GEN", town.place(), to="tom"))
    tom, carla = new_tablet("tom"), desk("carla")
    tom.client.sync()
    tom.network.online = False
    tom.work.arrive(order_id)
    tom.work.attach_photo(f"service_order/{order_id}", "photo", picture(1), "image/png")
    tom.work.complete(order_id, "DONE", {"notes": "Lid replaced."})

    # In the evening there is enough of a network for the work, and not for its photo.
    tom.network.online = True
    tom.client.push()
    two_days_pass(town, order_id)
    refused = post(carla, order_id)
    assert (refused.status_code, refused.json["code"]) == (409, "photos_missing")
    assert [one["waiting"] for one in carla.get(f"/service-orders/{order_id}").json["photos"]["waiting"]] == [1]
    assert [one["order_id"] for one in carla.get("/attachments/waiting").json["items"]] == [order_id]

    # Two days later the tablet comes to the yard.
    tom.client.sync()
    assert carla.get("/attachments/waiting").json["items"] == []
    posted = post(carla, order_id)
    assert (posted.status_code, posted.json["state"]) == (200, "posted")
    assert carla.get(f"/service-orders/{order_id}").json["photos"]["waiting"] == []


def post(carla: Client, order_id: str) -> Any:
    version = carla.get(f"/service-orders/{order_id}").json["version"]
    return carla.post(f"/service-orders/{order_id}/post", version=version)


def two_days_pass(town: Town, order_id: str) -> None:
    """What was noted is two days old."""
    then = utc_now() - timedelta(days=2)
    with town.sessions.write() as session:
        session.execute(update(ServiceOrder).where(ServiceOrder.id == UUID(order_id)).values(completed_at=then))
        session.execute(
            update(Attachment).where(Attachment.order_id == UUID(order_id)).values(noted_at=then, created_at=then)
        )
