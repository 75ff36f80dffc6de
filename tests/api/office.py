"""People by name with fixed roles, and a client that asks the API in their name."""

import uuid
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from api.core.context import EXTENSION, Context
from api.core.tokens import Claims
from curbstop.commands import staff, tablets
from curbstop.commands.work import Work, system_work
from curbstop.domain.actors import Actor
from curbstop.models import Staff
from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from tests.town import PEOPLE

PASSWORD = "correct horse battery"


class Client:
    """Asks as one person; creating POSTs get a fresh Idempotency-Key, edits the If-Match of `version`."""

    def __init__(self, app: Flask, token: str | None) -> None:
        self._client = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, url: str, **how: Any) -> Any:
        return self.send("GET", url, **how)

    def post(self, url: str, json: Any = None, *, key: str | None = None, **how: Any) -> Any:
        return self.send("POST", url, json=json, more={"Idempotency-Key": key or str(uuid.uuid4())}, **how)

    def patch(self, url: str, json: Any = None, **how: Any) -> Any:
        return self.send("PATCH", url, json=json, **how)

    def put(self, url: str, json: Any = None, **how: Any) -> Any:
        return self.send("PUT", url, json=json, **how)

    def send(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        version: int | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, str] | None = None,
        **how: Any,
    ) -> Any:
        sent = {**self.headers, **(more or {}), **(headers or {})}
        if version is not None:
            sent["If-Match"] = f'"v{version}"'
        if json is not None:
            how["json"] = json
        return self._client.open(url, method=method, headers=sent, **how)


def move_in(work: Work) -> dict[str, UUID]:
    """The people by name; tess is of lee's crew."""
    ids = {name: staff.create(work, login=name, name=name.title(), roles=roles).id for name, roles in PEOPLE.items()}
    staff.edit(work, ids["tess"], {"crew_lead_id": ids["lee"]})
    return ids


class Office:
    """A database with the people in it, and the application on it."""

    def __init__(self, app: Flask, sessions: Sessions, settings: Settings) -> None:
        self.app, self.sessions, self.settings = app, sessions, settings
        with sessions.write() as session:
            self.ids = {row.login: row.id for row in session.execute(select(Staff.login, Staff.id))}
            if not self.ids:
                self.ids = move_in(system_work(session, settings))

    def as_(self, name: str, *, tablet: UUID | None = None) -> Client:
        """A client with an access token of this person, signed in on the tablet if one is given."""
        context: Context = self.app.extensions[EXTENSION]
        roles = [role.value for role in PEOPLE[name]]
        return Client(self.app, context.tokens.access_token(Claims(self.ids[name], tablet), roles))

    def anyone(self) -> Client:
        """A client that nobody is signed in with."""
        return Client(self.app, None)

    def actor(self, name: str, tablet: UUID | None = None) -> Actor:
        return Actor(self.ids[name], name.title(), frozenset(PEOPLE[name]), tablet)

    def give_password(self, name: str, password: str = PASSWORD) -> None:
        with self.sessions.write() as session:
            staff.reset_password(system_work(session, self.settings), self.ids[name], password)

    def enrolled(self, name: str = "Truck 7") -> tablets.Enrolled:
        """A tablet, enrolled with a fresh code."""
        with self.sessions.write() as session:
            work = Work(session, self.actor("sue"), self.settings)
            return tablets.enrol(work, tablets.make_code(work, name).code, install_id=f"install of {name}")


__all__ = ["PASSWORD", "PEOPLE", "Client", "Office"]
