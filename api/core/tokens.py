"""Signs what leaves the server and comes back: access tokens and page cursors."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from itsdangerous import BadData, SignatureExpired, URLSafeSerializer, URLSafeTimedSerializer

from curbstop.domain.problems import Problem


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom an access token speaks for."""

    staff_id: UUID
    tablet_id: UUID | None
    # When a token that was read was made, in seconds of the epoch.
    issued_at: float = 0.0


class Tokens:
    """Signers with the installation's key; a token of one purpose is worth nothing for another."""

    def __init__(self, secret_key: str, access_minutes: int) -> None:
        self.access_s = access_minutes * 60
        self._access = URLSafeTimedSerializer(secret_key, salt="curbstop.access")
        self._cursor = URLSafeSerializer(secret_key, salt="curbstop.cursor")

    def access_token(self, claims: Claims, roles: list[str]) -> str:
        """A bearer token for `access_s` seconds. The roles are for the client's screens; the server reads its own."""
        tablet = claims.tablet_id.hex if claims.tablet_id else None
        return _text(self._access.dumps({"sub": claims.staff_id.hex, "tablet": tablet, "roles": roles}))

    def read_access_token(self, token: str) -> Claims:
        """The claims, or Problem(`not_signed_in`)."""
        try:
            said, made = self._access.loads(token, max_age=self.access_s, return_timestamp=True)
            tablet_id = UUID(said["tablet"]) if said["tablet"] else None
            return Claims(UUID(said["sub"]), tablet_id, made.timestamp())
        except SignatureExpired:
            raise Problem("not_signed_in", "The access token has expired; refresh it.") from None
        except (BadData, KeyError, TypeError, ValueError):
            raise Problem("not_signed_in", "The access token is not one of ours.") from None

    def cursor(self, operation: str, sort: str, after: list[Any]) -> str:
        """An opaque cursor that fits this operation and sort order only."""
        return _text(self._cursor.dumps([operation, sort, after]))

    def read_cursor(self, operation: str, sort: str, text: str) -> list[Any]:
        """Where the page begins, or Problem(`invalid_cursor`)."""
        try:
            said = self._cursor.loads(text)
        except BadData:
            raise Problem("invalid_cursor") from None
        if not isinstance(said, list) or len(said) != 3 or said[:2] != [operation, sort]:
            raise Problem("invalid_cursor", "The cursor belongs to another list or another sort order.")
        after: list[Any] = said[2]
        return after


def _text(signed: str | bytes) -> str:
    return signed.decode() if isinstance(signed, bytes) else signed
