"""Signing in, refreshing and signing out, in the office and on a tablet."""

from datetime import timedelta
from typing import Any

from api.core import Answer, Blueprint, Body, reading, writing
from api.core.context import context
from api.core.schemas import Id, Many, Moment, Part, Text, Whole
from api.core.tokens import Claims
from curbstop.commands import sign_in, tries
from curbstop.commands.sign_in import SignedIn
from curbstop.domain.actors import SYSTEM, Actor
from curbstop.domain.permissions import Role
from curbstop.domain.problems import Problem
from curbstop.models.base import utc_now

blp = Blueprint(
    "auth", "auth", url_prefix="/auth", description="Sessions: a short access token, a rotating refresh token."
)


class SignInBody(Body):
    login = Text("The person's login.", "tess", required=True, shortest=1, longest=60)
    password = Text("The password.", "correct horse", required=True, shortest=1, longest=200, load_only=True)
    tablet_id = Id("On a tablet: the id that enrolling gave.", load_default=None)
    tablet_key = Text("On a tablet: the key that enrolling gave.", longest=128, load_default=None, load_only=True)


class RefreshBody(Body):
    refresh_token = Text("The refresh token of the last answer.", required=True, shortest=1, longest=200)


class SessionStaffAnswer(Answer):
    id = Id("The person's id.")
    login = Text("What they sign in with.", "tess")
    name = Text("Their name.", "Tess Okafor")
    roles = Many(Text("A role.", "TECH", choices=[role.value for role in Role]), "What they are to the utility.")


class SessionAnswer(Answer):
    access_token = Text("Send it as `Authorization: Bearer ...`.")
    refresh_token = Text(
        "Send it to /auth/refresh for the next pair; it is good once, and again if the reply was lost."
    )
    expires_in = Whole("Seconds until the access token ends.", 900)
    staff = Part(SessionStaffAnswer, "Who is signed in.")
    server_time = Moment("The server's clock.")
    viewing_until = Moment(
        "Until when the tablet may show what is on it without hearing from the server again; null in the office.",
        allow_none=True,
    )


@blp.operation(
    "POST",
    "/sign-in",
    body=SignInBody,
    answer=SessionAnswer,
    public=True,
    problems=("wrong_credentials", "tablet_revoked", "too_many_requests"),
)
def start_session(body: dict[str, Any]) -> dict[str, Any]:
    """Sign in with a login and password.

    With tablet_id and tablet_key the session belongs to that tablet, as the sync endpoints demand.
    """
    found, login = context(), body["login"].strip().lower()
    try:
        with reading() as session:
            tries.check(session, login, found.settings.sign_in_tries, utc_now())
            staff_id = sign_in.verify(session, login, body["password"])
        with writing(Actor(staff_id, login, tablet_id=body["tablet_id"])) as work:
            signed = sign_in.sign_in(
                work, staff_id, body["password"], tablet_id=body["tablet_id"], tablet_key=body["tablet_key"]
            )
            tries.right(work, login)
    except Problem as problem:
        if problem.code == "wrong_credentials":
            with writing(SYSTEM) as work:
                tries.wrong(work, login)
        raise
    return _session(signed)


@blp.operation(
    "POST",
    "/refresh",
    body=RefreshBody,
    answer=SessionAnswer,
    public=True,
    problems=("session_ended", "tablet_revoked"),
)
def refresh_session(body: dict[str, Any]) -> dict[str, Any]:
    """The next access and refresh token.

    When the reply was lost, the same refresh token gives the same successor for ten minutes, until that one is used.
    A token that comes again later ends the session.
    """
    with writing(SYSTEM) as work:
        signed = sign_in.refresh(work, body["refresh_token"])
    if signed is None:
        raise Problem("session_ended")
    return _session(signed)


@blp.operation("POST", "/sign-out", body=RefreshBody, public=True)
def end_session(body: dict[str, Any]) -> None:
    """End the session that the refresh token belongs to."""
    with writing(SYSTEM) as work:
        sign_in.sign_out(work, body["refresh_token"])


def _session(signed: SignedIn) -> dict[str, Any]:
    tokens, now = context().tokens, utc_now()
    lease = timedelta(days=context().settings.viewing_days)
    return {
        "access_token": tokens.access_token(Claims(signed.staff.id, signed.tablet_id), signed.staff.roles),
        "refresh_token": signed.refresh_token,
        "expires_in": tokens.access_s,
        "staff": signed.staff,
        "server_time": now,
        # An access token is short, so whoever syncs at all refreshes, and gets a new lease with it.
        "viewing_until": now + lease if signed.tablet_id is not None else None,
    }
