"""Takes jobs from the queue and carries them out, one at a time, in this very process."""

import logging
import signal
import threading
from types import FrameType

from redis import Redis
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from workers import jobs
from workers import queue as queues
from workers.relay import Relay

log = logging.getLogger(__name__)

OUTAGE_S = 1.0


class Worker(SimpleWorker):
    """RQ's worker without a fork: the pool of database connections and the relay's thread would not survive one."""

    max_connection_wait_time = 5.0

    def __init__(self, connection: Redis, stop: threading.Event) -> None:
        super().__init__(
            [queues.queue_on(connection)],
            connection=connection,
            serializer=JSONSerializer,
            log_job_description=False,
        )
        self.stop = stop

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """The first SIGTERM or SIGINT: the job at hand is finished, then everything stops."""
        self.stop.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def _install_signal_handlers(self) -> None:
        if threading.current_thread() is threading.main_thread():
            super()._install_signal_handlers()  # type: ignore[no-untyped-call]
        # A signal that came before the handlers were RQ's.
        if self.stop.is_set():
            self._stop_requested = True


def work(connection: Redis, settings: Settings, sessions: Sessions, stop: threading.Event) -> None:
    """Works until SIGTERM or SIGINT; outlives outages of Redis. Call it in the main thread, which gets the signals."""
    jobs.use(settings, sessions)
    while not stop.is_set():
        try:
            Worker(connection, stop).work(logging_level="WARNING")
        except RedisError as error:
            log.warning("worker: Redis does not answer (%s)", error)
            stop.wait(OUTAGE_S)


def drain(sessions: Sessions, settings: Settings, connection: Redis) -> int:
    """Runs everything that is due to its end, retries without their waits included; how many rows were relayed.

    The same relay, queue and jobs as in earnest, one after the other: for tests and for whoever wants to see the end.
    """
    jobs.use(settings, sessions)
    queue = queues.queue_on(connection)
    relay, relayed = Relay(sessions, queue), 0
    handlers = [(number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)]
    while True:
        step = relay.step()
        back = queues.put_back_due(queue, whatever_time=True)
        if not step and not back and not queue.count:
            break
        relayed += step
        Worker(connection, threading.Event()).work(burst=True, logging_level="WARNING")
    if threading.current_thread() is threading.main_thread():
        for number, handler in handlers:
            signal.signal(number, handler)
    return relayed
