"""The clock: what happens by the hour, as a table, run by one process of all."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from curbstop.commands import (
    access_checks,
    change_log,
    change_out_projects,
    conflicts,
    history,
    housekeeping,
    letter_batches,
    map_packs,
    promises,
    removal_timers,
    request_keys,
    returned_payments,
    route_change_requests,
    schedules,
    scope,
    service_levels,
    service_orders,
    snapshots,
    taps,
    temp_services,
    uploads,
)
from curbstop.commands.work import Work, system_work
from curbstop.models.base import utc_now
from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from sync import forgotten
from workers.leader import Leader

log = logging.getLogger(__name__)

TICK_S = 1.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A command that is repeated; it returns how many rows it touched."""

    name: str
    every: timedelta
    command: Callable[[Work], int]


SCHEDULE = (
    Entry("unhold_due_orders", timedelta(minutes=1), service_orders.unhold_due),
    Entry("make_scheduled_orders", timedelta(minutes=1), schedules.make_due),
    Entry("recompute_due", timedelta(hours=1), service_levels.recompute),
    Entry("set_forgotten_letters", timedelta(minutes=5), letter_batches.set_forgotten),
    Entry("go_on_with_change_out_projects", timedelta(seconds=20), change_out_projects.go_on),
    Entry("order_access_checks", timedelta(minutes=10), access_checks.order_due),
    Entry("settle_promises", timedelta(minutes=10), promises.settle),
    Entry("list_returned_payments", timedelta(hours=1), returned_payments.list_due),
    Entry("tell_of_removals", timedelta(hours=1), removal_timers.tell_due),
    Entry("watch_temp_services", timedelta(hours=1), temp_services.watch),
    Entry("expire_tap_quotes", timedelta(hours=1), taps.expire_quotes),
    Entry("answer_forgotten_ops", timedelta(minutes=1), forgotten.answer),
    Entry("give_up_waiting_ops", timedelta(hours=1), forgotten.give_up_waiting),
    Entry("notice_restored_backup", timedelta(minutes=10), history.notice),
    Entry("forget_old_changes", timedelta(minutes=10), change_log.forget_old),
    Entry("ask_for_snapshots", timedelta(minutes=5), snapshots.ask),
    Entry("forget_old_snapshots", timedelta(hours=1), snapshots.forget_old),
    Entry("ask_for_map_packs", timedelta(minutes=5), map_packs.ask),
    Entry("forget_map_pack_files", timedelta(hours=1), map_packs.forget_files),
    Entry("tell_drifted_rows", timedelta(hours=1), scope.tell_drifted),
    Entry("forget_settled_conflicts", timedelta(hours=1), conflicts.forget_settled),
    Entry("forget_told_proposals", timedelta(hours=1), route_change_requests.forget_told),
    Entry("forget_answers", timedelta(hours=1), request_keys.forget_old),
    Entry("forget_jobs_done", timedelta(hours=1), housekeeping.forget_jobs_done),
    Entry("forget_wrong_tries", timedelta(hours=1), housekeeping.forget_wrong_tries),
    Entry("forget_refresh_tokens", timedelta(hours=1), housekeeping.forget_refresh_tokens),
    Entry("forget_enrolment_codes", timedelta(hours=1), housekeeping.forget_enrolment_codes),
    Entry("forget_expired_uploads", timedelta(hours=1), uploads.forget_expired),
)


class Clock:
    """Runs the schedule while this process leads; each entry in a transaction of its own."""

    def __init__(self, sessions: Sessions, settings: Settings, schedule: tuple[Entry, ...] = SCHEDULE) -> None:
        self.sessions, self.settings, self.schedule = sessions, settings, schedule
        self.leader = Leader(sessions)
        self._next: dict[str, datetime] = {}
        self._in_trouble = False

    def run(self, stop: threading.Event) -> None:
        """Ticks until `stop` is set, then lets another process lead."""
        while not stop.is_set():
            try:
                self.tick()
                self._in_trouble = False
            except Exception as error:  # noqa: BLE001 - the next tick tries again
                if not self._in_trouble:
                    log.warning("clock: cannot lead (%s: %s)", type(error).__name__, error)
                self._in_trouble = True
            stop.wait(TICK_S)
        self.leader.give_up()

    def tick(self, at: datetime | None = None) -> list[str]:
        """Runs what is due, if this process leads; the names of what ran. One entry's failure stops no other."""
        at = at or utc_now()
        if not self.leader.leads():
            self._next.clear()
            return []
        due = [entry for entry in self.schedule if self._next.get(entry.name, at) <= at]
        for entry in due:
            self._next[entry.name] = at + entry.every
            self._run(entry)
        return [entry.name for entry in due]

    def _run(self, entry: Entry) -> None:
        try:
            with self.sessions.write() as session:
                touched = entry.command(system_work(session, self.settings))
            if touched:
                log.info("clock: %s: %d rows", entry.name, touched)
        except Exception:
            log.exception("clock: %s failed; it is tried again in %s", entry.name, entry.every)
