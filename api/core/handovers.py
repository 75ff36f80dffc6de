"""What every answer with rows for a tablet begins with: its technician's new orders are on the tablet."""

from api.core.context import Context
from curbstop.commands import dispatch, tablets
from curbstop.commands.work import Work
from curbstop.domain.actors import Actor
from curbstop.models.base import utc_now
from curbstop.queries import tablets as queries


def hand_over(found: Context, me: Actor) -> None:
    """Orders that the answer will carry are on the tablet, even if the answer is lost on its way."""
    with found.sessions.read() as session:
        waiting = queries.has_orders_to_take(session, me)
        leases = queries.has_leases_to_renew(session, me, found.settings, utc_now())
        heard = queries.was_heard_lately(session, me, utc_now())
    if waiting or leases or not heard:
        with found.sessions.write() as session:
            work = Work(session, me, found.settings)
            if waiting:
                dispatch.mark_pulled(work)
            if leases:
                dispatch.renew_leases(work)
            tablets.heard(work)
