"""Change-out files: previewed, refused row by row, written once, and sent out to others once."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import event, func, select

from curbstop.cli.exports import exports as command
from curbstop.commands import leases
from curbstop.domain.problems import Problem
from curbstop.exporting import change_outs as change_out_files
from curbstop.importing import OPERATOR, Report, import_file
from curbstop.models import (
    ChangeOutRecord,
    Discrepancy,
    Endpoint,
    ExportMark,
    ImportBatch,
    Installation,
    Meter,
    Reading,
    ServiceOrder,
)
from curbstop.models.engine import Sessions
from curbstop.queries import exports as queries
from curbstop.settings import Settings
from tests.town import Place, Town

HEAD = (
    "Record Number,Record Type,Install Date,Serial Number,Starting Reading,Number of Dials,Meter Size,Transponder ID,"
    "Service Point ID,Old Serial,Out Read,Out Read Kind,Reason,Remark,Installer,Photos"
)
FOUR = "a.jpg;b.jpg;c.jpg;d.jpg"


@pytest.fixture
def town(sessions: Sessions, settings: Settings) -> Town:
    return Town(sessions, settings).settle()


def line(town: Town, number: int, place: Place, **changes: str) -> dict[str, str]:
    """One exchange of today at the place, with nothing odd about it."""
    with town.sessions.read() as session:
        serials = session.scalar(select(Meter.serial).where(Meter.id == place.meter_id))
    return {
        "Record Number": str(number), "Record Type": "MCO", "Install Date": town.today.isoformat(),
        "Serial Number": f"NEW{number}", "Starting Reading": "0", "Number of Dials": "7", "Meter Size": "5/8",
        "Transponder ID": f"T{number}", "Service Point ID": "", "Old Serial": str(serials), "Out Read": "1042",
        "Out Read Kind": "", "Reason": "planned", "Remark": "", "Installer": "Acme", "Photos": FOUR, **changes,
    }  # fmt: skip


def write(folder: Path, lines: Sequence[dict[str, str]]) -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, HEAD.split(","))
    writer.writeheader()
    writer.writerows(lines)
    path = folder / "mco.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def read_in(town: Town, path: Path, *, commit: bool = True) -> Report:
    return import_file(town.sessions, town.settings, OPERATOR, "change_outs", path, commit=commit)


def counts(report: Report) -> tuple[int, int, int]:
    return report.outcome.added, report.outcome.same, len(report.outcome.refused)


def codes(report: Report) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in report.outcome.refused]


def test_a_file_is_previewed_written_once_and_a_second_time_changes_nothing(town: Town, tmp_path: Path) -> None:
    """Must-pass 5, second half: re-upload of the same file is a no-op."""
    places = [town.place() for _ in range(3)]
    path = write(tmp_path, [line(town, number, place) for number, place in enumerate(places, 1)])
    assert counts(read_in(town, path, commit=False)) == (3, 0, 0)
    assert town.all(select(ChangeOutRecord)) == []
    assert counts(read_in(town, path)) == (3, 0, 0)
    before = {table: len(town.all(select(table))) for table in (Installation, Reading, Meter, ExportMark)}
    assert counts(read_in(town, path)) == (0, 3, 0)
    assert counts(read_in(town, path, commit=False)) == (0, 3, 0)
    assert {table: len(town.all(select(table))) for table in before} == before
    batches = town.all(select(ImportBatch.counts).order_by(ImportBatch.recorded_at))
    assert [(batch["added"], batch["same"]) for batch in batches] == [(3, 0), (0, 3)]


def test_both_halves_are_in_the_books(town: Town, tmp_path: Path) -> None:
    place = town.place()
    read_in(town, write(tmp_path, [line(town, 1, place)]))
    assert {row.serial: row.status for row in town.all(select(Meter))} == {place.serial: "removed", "NEW1": "installed"}
    kinds = {row.kind: row.value for row in town.all(select(Reading).where(Reading.source == "import"))}
    assert kinds == {"final": 1042, "initial": 0}
    assert {row.radio_id: row.retired_at is None for row in town.all(select(Endpoint))} == {
        "R0000001": False,
        "T1": True,
    }
    [record] = town.all(select(ChangeOutRecord))
    assert (record.installer, record.source, record.photos) == ("Acme", "import", FOUR.split(";"))


def test_a_serial_that_is_active_elsewhere_is_refused_and_the_others_are_written(town: Town, tmp_path: Path) -> None:
    """Must-pass 5, first half."""
    place, other, third = town.place(), town.place(), town.place()
    lines = [line(town, 1, place), line(town, 2, other, **{"Serial Number": third.serial})]
    report = read_in(town, write(tmp_path, lines))
    assert (counts(report), codes(report)) == ((1, 0, 1), [(3, "NEW_ACTIVE_ELSEWHERE")])
    assert f"{third.serial} is installed at" in report.preview.rejects_path.read_text(encoding="utf-8-sig")
    assert town.all(select(ChangeOutRecord.new_serial)) == ["NEW1"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Transponder ID": "R0000002"}, "ENDPOINT_ACTIVE_ELSEWHERE"),
        ({"Old Serial": "STRAY", "Service Point ID": "SP-000001"}, "OLD_NOT_INSTALLED"),
        ({"Service Point ID": "SP-000002"}, "OLD_NOT_INSTALLED"),  # the place does not change in an exchange
        ({"Service Point ID": "SP-009999"}, "no_such_place"),
        ({"Old Serial": "STRAY"}, "no_such_place"),
        ({"Out Read": "12345678"}, "DIGITS"),
        ({"Out Read": "900", "Photos": ""}, "OUT_LT_LAST"),
        ({"Out Read": ""}, "OUT_MISSING"),
        ({"Install Date": "2099-01-01"}, "IN_FUTURE"),
        ({"Install Date": "2020-01-01"}, "BEFORE_LAST_READ"),
    ],
)
def test_what_a_rule_rejects_is_refused_with_its_code(
    town: Town, tmp_path: Path, changes: dict[str, str], code: str
) -> None:
    place, _ = town.place(), town.place()
    report = read_in(town, write(tmp_path, [line(town, 1, place, **changes)]))
    assert codes(report) == [(2, code)]
    assert town.all(select(ChangeOutRecord)) == []


def test_what_a_rule_only_warns_of_is_written_and_told(town: Town, tmp_path: Path) -> None:
    place = town.place()
    odd = {"Meter Size": "1", "Photos": "", "Out Read": "", "Out Read Kind": "estimated", "Remark": "Glass broken"}
    report = read_in(town, write(tmp_path, [line(town, 1, place, **odd)]))
    assert counts(report) == (1, 0, 0)
    assert {row.reason for row in report.outcome.warned} == {"NEW_NOT_IN_STOCK", "SIZE_CHANGED", "PHOTOS_MISSING"}
    assert any("Look at line 2" in text for text in report.lines())
    assert "SIZE_CHANGED" in (tmp_path / "mco.warnings.csv").read_text(encoding="utf-8-sig")
    assert town.all(
        select(Reading.kind).where(Reading.register_id == place.register_id, Reading.source == "import")
    ) == ["estimated"]
    assert town.all(select(Discrepancy)) == []


def test_one_serial_stands_once_in_a_file(town: Town, tmp_path: Path) -> None:
    place, other = town.place(), town.place()
    lines = [line(town, 1, place), line(town, 2, other, **{"Serial Number": "NEW1"}), {**line(town, 1, place)}]
    report = read_in(town, write(tmp_path, lines))
    assert (counts(report), report.preview.duplicates, report.preview.rejected) == ((1, 0, 0), 1, 1)
    assert report.preview.reasons == {"duplicate_key": 1}


def test_a_place_that_comes_twice_is_changed_twice(town: Town, tmp_path: Path) -> None:
    place = town.place()
    again = line(town, 2, place, **{"Old Serial": "NEW1", "Out Read": "3", "Service Point ID": "SP-000001"})
    path = write(tmp_path, [line(town, 1, place), again])
    assert counts(read_in(town, path, commit=False)) == (2, 0, 0)
    assert counts(read_in(town, path)) == (2, 0, 0)
    assert counts(read_in(town, path)) == (0, 2, 0)
    assert town.all(select(Meter.serial).where(Meter.status == "installed")) == ["NEW2"]


def test_open_orders_for_the_same_change_are_called_back(town: Town, tmp_path: Path) -> None:
    place, other = town.place(), town.place()
    ready, out = town.order("MTR_XCHG", place), town.order("MTR_XCHG", other, to="tom")
    with town.work("tom") as work:
        leases.mark_pulled(work)
    read_in(town, write(tmp_path, [line(town, 1, place), line(town, 2, other)]))
    states = {row.id: row.state for row in town.all(select(ServiceOrder))}
    assert states == {ready: "cancelled", out: "recall_pending"}


def test_the_number_of_statements_does_not_grow_with_the_rows(town: Town, tmp_path: Path) -> None:
    few, many = _statements(town, tmp_path, range(1, 3)), _statements(town, tmp_path, range(10, 40))
    # A row that is inserted alone on SQLite still is one statement of the driver; nothing is asked for by row.
    assert many <= few + 6


def _statements(town: Town, folder: Path, numbers: range) -> int:
    path = write(folder, [line(town, number, town.place()) for number in numbers])
    engine, seen = town.sessions.engine, 0

    def count(*_: Any) -> None:
        nonlocal seen
        seen += 1

    event.listen(engine, "before_cursor_execute", count)
    try:
        assert counts(read_in(town, path)) == (len(numbers), 0, 0)
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return seen


def test_what_changed_goes_out_once_and_comes_back_as_it_is(town: Town, tmp_path: Path) -> None:
    places = [town.place() for _ in range(2)]
    read_in(town, write(tmp_path, [line(town, number, place) for number, place in enumerate(places, 1)]))
    with town.work("bill") as work:
        run, text = change_out_files.make(work)
        assert (run.number, run.rows) == (1, 2)
    with pytest.raises(Problem, match="nothing_to_export"), town.work("bill") as work:
        change_out_files.make(work)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["Serial Number"], row["Out Read"], row["Record Type"]) for row in rows] == [
        ("NEW1", "1042", "MCO"),
        ("NEW2", "1042", "MCO"),
    ]
    again = tmp_path / "again.csv"
    again.write_text(text, encoding="utf-8")
    report = read_in(town, again)
    assert counts(report) == (0, 2, 0), report.lines()
    with town.sessions.read() as session:
        assert change_out_files.again(session, town.actor("bill"), run.id) == text
        with pytest.raises(Problem, match="forbidden"):
            queries.run(session, town.actor("tom"), run.id)
        assert session.scalar(select(func.count()).select_from(ExportMark).where(ExportMark.run_id.is_(None))) == 2


def test_a_file_that_cannot_be_written_has_not_gone_out(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_in(town, write(tmp_path, [line(town, 1, town.place())]))
    monkeypatch.setenv("CURBSTOP_DATABASE_URL", town.settings.database_url)
    monkeypatch.setenv("CURBSTOP_DATA_DIR", str(town.settings.data_dir))
    monkeypatch.setenv("CURBSTOP_SECRET_KEY", town.settings.secret_key)
    failed = CliRunner().invoke(command, ["change-outs", str(tmp_path / "nowhere" / "out.csv")])
    assert isinstance(failed.exception, Problem)
    done = CliRunner().invoke(command, ["change-outs", str(tmp_path / "out.csv")])
    assert "Run 1: 1 rows" in done.output, done.exception
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").count("NEW1") == 1
