"""Must-pass 2: the same batch of ops three times over has the same answer, and one effect."""

import json
from uuid import UUID

from sqlalchemy import select

from curbstop.models import AccessIssue, OpLedger, OrderHistory
from curbstop.tablet import outbox
from tests.scenarios.conftest import Desk
from tests.tablet.conftest import NewTablet
from tests.town import Town


def test_a_batch_that_is_sent_three_times_happens_once(town: Town, desk: Desk, new_tablet: NewTablet) -> None:
    place = town.place()
    order_id = str(town.order("GEN", place, to="tom"))
    tom = new_tablet("tom")
    tom.client.sync()
    # A day's work without a network; the batch is what the tablet would send.
    tom.network.online = False
    tom.work.travel(order_id)
    tom.work.arrive(order_id)
    tom.work.complete(order_id, "DONE", {"notes": "Fine."})
    tom.work.report(str(place.id), "DOG", note="A big one.")
    batch = outbox.next_batch(tom.store)
    assert len(batch) == 4
    body = ('{"ops":[' + ",".join(batch) + "]}").encode()
    tom.network.online = True
    # The answers to the first two are lost on their way; the tablet knows nothing of what became of them.
    token = tom.store.fact("access_token")
    answers = [tom.network.send("POST", "/sync/v1/push", body=body, token=token).json() for _ in range(3)]
    verdicts = [json.dumps(answer["verdicts"], sort_keys=True) for answer in answers]
    assert verdicts[0] == verdicts[1] == verdicts[2]
    assert [one["verdict"] for one in answers[0]["verdicts"]] == ["applied"] * 4
    assert len(town.all(select(OpLedger.op_id))) == 4
    events = town.all(select(OrderHistory.event).where(OrderHistory.order_id == UUID(order_id)))
    assert [events.count(name) for name in ("travel", "arrive", "complete")] == [1, 1, 1]
    # The tablet itself sends them a fourth time, and is at rest.
    tom.client.sync()
    assert outbox.unanswered(tom.store) == 0
    told = desk("carla").get(f"/service-orders/{order_id}").json
    assert (told["state"], told["captures"]) == ("completed", {"notes": "Fine."})
    # Reported twice it would have occurred twice.
    assert [issue.occurrences for issue in town.all(select(AccessIssue))] == [1]
