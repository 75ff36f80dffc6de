"""Plays a technician's day through real HTTP: the office's requests and the reference tablet, nothing pretended."""

import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curbstop.demo import errands, jobs
from curbstop.demo.cut_off_day import CutOffDay
from curbstop.demo.office import Desk, OfficeError
from curbstop.demo.papers import Papers
from curbstop.demo.people import PEOPLE, Person
from curbstop.demo.summary import Step, Summary, Tell
from curbstop.tablet import (
    Client,
    FieldWork,
    NotAllowed,
    Offline,
    Refused,
    SignInNeeded,
    Store,
    Transport,
    outbox,
    view,
)

_WENT_WELL = ("applied", "merged")


def play_day(
    base_url: str, people: Sequence[Person] = PEOPLE, progress: Tell | None = None, *, papers: Path | None = None
) -> Summary:
    """Plays the day against a running server with a loaded utility; never raises for what the server does.

    `papers` is the folder that letters and files are written into; without one they are gone with the day.
    `progress(step)` is called after each step. The first step that goes wrong is the last.
    """
    with tempfile.TemporaryDirectory(prefix="curbstop-tablet-") as folder:
        day = _Day(base_url, people, Path(folder), progress)
        day.folder = papers or Path(folder) / "papers"
        try:
            day.play()
        except (OfficeError, Refused, Offline, SignInNeeded, NotAllowed, LookupError) as error:
            day.note("The day ended early", f"{type(error).__name__}: {error}", ok=False)
        finally:
            day.close()
    return day.summary


class _Day:
    """The day's people, their places, and what they have found out so far."""

    def __init__(self, base_url: str, people: Sequence[Person], folder: Path, tell: Tell | None) -> None:
        self.base_url = base_url
        self.folder = folder / "papers"
        self.people = {person.login: person for person in people}
        self.tell = tell
        self.summary = Summary()
        self.desks: dict[str, Desk] = {}
        self.store = Store(folder / "tablet.db")
        self.network = Transport(base_url)
        self.client = Client(self.store, self.network)
        self.work = FieldWork(self.store)
        self.made: dict[str, dict[str, Any]] = {}
        self.orders: dict[str, str] = {}
        self.points: dict[str, str] = {}

    def close(self) -> None:
        for desk in self.desks.values():
            desk.close()
        self.network.close()
        self.store.close()

    def desk(self, login: str) -> Desk:
        """The person's session, signed in when first needed."""
        if login not in self.desks:
            self.desks[login] = Desk(self.base_url, self.people[login])
        return self.desks[login]

    def note(self, title: str, detail: str, *, ok: bool = True) -> None:
        step = Step(title, detail, ok)
        self.summary.steps.append(step)
        if self.tell is not None:
            self.tell(step)

    def count(self, **counts: Any) -> None:
        self.summary.counts.update(counts)

    def play(self) -> None:
        for act in (
            self.the_office_prepares,
            self.the_office_dispatches,
            self.the_tablet_takes_the_work_along,
            self.the_work_is_done_offline,
            self.the_work_comes_back,
            self.the_photos_follow,
            self.the_office_reviews,
            self.the_tablet_is_empty_again,
            self.the_office_sees_what_was_done,
            self.papers_go_out,
            self.a_cut_off_day,
        ):
            act()
            if not self.summary.ok:
                return

    # -- morning, in the office

    def the_office_prepares(self) -> None:
        # Every third place, so that the route's first stops are somebody else's.
        where = itertools.islice(errands.places(self.desk("carla")), 2, None, 3)
        for job in jobs.JOBS:
            desk = self.desk(job.created_by)
            order, place = errands.order_somewhere(desk, where, job.type_code, job.instructions)
            order = self.made[job.type_code] = errands.released(desk, order)
            self.orders[job.type_code], self.points[job.type_code] = order["id"], place["id"]
            what = f"{order['number']} {job.type_code} at {place['address']}: {order['state']}"
            self.note(f"{desk.person.name} creates an order", what, ok=order["state"] == "ready")

    def the_office_dispatches(self) -> None:
        dana = self.desk("dana")
        tom = errands.staff_id(dana, "tom")
        for place, order in enumerate(self.made.values(), start=1):
            errands.assign(dana, order, tom, place=place)
        route = errands.start_route(dana, tom)
        detail = f"{len(self.orders)} orders and route {route['code']} for {self.people['tom'].name}"
        self.note(f"{dana.person.name} dispatches", detail)
        self.count(orders_created=len(self.orders), stops=route["stops"])

    # -- the tablet

    def the_tablet_takes_the_work_along(self) -> None:
        code = self.desk("sue").create("/tablets/enrolment-codes", tablet_name="Truck 7")["code"]
        name, tom = self.client.enrol(code), self.people["tom"]
        self.client.sign_in(tom.login, tom.password)
        self.note("The tablet enrols", f"{name}; {tom.name} signs in")
        rows = self.client.pull()
        mine = {order["id"] for order in view.orders(self.store)}
        stops = len(view.stops(self.store))
        ok = set(self.orders.values()) <= mine and stops >= self.summary.counts["stops"]
        self.note("The tablet pulls", f"{rows} rows: {len(mine)} orders, {stops} stops", ok=ok)
        self.count(rows_pulled=rows)

    def the_work_is_done_offline(self) -> None:
        self.network.online = False
        self.note("The network goes off", "everything from here on is in the tablet only")
        for job in jobs.JOBS:
            order = self.seen(self.orders[job.type_code])
            place = self.place(order)
            job.do(self.work, order, place)
            state = self.seen(order["id"])["state"]
            self.note(job.said, f"{order['number']} at {place['address']}: {state}", ok=state == "completed")
        self._walk()
        try:
            self.client.sync()
        except Offline:
            waiting = outbox.unanswered(self.store)
            self.note("The tablet tries to sync", f"no network; {waiting} ops are kept", ok=waiting > 0)
            self.count(ops=waiting)
        else:
            self.note("The tablet tries to sync", "it went through although the network was off", ok=False)

    def _walk(self) -> None:
        busy = set(self.points.values())
        todo = [s for s in view.stops(self.store) if not s.get("visit") and s["service_point_id"] not in busy]
        first, second = todo[0], todo[1]
        place = self.place(first)
        jobs.read(self.work, first, place)
        self.note(f"{self.people['tom'].name} reads a stop", f"{place['address']}, route {first['route_code']}")
        self.work.skip(second["id"], "VEG", category="FOLIAGE", note="Hedge over the box.")
        where = self.place(second)["address"]
        self.note(f"{self.people['tom'].name} skips a stop", f"{where}: hedge over the box")
        self.points["skipped"] = second["service_point_id"]

    def the_work_comes_back(self) -> None:
        self.network.online = True
        self.network.lose_replies = 1
        try:
            self.client.push()
        except Offline:
            self.note("The network comes back", "the first push arrives, its answer is lost")
        first = {op["op_id"]: op["verdict"] for op in self.client.server_ops()}
        answered = self.client.push()
        second = {verdict["op_id"]: verdict["verdict"] for verdict in outbox.verdicts(self.store)}
        self.note("The tablet pushes again", f"{answered} ops, the same verdicts as before", ok=first == second)
        bad = [f"{v['kind']}: {v['verdict']} {v['code']}" for v in self._verdicts() if v["verdict"] not in _WENT_WELL]
        ok = not bad and not outbox.unanswered(self.store) and answered == self.summary.counts["ops"]
        self.note("Every op has its verdict", "; ".join(bad) or f"{len(second)} applied, none twice", ok=ok)
        self.count(ops_answered=answered, ops_applied=len(second) - len(bad))

    def _verdicts(self) -> list[dict[str, Any]]:
        return outbox.verdicts(self.store)

    def the_photos_follow(self) -> None:
        taken = self.store.query("SELECT count(*) AS many FROM attachment")[0]["many"]
        report = self.client.sync()
        detail = f"{report.uploaded} of {taken} photos stored; {report.rows} rows pulled"
        self.note("The tablet pulls and sends its photos", detail, ok=report.uploaded == taken)
        self.count(photos=taken)

    # -- afternoon, in the office

    def the_office_reviews(self) -> None:
        posted = 0
        for job in jobs.JOBS:
            desk = self.desk(job.posted_by)
            done = errands.post(desk, self.orders[job.type_code])
            posted += done["state"] == "posted"
            what = f"{done['number']} {job.type_code}: {done['state']}"
            self.note(f"{desk.person.name} reviews and posts", what, ok=done["state"] == "posted")
        self.count(orders_posted=posted)

    def the_tablet_is_empty_again(self) -> None:
        self.client.sync()
        left = set(self.orders.values()) & {
            order["id"] for order in view.orders(self.store) if order["state"] not in ("posted", "completed")
        }
        self.note("The tablet pulls once more", f"{len(left)} of the day's orders are still to do", ok=not left)

    def the_office_sees_what_was_done(self) -> None:
        carla = self.desk("carla")
        for job in jobs.JOBS:
            point_id = self.points[job.type_code]
            wrong = errands.missing_at(carla, point_id, self._evidence(job), job.physical_state)
            said = wrong or job.afterwards
            self.note(f"{carla.person.name} looks at the service point", f"{job.type_code}: {said}", ok=not wrong)
        issues = carla.every("/access-issues", service_point_id=self.points["skipped"])
        detail = ", ".join(f"{issue['category']} ({issue['state']})" for issue in issues) or "none"
        self.note(f"{carla.person.name} sees the access issue", detail, ok=bool(issues))
        self.count(access_issues=len(issues))

    def papers_go_out(self) -> None:
        """A letter about the hedge, and the file of the day's change-outs."""
        for told in Papers(self.desk("carla"), self.desk("bill"), self.folder).go_out(self.points["skipped"]):
            self.note(*told)

    def a_cut_off_day(self) -> None:
        CutOffDay(self).play()

    def _evidence(self, job: jobs.Job) -> list[str]:
        """What a timeline must speak of."""
        order = self.made[job.type_code]
        return [order["number"], *([jobs.new_serial(order)] if job.type_code == "MTR_XCHG" else [])]

    # -- what the technician sees

    def seen(self, order_id: str) -> dict[str, Any]:
        found = view.find(self.store, "service_order", order_id)
        if found is None:
            raise LookupError(f"order {order_id} is not on the tablet")
        return found

    def place(self, row: dict[str, Any]) -> dict[str, Any]:
        found = view.find(self.store, "service_point", row["service_point_id"])
        if found is None:
            raise LookupError(f"service point {row['service_point_id']} is not on the tablet")
        return found
