"""A database that is a copy of an earlier state is noticed, and says so to every tablet."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from curbstop.commands import history, leases
from curbstop.domain.problems import Problem
from curbstop.models.engine import Sessions, make_engine
from tests.services import databases, programs
from tests.sync.model_tablet import ModelTablet
from tests.town import Town


def _notice(town: Town) -> int:
    with town.work() as work:
        return history.notice(work)


@pytest.fixture
def tablet(town: Town) -> ModelTablet:
    """Tess's."""
    return ModelTablet(town, "tess")


@pytest.fixture
def backup(town: Town, tablet: ModelTablet, tmp_path: Path) -> Path:
    """A backup of the town with its tablet, by the database's own means."""
    _notice(town)
    return _back_up(town, tmp_path / "backup")


def _back_up(town: Town, target: Path) -> Path:
    url = make_url(town.settings.database_url)
    if url.get_backend_name() == "sqlite":
        with sqlite3.connect(str(url.database)) as source, sqlite3.connect(target) as copy:
            source.backup(copy)
        source.close()
        copy.close()
    else:
        _postgres("pg_dump", "-Fc", "-f", str(target), town.settings.database_url)
    return target


def _postgres(program: str, *arguments: str) -> None:
    words = [argument.replace("postgresql+psycopg://", "postgresql://") for argument in arguments]
    subprocess.run([programs.postgres_installations()[0].bin / program, *words], check=True, capture_output=True)


@contextmanager
def _restored(town: Town, backup: Path, run_folder: Path, backend: str) -> Iterator[Town]:
    """The same town on a database that the backup was restored into."""
    if backend == "embedded":
        path = str(make_url(town.settings.database_url).database)
        town.sessions.engine.dispose()
        for ending in ("", "-wal", "-shm"):
            Path(path + ending).unlink(missing_ok=True)
        shutil.copyfile(backup, path)
        url = town.settings.database_url
    else:
        url = databases.empty_database(run_folder, backend)
        _postgres("pg_restore", "-d", url, "--no-owner", str(backup))
    engine = make_engine(url)
    try:
        yield Town(Sessions(engine), replace(town.settings, database_url=url), town.staff, 50)
    finally:
        engine.dispose()
        if backend == "services":
            databases.drop_database(run_folder, url)


def test_a_restored_backup_is_noticed_by_itself_even_after_its_numbers_were_given_out_again(
    town: Town, tablet: ModelTablet, backup: Path, run_folder: Path, backend: str
) -> None:
    """Clause 8.10, I18: the cursor's number exists in the restored database, and means something else."""
    town.order("GEN", town.place(), to="tess")
    tablet.pull()
    with _restored(town, backup, run_folder, backend) as later:
        assert _notice(later) == 1
        for _ in range(5):
            later.order("GEN", later.place(), to="tess")
        tablet.town = later
        with pytest.raises(Problem, match="history_changed"):
            tablet.pull()
        assert _notice(later) == 0, "noticed once"


def test_without_the_new_history_the_same_restore_skips_rows_in_silence(
    town: Town, tablet: ModelTablet, backup: Path, run_folder: Path, backend: str
) -> None:
    """I18: what the identity is for. If this fails, cursors have become safe in another way."""
    for _ in range(4):
        town.order("GEN", town.place(), to="tess")
    tablet.pull()
    with _restored(town, backup, run_folder, backend) as later:
        order = later.order("GEN", later.place(), to="tess")
        with later.work("tess", tablet.tablet_id) as work:
            leases.mark_pulled(work)
        for _ in range(12):
            later.order("GEN", later.place(), to="tom")
        fresh = ModelTablet(later, "tess")
        fresh.pull()
        assert str(order) in fresh.rows("service_order")
        tablet.town = later
        tablet.pull()
        assert str(order) not in tablet.rows("service_order")


def test_nothing_is_noticed_where_nothing_was_restored(town: Town) -> None:
    """I18, the other way round: a restart is no restore."""
    assert [_notice(town) for _ in range(3)] == [0, 0, 0]
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    assert tablet.pull() == []


def test_an_older_copy_under_the_same_inode_is_noticed(town: Town, backup: Path, backend: str) -> None:
    """I18: the mark beside the file is drawn anew at every start."""
    if backend == "services":
        pytest.skip("of the embedded database's file")
    _notice(town)
    path = Path(str(make_url(town.settings.database_url).database))
    town.sessions.engine.dispose()
    for ending in ("-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    with path.open("r+b") as file:
        file.truncate()
        file.write(backup.read_bytes())
    assert _notice(town) == 1


def test_the_office_can_say_that_it_restored_a_backup(town: Town) -> None:
    """Clause 8.10."""
    town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    with town.work() as work:
        history.begin_anew(work, "restored from last night")
    with pytest.raises(Problem, match="history_changed"):
        tablet.pull()
    with town.work("dana") as work, pytest.raises(Problem, match="forbidden"):
        history.begin_anew(work, "for fun")


def test_a_look_that_was_not_committed_is_no_restored_backup(town: Town, tablet: ModelTablet) -> None:
    """Clause 8.10: the process died between drawing the mark and the commit, however often."""
    _notice(town)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            _look_and_die(town)
    assert _notice(town) == 0
    tablet.pull()


def _look_and_die(town: Town) -> None:
    with town.work() as work:
        assert history.notice(work) == 0
        raise ZeroDivisionError
