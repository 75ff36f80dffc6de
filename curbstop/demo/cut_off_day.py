"""Plays a cut-off day through real HTTP: the list to its sums, a payment while the tablet is offline, the restoral."""

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from curbstop.demo import errands, jobs
from curbstop.demo.office import Desk
from curbstop.tablet import Client, FieldWork, Store, Transport

Body = dict[str, Any]
# The demo is played on any day of the week and at any hour; a real utility keeps its own.
ANY_DAY: Body = {
    "calendar": {"country": "", "weekend": []},
    "cut_off": {
        "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "opens": "00:00",
        "closes": "23:59:59",
        "day_before_closure": "any",
    },
}
CENTS = (8_420, 12_950, 6_110)


class Day(Protocol):
    """What the day before it lends: the desks, the tablet, and where steps are told."""

    store: Store
    network: Transport
    client: Client
    work: FieldWork

    def desk(self, login: str) -> Desk: ...

    def note(self, title: str, detail: str, *, ok: bool = True) -> None: ...

    def seen(self, order_id: str) -> Body: ...

    def place(self, row: Body) -> Body: ...


class CutOffDay:
    """One list of three accounts: one pays too late for the crew, one in time, one has a dog."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.run: Body = {}
        self.accounts: list[Body] = []
        self.orders: list[Body] = []

    def play(self) -> None:
        self._billing_makes_the_list()
        self._the_list_becomes_orders()
        self._the_crew_goes_out()
        self._the_water_comes_back()
        self._everybody_is_told()

    def _step(self, login: str, step: str, **said: Any) -> None:
        self.run = self.day.desk(login).act(f"/cutoffs/{self.run['id']}/{step}", self.run["version"], **said)

    def _billing_makes_the_list(self) -> None:
        bill, amy = self.day.desk("bill"), self.day.desk("amy")
        policy = amy.get("/policy")
        if policy["content"]["calendar"]["weekend"]:
            amy.change("/policy", policy["version"], changes=ANY_DAY, reason="The demo runs on any day.")
        on = itertools.islice(self._with_water(), len(CENTS))
        self.accounts = list(on)
        told = [_standing(account, cents) for account, cents in zip(self.accounts, CENTS, strict=True)]
        bill.put("/standings", standings=told)
        ids = [account["id"] for account in self.accounts]
        self.run = bill.create("/cutoffs", cut_on=_tomorrow().isoformat(), account_ids=ids)
        total = self.run["sums"]["total"]
        self.day.note(
            f"{bill.person.name} builds a cut-off list",
            f"{self.run['number']}: {total['lines']} accounts, {total['cents'] / 100:,.2f} dollars",
            ok=total["lines"] == len(CENTS),
        )

    def _with_water(self) -> Any:
        """Accounts whose water is on and that nobody has work at."""
        carla = self.day.desk("carla")
        for place in itertools.islice(errands.places(carla), 40, None, 7):
            if place["physical_state"] != "on":
                continue
            accounts = carla.get("/accounts", service_point_id=place["id"])["items"]
            active = [account for account in accounts if account["status"] == "active"]
            if active and not carla.get("/service-orders", service_point_id=place["id"], open="true")["items"]:
                yield active[0]

    def _the_list_becomes_orders(self) -> None:
        self._step("bill", "proof")
        mailed = (_tomorrow() - timedelta(days=21)).isoformat()
        self._step("bill", "notices", mailed_on=mailed, method="first_class", proof="Print job 17")
        self._step("bill", "finalise", payments_as_of=_now())
        self._step("sue", "approve")
        self._step("bill", "release")
        bill = self.day.desk("bill")
        lines = bill.every(f"/cutoffs/{self.run['id']}/lines")
        by_account = {line["account_id"]: line for line in lines}
        self.orders = [by_account[account["id"]] for account in self.accounts]
        names = ", ".join(line["order_number"] for line in self.orders)
        self.day.note(f"{self.day.desk('sue').person.name} approves the list", f"released as {names}")

    def _the_crew_goes_out(self) -> None:
        dana, bill = self.day.desk("dana"), self.day.desk("bill")
        tom = errands.staff_id(dana, "tom")
        for line in self.orders:
            order = dana.get(f"/service-orders/{line['order_id']}")
            errands.assign(dana, order, tom, on=_tomorrow())
        self.day.client.sync()
        self.day.network.online = False
        paid = [_payment(account, cents) for account, cents in zip(self.accounts[:2], CENTS[:2], strict=True)]
        recalled = bill.put("/payments", payments=paid)["recalled"]
        self.day.note(
            "Two customers pay at the counter", f"{len(recalled)} orders are called back", ok=len(recalled) == 2
        )
        cut = self.day.seen(self.orders[0]["order_id"])
        jobs.lock(self.day.work, cut, self.day.place(cut))
        self.day.note("Tom cuts one off all the same", "his tablet has no network, and has not heard of it")
        dog = self.day.seen(self.orders[2]["order_id"])
        self.day.work.travel(dog["id"])
        self.day.work.arrive(dog["id"])
        self.day.work.return_(dog["id"], "NO_ACCESS_DOG")
        self.day.network.online = True
        self.day.client.sync()
        self.day.work.acknowledge_recall(self.orders[1]["order_id"])
        self.day.client.sync()
        states = [dana.get(f"/service-orders/{line['order_id']}")["state"] for line in self.orders]
        self.day.note("The tablet comes back", ", ".join(states), ok=states == ["completed", "cancelled", "returned"])

    def _the_water_comes_back(self) -> None:
        dana, carla = self.day.desk("dana"), self.day.desk("carla")
        place_id = self.accounts[0]["service_point_id"]
        found = dana.get("/service-orders", type_code="CUT_ON_RSTR", service_point_id=place_id)["items"]
        restoral = dana.get(f"/service-orders/{found[0]['id']}")
        errands.assign(dana, restoral, errands.staff_id(dana, "tom"))
        self.day.client.sync()
        seen = self.day.seen(restoral["id"])
        jobs.restore(self.day.work, seen, self.day.place(seen))
        self.day.client.sync()
        for order_id in (self.orders[0]["order_id"], restoral["id"]):
            errands.post(carla, order_id)
        state = carla.get(f"/service-points/{place_id}")["physical_state"]
        said = f"{restoral['number']} restores it without a fee; the water is {state}"
        self.day.note("The restoral was made by itself", said, ok=restoral["fees_waived"] and state == "on")

    def _everybody_is_told(self) -> None:
        carla = self.day.desk("carla")
        for line in self.orders[:2]:
            told = carla.get(f"/cutoffs/{self.run['id']}/lines/{line['id']}/explain")
            self.day.note(f"{carla.person.name} has the customer on the telephone", told["answer"])
        self.run = carla.get(f"/cutoffs/{self.run['id']}")
        self._step("bill", "close")
        sums = self.run["sums"]
        said = ", ".join(f"{sums[end]['lines']} {end}" for end in ("cut", "recalled", "returned", "excluded"))
        self.day.note("The list is closed, and its sums agree", said, ok=sums["total"]["lines"] == len(CENTS))


def _standing(account: Body, cents: int) -> Body:
    since = (_tomorrow() - timedelta(days=60)).isoformat()
    return {
        "account_id": account["id"],
        "past_due_cents": cents,
        "periods_past_due": 2,
        "delinquent_since": since,
        "debt_class": account["service_class"],
        "as_of": _now(),
    }


def _payment(account: Body, cents: int) -> Body:
    key = f"DEMO-{account['number']}-{_now()}"
    return {"account_id": account["id"], "source_key": key, "cents": cents, "received_at": _now()}


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _tomorrow() -> date:
    return datetime.now(errands.ZONE).date() + timedelta(days=1)
