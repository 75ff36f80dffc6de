"""What every answer with rows for a tablet begins with: its technician's new orders are on the tablet."""

from collections.abc import Mapping
from typing import Any

from api.core.context import Context
from curbstop.commands import leases as lease_commands
from curbstop.commands import tablets
from curbstop.commands.work import Work
from curbstop.domain.actors import Actor
from curbstop.models.base import utc_now
from curbstop.queries import tablets as queries
from sync import clocks


def hand_over(found: Context, me: Actor, said: Mapping[str, Any] | None = None) -> None:
    """Orders that the answer will carry are on the tablet, even if the answer is lost on its way.

    `said` has what the tablet says of itself: `beacon`, `clock` and `schema_version`. It is kept when it is news, or
    now and then: an idle tablet writes nothing.
    """
    said = said or {}
    beacon, schema_version = said.get("beacon"), said.get("schema_version")
    with found.sessions.read() as session:
        waiting = queries.has_orders_to_take(session, me)
        leases = queries.has_leases_to_renew(session, me, found.settings, utc_now())
        news = queries.has_news(session, me, beacon, schema_version, utc_now())
    if waiting or leases or news:
        clock = clocks.read(said.get("clock"))
        with found.sessions.write() as session:
            work = Work(session, me, found.settings)
            if waiting:
                lease_commands.mark_pulled(work)
            if leases:
                lease_commands.renew_leases(work)
            if clock is not None:
                tablets.measure(work, clock)
            tablets.heard(work, beacon=beacon, clock=clock, schema_version=schema_version)
