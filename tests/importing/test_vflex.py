"""`curbstop export vflex`: a file for the AMI system, written whole or not at all."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, update

from curbstop.cli.exports import exports as command
from curbstop.domain.problems import Problem
from curbstop.models import ExportMark, ExportRun, ServicePoint
from curbstop.models.base import utc_now
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id
from curbstop.settings import Settings
from tests.town import Town


@pytest.fixture
def town(sessions: Sessions, settings: Settings) -> Town:
    return Town(sessions, settings).settle()


@pytest.fixture(autouse=True)
def _at_the_town(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURBSTOP_DATABASE_URL", town.settings.database_url)
    monkeypatch.setenv("CURBSTOP_DATA_DIR", str(town.settings.data_dir))
    monkeypatch.setenv("CURBSTOP_SECRET_KEY", town.settings.secret_key)


def test_the_command_writes_what_fits_and_names_what_does_not(town: Town, tmp_path: Path) -> None:
    fits, nowhere = town.place(), town.place()
    with town.sessions.write() as session:
        session.execute(update(ServicePoint).where(ServicePoint.id == nowhere.id).values(location=None))
        for place in (fits, nowhere):
            session.add(ExportMark(id=new_id(), kind="vflex", service_point_id=place.id, marked_at=utc_now()))
    done = CliRunner().invoke(command, ["vflex", str(tmp_path / "out.txt")])
    assert done.exit_code == 0, done.output
    assert "1 rows" in done.output
    assert "Latitude is empty" in done.output
    assert [len(row) for row in (tmp_path / "out.txt").read_text("ascii").splitlines()] == [926]
    with town.sessions.read() as session:
        # The place that was left out is still to be told of.
        waiting = session.scalars(select(ExportMark.service_point_id).where(ExportMark.run_id.is_(None))).all()
    assert waiting == [nowhere.id]


def test_a_file_that_cannot_be_written_has_not_gone_out(town: Town, tmp_path: Path) -> None:
    town.place()
    failed = CliRunner().invoke(command, ["vflex", str(tmp_path / "nowhere" / "out.txt")])
    assert isinstance(failed.exception, Problem)
    with town.sessions.read() as session:
        assert session.scalar(select(func.count()).select_from(ExportRun)) == 0
    assert CliRunner().invoke(command, ["vflex", str(tmp_path / "out.txt")]).exit_code == 0
    there = CliRunner().invoke(command, ["vflex", str(tmp_path / "out.txt")])
    assert isinstance(there.exception, Problem)
    # Nothing is new: no file is left behind either.
    assert isinstance(CliRunner().invoke(command, ["vflex", str(tmp_path / "two.txt")]).exception, Problem)
    assert not (tmp_path / "two.txt").exists()
    assert list(town.settings.parts_dir.glob("vflex-*")) == []
