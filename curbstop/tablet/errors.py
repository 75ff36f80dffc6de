"""What can go wrong for a tablet, by what the technician can do about it."""

from typing import Any


class Offline(Exception):  # noqa: N818 - it says what the tablet is, and it is no fault
    """The server was not reached, or its answer did not arrive whole. Nothing is lost: try again later."""


class Busy(Offline):
    """The server answered that it has no time now; `retry_after_s` is when it will. To the technician it is offline."""

    def __init__(self, detail: str, retry_after_s: float) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class Refused(Exception):  # noqa: N818 - the server's word
    """The server answered, and said no."""

    def __init__(self, status: int, code: str, detail: str, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.problem = problem


class SignInNeeded(Exception):  # noqa: N818 - it says what to do
    """The session has ended. Unsent work is kept until somebody signs in again."""


class NotAllowed(Exception):  # noqa: N818 - it says what it is
    """The tablet itself will not do it; the message is for the technician."""
