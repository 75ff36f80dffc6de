"""What each gate of a cut-off asks: a code and plain words for what stands against it, or nothing."""

from datetime import date, time, timedelta

from curbstop.domain.closures import WEEKDAYS, Closures
from curbstop.domain.cut_offs import Cause, Facts, Moment, ReturnedPayment, Stage
from curbstop.domain.money import dollars
from curbstop.domain.policy import Policy

Objection = tuple[str, str] | None
"""A code and why, or None: nothing stands against it."""

# -- what is owed


def minimum(policy: Policy, facts: Facts, _moment: Moment) -> Objection:
    least = policy.cut_off
    if facts.past_due_cents < least.least_past_due_cents:
        owed, minimum = dollars(facts.past_due_cents), dollars(least.least_past_due_cents)
        return "below_minimum", f"{owed} is past due; below {minimum} nothing is cut off."
    if facts.periods_past_due < least.least_periods:
        return "too_few_periods", f"{facts.periods_past_due} of at least {least.least_periods} periods are past due."
    return None


def delinquency(policy: Policy, facts: Facts, moment: Moment) -> Objection:
    if facts.delinquent_since is None:
        return "not_delinquent", "Nothing is known to be past due."
    days = (moment.cut_on - facts.delinquent_since).days
    if days > policy.cut_off.delinquent_days:
        return None
    return "not_delinquent_long_enough", (
        f"It will be {days} days past due; it must be more than {policy.cut_off.delinquent_days}."
    )


def freshness(policy: Policy, facts: Facts, moment: Moment) -> Objection:
    within = policy.cut_off.payments_within_minutes
    if facts.payments_as_of is None:
        return "payments_unknown", "It is not known up to when payments are in."
    # A moment that is ahead of ours says nothing good of the clock that made it.
    if abs(moment.now - facts.payments_as_of) > timedelta(minutes=within):
        return (
            "payments_not_fresh",
            f"Payments are in as of {facts.payments_as_of:%Y-%m-%d %H:%M}, over {within} min ago.",
        )
    return None


def former_occupant(_policy: Policy, facts: Facts, _moment: Moment) -> Objection:
    if facts.owed_by_former_occupant:
        return "owed_by_former_occupant", "It is owed by somebody who lived there before."
    return None


def class_crossover(policy: Policy, facts: Facts, _moment: Moment) -> Objection:
    known = facts.debt_class is not None and facts.service_class is not None
    if policy.cut_off.other_class_debt or not known or facts.debt_class == facts.service_class:
        return None
    return "other_class_debt", f"A {facts.debt_class} debt does not cut off {facts.service_class} service."


def returned_payment(policy: Policy, facts: Facts, moment: Moment) -> Objection:
    returned = facts.returned
    if returned is None:
        return "no_returned_payment", "No returned payment is known."
    earliest, at_once = grace_of(policy, returned, moment.closures)
    if moment.cut_on > earliest or (at_once and moment.cut_on >= earliest):
        return None
    return (
        "returned_payment_grace",
        f"The payment came back on {returned.returned_on}; there is grace through {earliest}.",
    )


def grace_of(policy: Policy, returned: ReturnedPayment, closures: Closures) -> tuple[date, bool]:
    """The last day on which it may be made good, and whether there is no grace: then it may be cut off on that day."""
    rules = policy.returned_payment
    at_once = returned.reason in rules.at_once_for or (rules.at_once_after_restoral and returned.paid_a_restoral)
    return closures.add_business_days(returned.returned_on, 0 if at_once else rules.grace_business_days), at_once


def violation(_policy: Policy, facts: Facts, _moment: Moment) -> Objection:
    if facts.letter_expired or facts.hazard:
        return None
    return "violation_not_due", "The final letter's deadline has not passed, and there is no hazard."


# -- what was said to the customer, and heard from them


def notice(policy: Policy, facts: Facts, moment: Moment) -> Objection:
    if facts.hazard and facts.cause is Cause.VIOLATION:
        # R10-16(c): only an emergency, fraud or danger goes without.
        return None
    if facts.notice_mailed_on is None:
        return "no_notice", "No final notice was mailed."
    if facts.notice_returned:
        return "notice_returned", "The post brought the final notice back."
    earliest = notice_ends(policy, facts.notice_mailed_on, moment.closures)
    if moment.cut_on > earliest:
        return None
    return "notice_too_short", f"The notice was mailed on {facts.notice_mailed_on}; its time runs through {earliest}."


def notice_ends(policy: Policy, mailed_on: date, closures: Closures) -> date:
    """The last day of a final notice's time, which begins when it is mailed."""
    days = policy.notice.days
    if policy.notice.counted_in == "business":
        return closures.add_business_days(mailed_on, days)
    return mailed_on + timedelta(days=days)


def contact(policy: Policy, facts: Facts, _moment: Moment) -> Objection:
    if policy.notice.contact_proof and facts.reached_on is None:
        return "no_contact", "Nobody of the household has been reached."
    return None


def dispute(_policy: Policy, facts: Facts, _moment: Moment) -> Objection:
    return ("dispute_open", "A dispute or hearing is open.") if facts.dispute_open else None


def hold(_policy: Policy, facts: Facts, _moment: Moment) -> Objection:
    # Why is the office's own to know.
    return ("on_hold", "The office holds it.") if facts.on_hold else None


def medical(_policy: Policy, facts: Facts, moment: Moment) -> Objection:
    # Never the diagnosis: whoever reads this may be on the doorstep.
    if facts.medical_until is not None and moment.cut_on <= facts.medical_until:
        return "medical_hold", f"Do not cut off, call the office: held through {facts.medical_until}."
    return None


def critical(_policy: Policy, facts: Facts, _moment: Moment) -> Objection:
    if facts.critical is None:
        return None
    return "critical_customer", f"A critical customer ({facts.critical.replace('_', ' ')}): it needs a named approval."


def plan(_policy: Policy, facts: Facts, _moment: Moment) -> Objection:
    return ("plan_active", "A payment plan is kept to.") if facts.plan_active else None


def promise(_policy: Policy, facts: Facts, moment: Moment) -> Objection:
    if facts.promised_until is not None and moment.cut_on <= facts.promised_until:
        return "promised", f"Payment is promised by {facts.promised_until}."
    return None


# -- the day, the hour, the weather


def weekday(policy: Policy, _facts: Facts, moment: Moment) -> Objection:
    if WEEKDAYS[moment.cut_on.weekday()] in policy.cut_off.weekdays:
        return None
    return "not_a_cut_day", f"Nothing is cut off on a {moment.cut_on:%A}."


def closure(policy: Policy, _facts: Facts, moment: Moment) -> Objection:
    day, closures = moment.cut_on, moment.closures
    if closures.is_closed(day):
        return "closed", f"The utility is closed on {day}."
    eve = closures.is_closed(day + timedelta(days=1))
    if eve and policy.cut_off.day_before_closure == "none":
        return "before_closure", f"The utility is closed the day after {day}."
    if eve and policy.cut_off.day_before_closure == "noon" and _is_past(moment, time(12)):
        return "before_closure", f"The utility is closed the day after {day}; nothing is cut off after noon."
    if not policy.cut_off.day_after_closure and closures.ended_holiday(day):
        return "after_closure", f"{day} is the first day after a holiday."
    return None


def hours(policy: Policy, _facts: Facts, moment: Moment) -> Objection:
    opens, closes = (time.fromisoformat(text) for text in (policy.cut_off.opens, policy.cut_off.closes))
    if moment.now.date() != moment.cut_on or _is_past(moment, closes):
        late = moment.now.date() >= moment.cut_on
        return ("too_late_today", f"Cut-offs end at {policy.cut_off.closes}.") if late else None
    if moment.stage is Stage.LEASE and moment.now.timetz().replace(tzinfo=None) < opens:
        return "too_early", f"Cut-offs begin at {policy.cut_off.opens}."
    return None


def _is_past(moment: Moment, hour: time) -> bool:
    return moment.now.date() == moment.cut_on and moment.now.timetz().replace(tzinfo=None) >= hour


def weather(policy: Policy, facts: Facts, _moment: Moment) -> Objection:
    if policy.weather.alert_blocks and facts.weather_alert:
        return "weather_alert", f"There is a weather alert: {facts.weather_alert}."
    if facts.forecast_low_f is not None and facts.forecast_low_f <= policy.weather.coldest_f:
        return (
            "too_cold",
            f"{facts.forecast_low_f:g} F is forecast; nothing is cut off at {policy.weather.coldest_f} F.",
        )
    if facts.forecast_high_f is not None and facts.forecast_high_f >= policy.weather.hottest_f:
        return (
            "too_hot",
            f"{facts.forecast_high_f:g} F is forecast; nothing is cut off at {policy.weather.hottest_f} F.",
        )
    return None


def moratorium(_policy: Policy, facts: Facts, _moment: Moment) -> Objection:
    return ("moratorium", f"A moratorium is in force: {facts.moratoria[0]}.") if facts.moratoria else None


def capacity(policy: Policy, facts: Facts, moment: Moment) -> Objection:
    most = policy.cut_off.most_per_technician
    if facts.planned_that_day < most:
        return None
    return (
        "over_capacity",
        f"{facts.planned_that_day} are planned for {moment.cut_on}; {most} can be restored the same day.",
    )
