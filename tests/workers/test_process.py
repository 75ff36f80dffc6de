"""Holds `python -m workers`: it starts, shares its private Valkey, keeps what is queued, ends on SIGTERM."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from tests.workers import processes
from workers import queue as queues
from workers.valkey import PrivateValkey


def test_it_ends_on_sigterm(settings: Settings) -> None:
    processes.end(processes.start(settings))
    processes.end(processes.start(settings, "--relay", "--clock"))


def test_what_is_queued_survives_a_restart_of_the_private_valkey(tmp_path: Path) -> None:
    for expected in (None, b"kept"):
        valkey = PrivateValkey(tmp_path)
        valkey.ensure()
        with Redis.from_url(valkey.url) as connection:
            assert connection.get("mark") == expected
            connection.set("mark", "kept")
        valkey.stop()


def test_the_private_valkey_is_shared_and_stopped_by_whoever_started_it(tmp_path: Path) -> None:
    first, second = PrivateValkey(tmp_path), PrivateValkey(tmp_path)
    first.ensure()
    second.ensure()
    assert second.process is None
    second.stop()
    with Redis.from_url(first.url) as connection:
        assert connection.ping()
    first.stop()
    assert not first._answers()


def test_a_long_data_folder_is_no_trouble(tmp_path: Path) -> None:
    valkey = PrivateValkey(tmp_path / ("long" * 30))
    valkey.ensure()
    assert valkey._answers()
    valkey.stop()


def test_without_a_redis_url_the_workers_bring_their_own(settings: Settings) -> None:
    embedded = replace(settings, redis_url="")
    processes.end(processes.start(embedded, redis_url=""))
    with queues.connected(embedded) as connection:
        assert connection.ping()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CURBSTOP_REDIS_URL", "redis://127.0.0.1:1/0", "Redis cannot be reached"),
        ("CURBSTOP_REDIS_URL", "http://nowhere", "CURBSTOP_REDIS_URL"),
        ("CURBSTOP_DATABASE_URL", "mysql://nowhere", "CURBSTOP_DATABASE_URL"),
    ],
)
def test_what_is_missing_is_said_in_one_line(settings: Settings, variable: str, value: str, said: str) -> None:
    environ = {
        **os.environ,
        "CURBSTOP_DATABASE_URL": settings.database_url,
        "CURBSTOP_REDIS_URL": settings.redis_url,
        "CURBSTOP_DATA_DIR": str(settings.data_dir),
        "CURBSTOP_SECRET_KEY": settings.secret_key,
        variable: value,
    }
    done = subprocess.run(
        [sys.executable, "-m", "workers"],
        cwd=Path(__file__).parents[2], env=environ, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr


def test_a_real_worker_takes_what_a_command_left(settings: Settings, sessions: Sessions) -> None:
    """The topic that the product has: an order that is gone fails, and ends among the failed or waits for its retry."""
    from curbstop.commands import journal
    from curbstop.commands.work import system_work
    from curbstop.models.ids import new_id

    with sessions.write() as session:
        job_id = str(
            journal.enqueue(system_work(session, settings), "service_order.completed", {"order_id": str(new_id())})
        )
    process = processes.start(settings)
    with Redis.from_url(settings.redis_url) as connection, connection.pubsub() as listener:
        listener.psubscribe("__none__")
        queue = queues.queue_on(connection)
        waits = 0
        while not queue.scheduled_job_registry.get_job_ids() and waits < 300:
            listener.get_message(timeout=0.1)
            waits += 1
        assert job_id in [
            *queue.scheduled_job_registry.get_job_ids(),
            *queue.started_job_registry.get_job_ids(),
            *queue.job_ids,
        ]
    processes.end(process)
