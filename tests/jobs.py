"""Carries out what waits in the outbox at once, without a queue: for tests that ask what came of it."""

from sqlalchemy import delete, select

from curbstop.models.outbox import Outbox
from tests.town import Town
from workers import jobs


def carry_out(town: Town) -> None:
    """Runs every job that waits, and those that they make, in the order in which they were written."""
    jobs.use(town.settings, town.sessions)
    while rows := town.all(select(Outbox).order_by(Outbox.id)):
        for row in rows:
            jobs.run(str(row.id), row.topic, row.payload)
            with town.sessions.write() as session:
                session.execute(delete(Outbox).where(Outbox.id == row.id))
