"""THE map from topic to function, and the one entry that the queue calls: at least once in, exactly once out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from curbstop.commands import (
    access_checks,
    access_issues,
    connection_events,
    letter_batches,
    letters,
    outbox,
    policies,
    review,
    service_levels,
    thumbnails,
)
from curbstop.commands import map_packs as map_pack_commands
from curbstop.commands import snapshots as snapshot_commands
from curbstop.commands.work import Work, system_work
from curbstop.models.engine import Sessions, make_engine
from curbstop.settings import Settings, load
from sync import map_packs, snapshots

Payload = Mapping[str, Any]


def _auto_post(work: Work, payload: Payload) -> None:
    review.auto_post(work, UUID(payload["order_id"]))


def _order_repair(work: Work, payload: Payload) -> None:
    access_checks.order_repair(work, UUID(payload["access_issue_id"]))


def _recompute_due(work: Work, _payload: Payload) -> None:
    service_levels.recompute(work)


def _draw_thumbnail(sessions: Sessions, settings: Settings, payload: Payload) -> bytes | None:
    return thumbnails.draw(sessions, settings, UUID(payload["attachment_id"]))


def _keep_thumbnail(work: Work, payload: Payload, drawn: bytes | None) -> None:
    thumbnails.keep(work, UUID(payload["attachment_id"]), drawn)


def _set_letters(sessions: Sessions, settings: Settings, payload: Payload) -> list[letter_batches.Frozen]:
    return letter_batches.typeset(sessions, settings, [UUID(one) for one in payload["letter_ids"]])


def _freeze_letters(work: Work, _payload: Payload, found: list[letter_batches.Frozen]) -> None:
    letter_batches.freeze(work, found)


def _bind_batch(sessions: Sessions, settings: Settings, payload: Payload) -> letter_batches.Bound | None:
    return letter_batches.bind(sessions, settings, UUID(payload["batch_id"]))


def _keep_bound(work: Work, payload: Payload, bound: letter_batches.Bound | None) -> None:
    letter_batches.keep_bound(work, UUID(payload["batch_id"]), bound)


def _write_snapshot(sessions: Sessions, settings: Settings, payload: Payload) -> snapshots.Built | None:
    return snapshots.write(sessions, settings, payload["bucket"])


def _keep_snapshot(work: Work, _payload: Payload, built: snapshots.Built | None) -> None:
    snapshots.keep(work, built)


def _survey_map(sessions: Sessions, _settings: Settings, _payload: Payload) -> map_packs.Survey:
    return map_packs.survey(sessions)


def _take_survey(work: Work, _payload: Payload, found: map_packs.Survey) -> None:
    map_packs.take(work, found)


def _write_packs(sessions: Sessions, settings: Settings, payload: Payload) -> list[map_pack_commands.Built]:
    return map_packs.write(sessions, settings, payload["squares"])


def _keep_packs(work: Work, _payload: Payload, made: list[map_pack_commands.Built]) -> None:
    map_pack_commands.keep(work, made)


TOPICS: dict[str, Callable[[Work, Payload], object]] = {
    "service_order.completed": _auto_post,
    access_issues.UTILITY_FAULT: _order_repair,
    policies.CHANGED: _recompute_due,
    connection_events.TOPIC: connection_events.write,
}
# Topics whose long part comes first, outside the transaction, which then gets what was made.
PREPARED: dict[str, tuple[Callable[[Sessions, Settings, Payload], Any], Callable[[Work, Payload, Any], object]]] = {
    "attachment.stored": (_draw_thumbnail, _keep_thumbnail),
    letters.APPROVED: (_set_letters, _freeze_letters),
    letter_batches.GATHERED: (_bind_batch, _keep_bound),
    map_pack_commands.SURVEY: (_survey_map, _take_survey),
    map_pack_commands.BUILD: (_write_packs, _keep_packs),
    snapshot_commands.TOPIC: (_write_snapshot, _keep_snapshot),
}


@dataclass(slots=True)
class _Place:
    """Where jobs of this process run; the queue hands over nothing but strings."""

    settings: Settings | None = None
    sessions: Sessions | None = None


_place = _Place()


def use(settings: Settings, sessions: Sessions) -> None:
    """Says which database the jobs of this process work on."""
    _place.settings, _place.sessions = settings, sessions


def run(outbox_id: str, topic: str, payload: dict[str, Any]) -> None:
    """Carries out one job as the system, in one transaction; a second delivery of the same job does nothing.

    This path is stored in the queue: it never moves. A topic that this release does not know fails, and waits among
    the dead letters for one that does.
    """
    if _place.settings is None or _place.sessions is None:
        settings = load()
        use(settings, Sessions(make_engine(settings.database_url)))
    assert _place.settings is not None
    assert _place.sessions is not None
    function = _prepared(_place.sessions, _place.settings, topic, payload)
    with _place.sessions.write() as session:
        work = system_work(session, _place.settings)
        if outbox.first_time(work, UUID(outbox_id), topic):
            function(work, payload)


def _prepared(
    sessions: Sessions, settings: Settings, topic: str, payload: Payload
) -> Callable[[Work, Payload], object]:
    """The function of a topic, its long part done."""
    if topic not in PREPARED:
        return TOPICS[topic]
    prepare, write = PREPARED[topic]
    made = prepare(sessions, settings, payload)
    return lambda work, given: write(work, given, made)
