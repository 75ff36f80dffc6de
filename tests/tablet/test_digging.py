"""An installation on the reference tablet: nobody digs before the locate ticket's legal start, network or not."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from curbstop.commands import locate_tickets
from curbstop.commands.locate_tickets import NewTicket
from curbstop.models import ServiceOrder
from curbstop.tablet import NotAllowed, outbox, view
from tests import tap_requests as build
from tests.tablet.conftest import NewTablet, Tablet
from tests.town import Town


def _ordered(town: Town, new_tablet: NewTablet, *, called_days_ago: int) -> tuple[Tablet, str]:
    """Tom's tablet with an installation planned for the first day that its ticket covers."""
    _, order_id = build.with_ticket(town, called_days_ago=called_days_ago)
    build.teach_taps(town)
    with town.work() as work:
        order = work.session.get_one(ServiceOrder, order_id)
        order.state, order.technician_id, order.scheduled_on = "assigned", town.staff["tom"], town.today
        work.session.flush()
    tablet = new_tablet("tom")
    tablet.client.sync()
    return tablet, str(order_id)


def test_the_ticket_is_on_the_tablet_and_an_early_spade_is_refused_offline(town: Town, new_tablet: NewTablet) -> None:
    tablet, order_id = _ordered(town, new_tablet, called_days_ago=0)
    tablet.network.online = False
    shown = view.find(tablet.store, "service_order", order_id)
    assert shown is not None
    assert shown["locate_ticket"] == "A1"
    with pytest.raises(NotAllowed, match="nobody may dig before"):
        tablet.work.arrive(order_id)
    begins, ends = (datetime.fromisoformat(shown[name]) for name in ("dig_from", "dig_until"))
    assert tablet.work.why_not_start(order_id, begins) is None
    assert "expired" in (tablet.work.why_not_start(order_id, ends + timedelta(seconds=1)) or "")


def test_a_new_ticket_reaches_the_tablet_with_its_order(town: Town, new_tablet: NewTablet) -> None:
    tablet, order_id = _ordered(town, new_tablet, called_days_ago=0)
    with town.work("dana") as work:
        now = NewTicket(number="E7", called_at=work.at, emergency=True, justification="Street undermined.")
        locate_tickets.record(work, UUID(order_id), now)
    tablet.client.sync()
    tablet.work.arrive(order_id)
    tablet.client.sync()
    assert town.read_order(UUID(order_id)).state == "on_site"


def test_a_tablet_that_digs_anyway_is_believed_and_flagged(town: Town, new_tablet: NewTablet) -> None:
    """An older app knows no tickets: its completion counts, for the hole is there."""
    tablet, order_id = _ordered(town, new_tablet, called_days_ago=0)
    kept = tablet.store.server_row("service_order", order_id)
    base = kept[0] if kept else None
    outbox.append(tablet.store, "order.arrive", f"service_order/{order_id}", {}, base)
    done = {"outcome": "DONE", "captures": build.INSTALL}
    outbox.append(tablet.store, "order.complete", f"service_order/{order_id}", done, base)
    tablet.client.sync()
    assert [one["verdict"] for one in outbox.verdicts(tablet.store)] == ["superseded_noop", "applied"]
    order = town.read_order(UUID(order_id))
    assert (order.state, "dug_without_ticket" in order.flags) == ("completed", True)
