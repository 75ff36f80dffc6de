"""Public holidays by country and subdivision, from the `holidays` package: it knows observed days and new laws."""

from datetime import date
from functools import lru_cache

from curbstop.domain.problems import Problem


@lru_cache(maxsize=256)
def of_year(country: str, subdivision: str, year: int) -> frozenset[date]:
    """The public holidays of a year; none where no country is named.

    Problem(`policy_invalid`) for a country or a subdivision that there is not.
    """
    if not country:
        return frozenset()
    # Loaded late: its calendars take longer to load than most commands take to run.
    import holidays  # noqa: PLC0415

    try:
        return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))
    except NotImplementedError:
        where = f"{country}-{subdivision}" if subdivision else country
        raise Problem("policy_invalid", f"There is no calendar of public holidays for {where}.") from None
