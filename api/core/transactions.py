"""Where a request becomes a transaction: the one place in the API that opens and ends them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from flask import g
from sqlalchemy.orm import Session

from api.core.context import context
from curbstop.commands.work import Work
from curbstop.domain.actors import Actor


def actor() -> Actor:
    """Who is signed in; only in operations that are not public."""
    return cast(Actor, g.actor)


@contextmanager
def writing(by: Actor | None = None) -> Iterator[Work]:
    """One transaction, committed when the block ends, rolled back when it raises.

    Inside a creating operation it joins the transaction that also keeps the answer for retries. `by` is for public
    operations, where nobody is signed in yet.
    """
    joined: Work | None = g.get("work")
    if joined is not None:
        yield joined
        return
    found = context()
    with found.sessions.write() as session:
        yield Work(session, by or actor(), found.settings)


@contextmanager
def reading() -> Iterator[Session]:
    """One consistent read-only snapshot; inside `writing` of a creating operation, that transaction's own view."""
    joined: Work | None = g.get("work")
    if joined is not None:
        yield joined.session
        return
    with context().sessions.read() as session:
        yield session
