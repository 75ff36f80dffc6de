"""Carries jobs from the outbox to the queue: at least once, whatever stops in between."""

import logging
import threading
from collections.abc import Sequence
from datetime import datetime

from redis.exceptions import RedisError
from rq import Queue
from sqlalchemy.orm import Session

from curbstop.commands import outbox
from curbstop.models.base import utc_now
from curbstop.models.engine import Sessions
from curbstop.models.outbox import Outbox
from workers import queue as queues

log = logging.getLogger(__name__)

IDLE_S = 0.2
OUTAGE_S = 1.0


class Relay:
    """One relay; as many as you like may run. On PostgreSQL each takes other rows, on SQLite one is enough."""

    def __init__(self, sessions: Sessions, queue: Queue) -> None:
        self.sessions = sessions
        self.queue = queue
        self._in_trouble = False

    def run(self, stop: threading.Event) -> None:
        """Relays until `stop` is set. An outage of either side is logged once, and survived."""
        while not stop.is_set():
            try:
                wait_s = 0.0 if self.step() else OUTAGE_S if self._in_trouble else IDLE_S
                queues.put_back_due(self.queue)
                self._recovered()
            except Exception as error:  # noqa: BLE001 - whatever it is, the rows are still there
                self._report(error)
                wait_s = OUTAGE_S
            stop.wait(wait_s)

    def step(self, at: datetime | None = None) -> int:
        """Relays one batch of what is due at the moment; how many rows left the outbox.

        Jobs enter the queue before the rows' deletion commits: a crash in between enqueues them again under the same
        ids, and a job that is done is not done again. When Redis does not answer, the rows stay and are due later.
        """
        at = at or utc_now()
        with self.sessions.read() as session:
            rows = outbox.due(session, at)
        if not rows:
            return 0
        if self.sessions.is_sqlite:
            # The one who may write holds up all others, and Redis may take its time: it is asked before.
            error = self._put(rows)
            with self.sessions.write() as session:
                return self._settle(session, rows, at, error)
        with self.sessions.write() as session:
            rows = outbox.claim(session, at)
            return self._settle(session, rows, at, self._put(rows))

    def _put(self, rows: Sequence[Outbox]) -> RedisError | None:
        try:
            queues.put(self.queue, rows)
        except RedisError as error:
            self._report(error)
            return error
        return None

    def _settle(self, session: Session, rows: Sequence[Outbox], at: datetime, error: RedisError | None) -> int:
        if error is not None:
            outbox.put_off(session, rows, at, str(error))
            return 0
        outbox.remove(session, [row.id for row in rows])
        return len(rows)

    def _report(self, error: Exception) -> None:
        if not self._in_trouble:
            log.error("relay: jobs wait in the outbox (%s: %s)", type(error).__name__, error)
        self._in_trouble = True

    def _recovered(self) -> None:
        if self._in_trouble:
            log.info("relay: jobs leave the outbox again")
        self._in_trouble = False
