"""Gathers what the gates of a cut-off ask: of many accounts at once, in a fixed number of statements."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Row, func, select

from curbstop.commands import moratoria
from curbstop.commands.work import Work
from curbstop.domain.cut_offs import Cause, Facts, ReturnedPayment
from curbstop.domain.holds import Held, HoldKind, of_kind
from curbstop.domain.money import Owed
from curbstop.models.account import Account
from curbstop.models.among import among
from curbstop.models.contact_attempt import ContactAttempt
from curbstop.models.cut_off_run import CutOffNotice
from curbstop.models.moratorium import WeatherDay
from curbstop.models.owed import NOT_MADE_GOOD, owed_by
from curbstop.models.standing import Hold, Payment, PaymentsMark, Standing

_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database has of the accounts, each part by account."""

    standing: Mapping[UUID, Standing]
    owed: Mapping[UUID, Owed]
    holds: Mapping[UUID, list[Held]]
    returned: Mapping[UUID, ReturnedPayment]
    notices: Mapping[UUID, CutOffNotice]
    reached: Mapping[UUID, date]
    moratoria: Mapping[UUID, tuple[str, ...]]
    weather: WeatherDay | None
    payments_as_of: datetime | None


def gather(work: Work, account_ids: Collection[UUID], cut_on: date, cause: Cause) -> dict[UUID, Facts]:
    """The facts of each account for a cut-off on that day. Of an account that billing said nothing of, nothing is owed.

    What is planned for the day's technicians is not among them: whoever plans adds it.
    """
    accounts = work.session.execute(
        select(Account.id, Account.service_class).where(among(work.session, Account.id, account_ids))
    ).all()
    known = _Known(
        standing={
            row.account_id: row
            for row in work.session.scalars(
                select(Standing).where(among(work.session, Standing.account_id, account_ids))
            )
        },
        owed=owed_by(work.session, account_ids),
        holds=_holds(work, account_ids),
        returned=_returned(work, account_ids),
        notices=_notices(work, account_ids, cause),
        reached=_reached(work, account_ids),
        moratoria=moratoria.in_force(work, cut_on, account_ids),
        weather=work.session.get(WeatherDay, cut_on),
        payments_as_of=work.session.scalar(select(PaymentsMark.payments_as_of)),
    )
    return {account.id: _facts(account, known, cut_on, cause) for account in accounts}


def _facts(account: Row[UUID, str], known: _Known, cut_on: date, cause: Cause) -> Facts:
    standing, holds = known.standing.get(account.id), known.holds.get(account.id, [])

    def until(kind: HoldKind) -> date | None:
        found = of_kind(holds, kind, cut_on)
        return (found[0].through or date.max) if found else None

    notice, weather = known.notices.get(account.id), known.weather
    office, critical = of_kind(holds, HoldKind.OFFICE, cut_on), of_kind(holds, HoldKind.CRITICAL, cut_on)
    facts = Facts(
        cause=cause,
        service_class=account.service_class,
        dispute_open=bool(of_kind(holds, HoldKind.DISPUTE, cut_on)),
        on_hold=bool(office),
        medical_until=until(HoldKind.MEDICAL),
        plan_active=bool(of_kind(holds, HoldKind.PLAN, cut_on)),
        promised_until=until(HoldKind.PROMISE),
        critical=critical[0].category if critical else None,
        returned=known.returned.get(account.id),
        notice_mailed_on=notice.mailed_on if notice else None,
        notice_returned=notice is not None and notice.returned_on is not None,
        moratoria=known.moratoria.get(account.id, ()),
        weather_alert=weather.alert if weather else None,
        forecast_low_f=weather.low_f if weather else None,
        forecast_high_f=weather.high_f if weather else None,
        payments_as_of=known.payments_as_of,
    )
    if standing is None:
        return facts
    return replace(
        facts,
        past_due_cents=known.owed[account.id].cents,
        periods_past_due=standing.periods_past_due,
        delinquent_since=standing.delinquent_since,
        debt_class=standing.debt_class,
        owed_by_former_occupant=standing.owed_by_former_occupant,
        payments_as_of=max(standing.as_of, known.payments_as_of or standing.as_of),
        # Somebody of the household, since this debt began.
        reached_on=_since(known.reached.get(account.id), standing.delinquent_since),
    )


def without_account(work: Work, cut_on: date, cause: Cause) -> Facts:
    """The facts of a cut-off at a place that has no account: only the day's."""
    weather, names = work.session.get(WeatherDay, cut_on), moratoria.in_force(work, cut_on, [_NOBODY])
    return Facts(
        cause=cause,
        moratoria=names.get(_NOBODY, ()),
        weather_alert=weather.alert if weather else None,
        forecast_low_f=weather.low_f if weather else None,
        forecast_high_f=weather.high_f if weather else None,
    )


def _since(day: date | None, first: date | None) -> date | None:
    return day if day is not None and (first is None or day >= first) else None


def _notices(work: Work, account_ids: Collection[UUID], cause: Cause) -> dict[UUID, CutOffNotice]:
    """The latest final notice of each that no payment in full has used up."""
    rows = work.session.scalars(
        select(CutOffNotice)
        .where(
            among(work.session, CutOffNotice.account_id, account_ids),
            CutOffNotice.cause == cause.value,
            CutOffNotice.used_up_at.is_(None),
        )
        .order_by(CutOffNotice.mailed_on, CutOffNotice.id)
    )
    return {row.account_id: row for row in rows}


def _reached(work: Work, account_ids: Collection[UUID]) -> dict[UUID, date]:
    rows = work.session.execute(
        select(ContactAttempt.account_id, func.max(ContactAttempt.at))
        .where(among(work.session, ContactAttempt.account_id, account_ids), ContactAttempt.reached == "customer")
        .group_by(ContactAttempt.account_id)
    )
    return {account_id: at.astimezone(work.settings.zone).date() for account_id, at in rows}


def _holds(work: Work, account_ids: Collection[UUID]) -> dict[UUID, list[Held]]:
    rows = work.session.execute(
        select(Hold.account_id, Hold.kind, Hold.reason, Hold.starts_on, Hold.through, Hold.category).where(
            among(work.session, Hold.account_id, account_ids), Hold.ended_at.is_(None)
        )
    )
    found: dict[UUID, list[Held]] = {}
    for account_id, kind, reason, starts_on, through, category in rows:
        found.setdefault(account_id, []).append(Held(HoldKind(kind), reason, starts_on, through, category))
    return found


def _returned(work: Work, account_ids: Collection[UUID]) -> dict[UUID, ReturnedPayment]:
    """The latest payment of each that the bank sent back and that was not made good since."""
    rows = work.session.execute(
        select(Payment.account_id, Payment.returned_on, Payment.return_reason, Payment.paid_a_restoral)
        .where(among(work.session, Payment.account_id, account_ids), NOT_MADE_GOOD)
        .order_by(Payment.returned_on)
    )
    return {
        account_id: ReturnedPayment(returned_on, reason or "", restoral)
        for account_id, returned_on, reason, restoral in rows
        if returned_on is not None
    }
