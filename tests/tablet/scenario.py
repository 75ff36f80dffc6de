"""Runs a scenario of mobile-schema: the reference tablets against the real server."""

import json
from typing import Any
from uuid import UUID

import pytest

from curbstop.commands import dispatch
from curbstop.tablet import Offline, outbox, view
from tests.tablet.conftest import NewTablet, Tablet
from tests.town import Place, Town

WHO = {"a": "tom", "b": "tess"}


class Scenario:
    """One run of one scenario."""

    def __init__(self, scenario: dict[str, Any], town: Town, new_tablet: NewTablet) -> None:
        self.steps: list[dict[str, Any]] = scenario["steps"]
        self.town, self.new_tablet = town, new_tablet
        self.tablets: dict[str, Tablet] = {}
        self.ids: dict[str, str] = {}
        self.places: dict[str, Place] = {}
        self._settle(scenario["given"])

    def _settle(self, given: dict[str, Any]) -> None:
        for name, order in given.get("orders", {}).items():
            self.places[name] = self.town.place()
            self.ids[name] = str(self.town.order(order["type_code"], self.places[name], to=WHO[order["to"]]))
        for name, route in given.get("routes", {}).items():
            places = [self.town.place() for _ in range(route["stops"])]
            for number, stop in enumerate(self.town.route(places, to=WHO[route["to"]])):
                self.ids[f"{name}.{number}"], self.places[f"{name}.{number}"] = str(stop), places[number]

    def tablet(self, step: dict[str, Any]) -> Tablet:
        name = step.get("on", "a")
        if name not in self.tablets:
            self.tablets[name] = self.new_tablet(WHO[name])
        return self.tablets[name]

    def run(self) -> None:
        for step in self.steps:
            tablet = self.tablet(step)
            if "do" in step:
                self._do(tablet, step)
            elif "network" in step:
                _network(tablet, step["network"])
            elif "op" in step:
                self._op(tablet, step)
            elif "office" in step:
                self._office(step)
            else:
                self._expect(tablet, step["expect"])

    def _do(self, tablet: Tablet, step: dict[str, Any]) -> None:
        action = getattr(tablet.client, step["do"])
        if step.get("fails"):
            with pytest.raises(Offline):
                action()
        else:
            action()

    def _op(self, tablet: Tablet, step: dict[str, Any]) -> None:
        name = step["about"]
        place = self.places[name]
        text = json.dumps(step["args"]).replace("{id}", self.ids[name]).replace("{serial}", place.serial)
        args = json.loads(text.replace("{register_id}", str(place.register_id)))
        entity_type = {"order": "service_order"}.get(step["op"].partition(".")[0], step["op"].partition(".")[0])
        kept = tablet.store.server_row(entity_type, self.ids[name])
        outbox.append(tablet.store, step["op"], f"{entity_type}/{self.ids[name]}", args, kept[0] if kept else None)

    def _office(self, step: dict[str, Any]) -> None:
        order_id = UUID(self.ids[step["about"]])
        if step["office"] == "recall":
            with self.town.work("sue") as work:
                dispatch.recall(work, order_id, reason="the customer called")
        else:
            self.town.assign(order_id, WHO[step["to"]])

    def _expect(self, tablet: Tablet, wanted: dict[str, Any]) -> None:
        found = {name: getattr(self, f"_see_{name}")(tablet, value) for name, value in wanted.items()}
        assert found == wanted

    def _see_outbox(self, tablet: Tablet, _: Any) -> int:
        return outbox.unanswered(tablet.store)

    def _see_verdicts(self, tablet: Tablet, _: Any) -> list[str]:
        return [verdict["verdict"] for verdict in outbox.verdicts(tablet.store)]

    def _see_rows(self, tablet: Tablet, wanted: dict[str, int]) -> dict[str, int]:
        return {
            name: tablet.store.query("SELECT count(*) AS n FROM server_row WHERE entity_type = ?", name)[0]["n"]
            for name in wanted
        }

    def _order(self, tablet: Tablet, name: str) -> dict[str, Any] | None:
        return view.find(tablet.store, "service_order", self.ids[name])

    def _see_state(self, tablet: Tablet, wanted: dict[str, str]) -> dict[str, str | None]:
        return {name: (self._order(tablet, name) or {}).get("state") for name in wanted}

    def _see_leaving(self, tablet: Tablet, wanted: list[str]) -> list[str]:
        return [name for name in wanted if (self._order(tablet, name) or {}).get("leaving")]

    def _see_gone(self, tablet: Tablet, wanted: list[str]) -> list[str]:
        return [name for name in wanted if self._order(tablet, name) is None]

    def _see_visits(self, tablet: Tablet, wanted: dict[str, Any]) -> dict[str, Any]:
        stops = {stop["id"]: stop for stop in view.stops(tablet.store)}
        return {name: stops[self.ids[name]].get("visit", {}).get("kind") for name in wanted}

    def _see_server_state(self, tablet: Tablet, wanted: dict[str, str]) -> dict[str, str]:
        return {name: self.town.read_order(UUID(self.ids[name])).state for name in wanted}


def _network(tablet: Tablet, word: str) -> None:
    if word == "lose_reply":
        tablet.network.lose_replies = 1
    elif word == "break_stream":
        tablet.network.break_streams = 1
    else:
        tablet.network.online = word == "on"
