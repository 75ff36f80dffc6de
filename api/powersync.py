"""PowerSync's client protocol, for its SDKs; what a stream says is in `sync.adapters.powersync`."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import IO, Any

from flask import Response
from marshmallow import EXCLUDE

from api.core import Answer, Blueprint, Body, Query, actor, reading, writing
from api.core.context import Context, context
from api.core.document import RETRY_AFTER
from api.core.handovers import hand_over
from api.core.schemas import Many, Part, Text
from api.core.signed_in import left_s
from api.core.streams import FLUSH, NDJSON, Line, kept, ndjson
from api.core.waiting import pokes
from curbstop.commands import tablets as commands
from curbstop.domain.actors import Actor
from curbstop.domain.problems import Problem
from curbstop.queries import staff
from curbstop.queries import tablets as queries
from sync.adapters import powersync

blp = Blueprint("powersync", "powersync", url_prefix="/compat/powersync", description="For the SDKs of PowerSync.")

KEEPALIVE_S = 15.0
MOST_BUCKETS = 1_000


class AskedBucket(Body):
    """A bucket as the client has it."""

    class Meta:
        unknown = EXCLUDE

    name = Text("The bucket.", "2f6c1d90/ref", required=True, longest=200)
    after = Text("The last op that the client has of it.", "17", required=True, pattern="[0-9]{1,18}")


class StreamBody(Body):
    """What a client says first. Members that this server has no use for are not read."""

    class Meta:
        unknown = EXCLUDE

    buckets = Many(Part(AskedBucket, "A bucket."), "What the client has.", most=MOST_BUCKETS, load_default=[])


class CheckpointQuery(Query):
    client_id = Text("The client's name for itself; not read.", "c1", longest=200, load_default=None)


class WrittenAnswer(Answer):
    write_checkpoint = Text("Reached by the first checkpoint that names it or a higher one.", "18")


class CheckpointAnswer(Answer):
    data = Part(WrittenAnswer, "The write checkpoint.")


_LINES = {
    "200": {
        "description": "Lines of the protocol, until the access token ends.",
        "content": {NDJSON: {"schema": {"type": "string", "description": "One JSON object a line."}}},
    },
    "503": {"headers": {"Retry-After": RETRY_AFTER}},
}


@blp.operation(
    "POST",
    "/sync/stream",
    body=StreamBody,
    status=200,
    problems=("tablet_required", "unavailable"),
    doc={"responses": _LINES},
)
def stream_powersync(body: dict[str, Any]) -> Response:
    """Everything in this tablet's buckets that the client lacks, now and as it changes."""
    me, found = actor(), context()
    queries.syncing(me)
    hand_over(found, me)
    stream = _Stream(
        found,
        me,
        powersync.Position({b["name"]: int(b["after"]) for b in body["buckets"]}),
        time.monotonic() + left_s(),
    )
    # Whoever has to wait for a turn is told so by the answer's status.
    stream.made.append(stream.held.enter_context(stream.make()))
    return ndjson(stream.lines(), stream.held.close)


@dataclass(slots=True)
class _Stream:
    """One open stream; it outlives the request's own context."""

    found: Context
    me: Actor
    position: powersync.Position
    ends: float
    held: ExitStack = field(default_factory=ExitStack)
    made: list[IO[bytes]] = field(default_factory=list)

    def lines(self) -> Iterator[Line]:
        """A checkpoint, and another one whenever something changed; a problem ends the stream, and the client asks.

        Without a thread to spare for waiting it ends at once: the client has what there is, and comes again by itself.
        """
        with suppress(Problem):
            yield from self._checkpoint()
            waiting = self.held.enter_context(pokes(self.found, self.me, self.position.newest))
            while waiting is not None and not waiting.over and (left := self.ends - time.monotonic()) > 0:
                yield {"token_expires_in": int(left)}
                yield FLUSH
                if waiting.wait(min(KEEPALIVE_S, left)):
                    hand_over(self.found, self.me)
                    yield from self._checkpoint()

    def make(self) -> IO[bytes]:
        """The lines of a checkpoint, made in a turn; while they are sent no snapshot of the database is held."""
        me, give_back = self.me, self.found.turns.take()
        try:
            with self.found.sessions.read() as session:
                staff.actor_of(session, me.staff_id, me.tablet_id)  # type: ignore[arg-type] # somebody is signed in
                return kept(powersync.checkpoint(session, me, self.position), self.found.turns.paced)
        finally:
            give_back()

    def _checkpoint(self) -> Iterator[Line]:
        with self.made.pop() if self.made else self.make() as lines:
            for line in lines:
                # The client checks a checkpoint only when it is whole, and comes again for one that is not.
                if time.monotonic() > self.ends:
                    return
                yield line.decode()


@blp.operation(
    "GET", "/write-checkpoint2.json", query=CheckpointQuery, answer=CheckpointAnswer, problems=("tablet_required",)
)
def ask_powersync_checkpoint(query: dict[str, Any]) -> dict[str, Any]:
    """The checkpoint that holds the effects of everything that this tablet has pushed; its stream will name it."""
    del query
    with writing() as work:
        commands.ring(work)
    with reading() as session:
        return {"data": {"write_checkpoint": str(powersync.newest_change(session))}}
