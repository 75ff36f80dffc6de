"""Who sends a request: the bearer token, checked against the person and the tablet as they are now."""

import math
import time
from base64 import b64decode

from flask import g, request

from api.core.context import context
from curbstop.domain.actors import Actor
from curbstop.domain.problems import Problem
from curbstop.domain.texts import is_storable
from curbstop.queries import layer_keys, staff

# What the scheme of RFC 6750 is called, and what PowerSync's SDKs call it.
SCHEMES = frozenset({"bearer", "token"})
# What every operation that is not public can answer.
CODES = ("not_signed_in", "session_ended", "tablet_revoked")


def identify(*, blocked_too: bool = False, by_key: bool = False) -> Actor:
    """Sets and returns the request's actor, or raises the problem that keeps them out.

    `blocked_too`: also from a blocked tablet, for as long as its last access token is good. `by_key`: also a tool that
    sends somebody's login and key for layers, as HTTP's own basic authentication has it.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    g.by_key = by_key
    if by_key and scheme.lower() == "basic":
        return _by_key(token.strip())
    if scheme.lower() not in SCHEMES or not token.strip():
        raise Problem("not_signed_in")
    found = context()
    claims = found.tokens.read_access_token(token.strip())
    with found.sessions.glance() as connection:
        g.actor = staff.actor_of(connection, claims.staff_id, claims.tablet_id, blocked_too=blocked_too)
    g.session_ends = claims.issued_at + found.tokens.access_s
    actor: Actor = g.actor
    return actor


def _by_key(sent: str) -> Actor:
    try:
        login, _, key = b64decode(sent, validate=True).decode().partition(":")
    except ValueError:
        raise Problem("not_signed_in", "Send your login and your key for layers as user name and password.") from None
    if not (is_storable(login) and is_storable(key)):
        raise Problem("not_signed_in")
    with context().sessions.glance() as connection:
        g.actor = staff.actor_of(connection, layer_keys.whose(connection, login, key), None)
    g.session_ends = math.inf
    actor: Actor = g.actor
    return actor


def left_s() -> float:
    """How long the request's access token is good for, in seconds."""
    return max(0.0, float(g.session_ends) - time.time())
