"""One op as a tablet sends it, bare or sealed: read from JSON, or kept although it cannot be read."""

import hashlib
import json
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from curbstop.domain.clocks import Timing, as_moment, flags_of
from curbstop.domain.problems import Problem
from sync import contract, upcasters

# An op without a usable id is kept under one that follows from its bytes, so that a retry finds it again.
_NAMELESS = UUID("0190a1e0-0000-7000-8000-000000000002")


@dataclass(frozen=True, slots=True)
class Op:
    """An op that agrees with its schema, in the newest version of its kind.

    `noted_at` is what the tablet's clock said until the op is `dated`; from then on it is the server's estimate of the
    same moment, and `flags` what is to be remarked on everything that the op records.
    """

    op_id: UUID
    n: int
    kind: str
    aggregate: str
    follows: UUID | None
    base_version: int | None
    noted_at: datetime
    args: Mapping[str, Any]
    flags: frozenset[str] = frozenset()

    @property
    def subject_id(self) -> UUID:
        """The id in `aggregate`: of the service order, stop, service point or access issue."""
        return UUID(self.aggregate.partition("/")[2])


@dataclass(frozen=True, slots=True)
class Received:
    """An op as it came: its bytes and their hash, its seal, and what a quick look at it says.

    `op_id` is the id that it is kept under; `said_id` the one that its verdict carries. They differ only where what
    came has no right to the id that it names. `refusal` is a code and its words: it is kept and not carried out.
    `staff_id` is who did it, where its seal says so, and `timing` when, by the server's estimate.
    """

    op_id: UUID
    raw: bytes
    sha256: bytes
    value: Any
    signature: bytes | None = None
    said_id: UUID | None = None
    refusal: tuple[str, str] | None = None
    staff_id: UUID | None = None
    timing: Timing | None = None

    def member(self, name: str, kind: type[Any]) -> Any:
        """A member of the envelope if it has the right type and can be stored, else None."""
        found = self.value.get(name) if isinstance(self.value, dict) else None
        good = isinstance(found, kind) and not isinstance(found, bool) and contract.unstorable(found) is None
        return found if good else None


def receive(value: Any) -> Received:
    """Names and hashes an op without believing anything that it says.

    A sealed op is `{"content", "signature"}`; its bytes are the content's, exactly, because the signature is over them.
    A bare one has no bytes of its own once JSON was parsed; its are those of one canonical spelling.
    """
    if isinstance(value, dict) and isinstance(value.get("content"), str) and "op_id" not in value:
        return _received(_utf8(value["content"]), as_signature(value.get("signature")))
    try:
        raw = json.dumps(value, sort_keys=True, separators=(",", ":"))
    except RecursionError:
        # It was read with the last of the stack. Hundreds of levels are no op of anybody's, nor JSON within reason.
        raise Problem("bad_request", "The body is not well-formed JSON.") from None
    return _received(_utf8(raw), None, value)


def _received(raw: bytes, signature: bytes | None, value: Any = None) -> Received:
    value = _parsed(raw) if value is None else value
    digest = hashlib.sha256(raw).digest()
    op_id = as_uuid(value.get("op_id") if isinstance(value, dict) else None)
    return Received(op_id or nameless_id(digest), raw, digest, value, signature)


def _utf8(text: str) -> bytes:
    # Half a character is kept too; the contract refuses it later, in words.
    return text.encode("utf-8", "surrogatepass")


def _parsed(raw: bytes) -> Any:
    """The content's JSON, or None; however deep it is nested, and whatever numbers it holds."""
    try:
        return json.loads(raw.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return None


def as_signature(text: Any) -> bytes | None:
    """The bytes of a signature in base64url, with or without padding. What cannot be read is empty: it fits nothing."""
    try:
        return b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True) if isinstance(text, str) else b""
    except (NotBase64, ValueError):
        return b""


def nameless_id(sha256: bytes) -> UUID:
    """The id under which an op is kept that has none of its own."""
    return uuid5(_NAMELESS, sha256.hex())


def read(received: Received) -> tuple[Op | None, str | None, str | None]:
    """(op, None, None), or (None, code, detail) for what cannot be read."""
    value = received.value
    if not isinstance(value, dict) or as_uuid(value.get("op_id")) is None:
        return None, "op_malformed", "An op is an object with an op_id."
    kind, version = value.get("kind"), value.get("kind_version")
    if not isinstance(kind, str) or not isinstance(version, int) or (kind, version) not in contract.op_kinds():
        return None, "op_unknown", "This server does not know that kind or version of op; it is kept."
    wrong = contract.check_op(kind, version, value)
    if wrong:
        return None, "op_malformed", "; ".join(wrong)
    noted_at = as_moment(value["noted_at"])
    if noted_at is None:
        return None, "op_malformed", "noted_at: is in no year that can be kept."
    _, args = upcasters.upcast(kind, version, value["args"])
    return (
        Op(
            op_id=UUID(value["op_id"]),
            n=value["n"],
            kind=kind,
            aggregate=value["aggregate"],
            follows=as_uuid(value.get("follows")),
            base_version=value.get("base_version"),
            noted_at=noted_at,
            args=args,
        ),
        None,
        None,
    )


def dated(op: Op, corrected_at: datetime | None, skew_s: float | None) -> Op:
    """The op at the moment that the server believes. Nothing else of it depends on the tablet's clock."""
    if corrected_at is None:
        return op
    return replace(op, noted_at=corrected_at, flags=op.flags | flags_of(skew_s))


def as_uuid(value: Any) -> UUID | None:
    """A UUID from text, or None."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def stored(raw: bytes) -> Received:
    """An op read back from the ledger."""
    return _received(raw, None)
