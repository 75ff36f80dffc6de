"""Whether this process lives, and whether it can serve."""

from sqlalchemy import text

from api.core import Answer, Blueprint
from api.core.context import context
from api.core.schemas import Text

blp = Blueprint("health", "health", description="For load balancers and watchdogs.")


class HealthAnswer(Answer):
    status = Text("`ok`, or there would be a problem instead.", "ok", choices=["ok"])


@blp.operation("GET", "/healthz", answer=HealthAnswer, public=True)
def is_alive() -> dict[str, str]:
    """The process answers; nothing else is asked."""
    return {"status": "ok"}


@blp.operation("GET", "/readyz", answer=HealthAnswer, public=True)
def is_ready() -> dict[str, str]:
    """The database answers and has its schema."""
    with context().sessions.read() as session:
        session.execute(text("SELECT history_id FROM sync_history")).one()
    return {"status": "ok"}
