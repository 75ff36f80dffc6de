"""Owns the queue: the connection to Redis, how a job is put in, retried, and found when it has failed for good."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from redis import ConnectionPool, Redis
from redis.exceptions import RedisError
from rq import Queue, Retry
from rq.job import Job
from rq.registry import FailedJobRegistry, ScheduledJobRegistry
from rq.serializers import JSONSerializer

from curbstop.domain.problems import Problem
from curbstop.models.outbox import Outbox
from curbstop.settings import Settings
from workers.valkey import PrivateValkey

NAME = "curbstop"
ENTRY = "workers.jobs.run"
RETRY_AFTER_S = (1, 5, 30, 120, 600)
JOB_TIMEOUT_S = 300
PATIENCE_S = 5.0
FOREVER = -1


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A job that failed every time it was tried."""

    id: str
    topic: str
    failed_at: datetime | None
    error: str


@contextlib.contextmanager
def connected(settings: Settings) -> Iterator[Redis]:
    """A connection to the Redis of the settings, or to the private Valkey, which is started when nobody has yet.

    Problem(queue_unreachable) when nothing answers, Problem(bad_setting) when the URL is none.
    """
    private = None if settings.redis_url else PrivateValkey(settings.data_dir)
    try:
        if private:
            private.ensure()
        connection = connect(private.url if private else settings.redis_url)
        with contextlib.closing(connection):
            try:
                connection.ping()
            except RedisError as error:
                raise Problem(
                    "queue_unreachable",
                    f"Redis cannot be reached ({_line(error)}). Start it, or correct CURBSTOP_REDIS_URL.",
                ) from error
            yield connection
    finally:
        if private:
            private.stop()


def connect(url: str) -> Redis:
    """A connection that gives up soon instead of leaving whoever asked in the dark."""
    try:
        return Redis.from_url(url, socket_connect_timeout=2, health_check_interval=30)
    except ValueError as error:
        raise Problem("bad_setting", f"CURBSTOP_REDIS_URL is not a Redis URL: {error}") from None


def impatient(connection: Redis) -> Redis:
    """The same server, by connections whose commands give up soon: for whoever holds rows locked meanwhile."""
    pool = connection.connection_pool
    how = {**pool.connection_kwargs, "socket_timeout": PATIENCE_S}
    return Redis(connection_pool=ConnectionPool(connection_class=pool.connection_class, **how))


def queue_on(connection: Redis) -> Queue:
    """The one queue. Jobs are JSON; nothing that is read from Redis is ever unpickled."""
    return Queue(NAME, connection=connection, serializer=JSONSerializer)


def put(queue: Queue, rows: Sequence[Outbox]) -> None:
    """The rows as jobs, under their own ids: put in twice, a job is one job."""
    queue.enqueue_many(
        [
            Queue.prepare_data(
                ENTRY,
                args=[str(row.id), row.topic, row.payload],
                job_id=str(row.id),
                description=row.topic,
                timeout=JOB_TIMEOUT_S,
                result_ttl=0,
                failure_ttl=FOREVER,
                retry=Retry(max=len(RETRY_AFTER_S), interval=list(RETRY_AFTER_S)),
            )
            for row in rows
        ]
    )


def put_back_due(queue: Queue, *, whatever_time: bool = False) -> int:
    """Failed jobs whose next try has come go back into the queue; how many."""
    registry = ScheduledJobRegistry(queue=queue)  # type: ignore[no-untyped-call]
    until = 2**53 if whatever_time else None
    count = 0
    for job_id in registry.get_jobs_to_schedule(until):
        # Whoever removes it puts it back, so that two relays do not both.
        if queue.connection.zrem(registry.key, job_id) and Job.exists(job_id, connection=queue.connection):
            job = Job.fetch(job_id, connection=queue.connection, serializer=JSONSerializer)
            queue._enqueue_job(job)  # noqa: SLF001 - RQ's own scheduler does the same, in a process of its own
            count += 1
    return count


def dead_letters(queue: Queue) -> list[DeadLetter]:
    """Jobs that failed for good, the oldest first."""
    letters = []
    for job_id in FailedJobRegistry(queue=queue).get_job_ids():
        if Job.exists(job_id, connection=queue.connection):
            job = Job.fetch(job_id, connection=queue.connection, serializer=JSONSerializer)
            result = job.latest_result()
            lines = ((result.exc_string if result else "") or "no message").strip().splitlines()
            letters.append(DeadLetter(job_id, str(job.description), job.ended_at, lines[-1]))
    return letters


def try_again(queue: Queue, job_id: str) -> None:
    """A dead letter goes back into the queue with all its tries; Problem(not_found) when there is none."""
    registry = FailedJobRegistry(queue=queue)
    if job_id not in registry.get_job_ids():
        raise Problem("not_found", f"No failed job has the id {job_id}.")
    job = Job.fetch(job_id, connection=queue.connection, serializer=JSONSerializer)
    job.retries_left = len(RETRY_AFTER_S)
    job.save()
    registry.requeue(job)


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
