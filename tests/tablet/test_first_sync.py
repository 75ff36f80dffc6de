"""A first sync from prebuilt files: resumed by range, held against the name, and never taken for complete too early."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from curbstop.commands import service_points
from curbstop.commands import snapshots as commands
from curbstop.models import BucketRow
from curbstop.tablet import Offline
from sync import snapshots
from tests.tablet.conftest import NewTablet, Tablet
from tests.tablet.test_integrity import _copy
from tests.town import Place, Town


@pytest.fixture
def places(town: Town) -> list[Place]:
    places = [town.place(access_notes=f"Behind shed {number}" * 20) for number in range(30)]
    town.route(places, to="tom")
    return places


@pytest.fixture
def file(town: Town, places: list[Place]) -> Path:
    """The snapshot of Tom's route."""
    [bucket] = town.all(select(BucketRow.bucket).where(BucketRow.entity_type == "stop").distinct())
    sha256 = snapshots.build(town.sessions, town.settings, bucket)
    assert sha256 is not None
    return commands.path_of(town.settings.snapshots_dir, sha256)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any, int]]:
    """(path, Range, status) of everything that tablets send."""
    from curbstop.tablet import Transport

    calls: list[tuple[str, Any, int]] = []
    send = Transport.send

    def noting(self: Transport, method: str, path: str, **how: Any) -> Any:
        response = send(self, method, path, **how)
        calls.append((path, (how.get("headers") or {}).get("Range"), response.status_code))
        return response

    monkeypatch.setattr(Transport, "send", noting)
    return calls


def _without_snapshots(new_tablet: NewTablet) -> Tablet:
    tablet = new_tablet("tom")
    tablet.store.remember(no_snapshots=True)
    tablet.client.pull()
    return tablet


def test_it_ends_as_a_pull_does_and_says_that_it_is_complete(
    town: Town, places: list[Place], file: Path, new_tablet: NewTablet
) -> None:
    """Clauses 8.7 and 8.12, I16."""
    with town.work("sue") as work:
        service_points.edit(work, places[3].id, {"access_notes": "Since then"}, if_version=None)
    tablet = new_tablet("tom")
    assert tablet.store.fact("complete") is None
    assert tablet.client.pull() >= 61
    assert tablet.store.fact("complete") is True
    assert tablet.store.query("SELECT * FROM download") == []
    assert _copy(tablet.store) == _copy(_without_snapshots(new_tablet).store)


def test_a_broken_download_goes_on_behind_its_last_byte(
    file: Path, new_tablet: NewTablet, heard: list[tuple[str, Any, int]]
) -> None:
    """Clause 8.12, I15."""
    tablet = new_tablet("tom")
    for _ in range(3):
        tablet.network.break_streams = 1
        with pytest.raises(Offline):
            tablet.client.pull()
        assert tablet.store.fact("complete") is None
        assert tablet.store.query("SELECT * FROM server_row") == []
    tablet.client.pull()
    asked = [(span, status) for path, span, status in heard if path.endswith(file.name.split(".")[0])]
    begins = [int(span.removeprefix("bytes=").removesuffix("-")) for span, _ in asked]
    assert begins == sorted(set(begins))
    assert begins[1] > 0
    assert {status for _, status in asked} == {206}
    assert _copy(tablet.store) == _copy(_without_snapshots(new_tablet).store)


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
def test_a_file_that_is_not_what_its_name_says_is_done_without(file: Path, new_tablet: NewTablet, damage: str) -> None:
    """Clause 8.12."""
    data = bytearray(file.read_bytes())
    if damage == "flipped":
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    elif damage == "cut":
        file.write_bytes(data[:100])
    else:
        file.unlink()
    tablet = new_tablet("tom")
    tablet.client.pull()
    assert tablet.store.fact("complete") is True
    assert _copy(tablet.store) == _copy(_without_snapshots(new_tablet).store)


def test_marks_that_the_server_refuses_do_not_go_round_in_circles(
    file: Path, new_tablet: NewTablet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clause 8.12: done without."""
    offered = snapshots.offered
    monkeypatch.setattr(
        snapshots, "offered", lambda *given: [{**one, "resume": "not a mark"} for one in offered(*given)]
    )
    tablet = new_tablet("tom")
    tablet.client.pull()
    assert tablet.store.fact("complete") is True


def test_the_pull_may_break_after_the_files_are_staged(file: Path, new_tablet: NewTablet) -> None:
    """Clause 8.12, I15."""
    tablet = new_tablet("tom")
    lines = tablet.network.lines

    def cut(response: Any) -> Any:
        tablet.network.lines = lines  # type: ignore[method-assign]
        yield next(iter(lines(response)))
        raise Offline("the stream broke")

    tablet.network.lines = cut  # type: ignore[method-assign]
    with pytest.raises(Offline):
        tablet.client.pull()
    assert tablet.store.query("SELECT * FROM server_row") == []
    assert tablet.store.query("SELECT * FROM staged")
    tablet.client.pull()
    assert _copy(tablet.store) == _copy(_without_snapshots(new_tablet).store)
