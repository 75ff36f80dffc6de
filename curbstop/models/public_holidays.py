"""Public holidays by country and subdivision, from the `holidays` package: it knows observed days and new laws."""

from datetime import date
from functools import lru_cache

import holidays

from curbstop.domain.problems import Problem


def between(country: str, subdivision: str, first: date, last: date) -> frozenset[date]:
    """The public holidays of these days, both ends with them; none where no country is named.

    Problem(`policy_invalid`) for a country or a subdivision that there is not.
    """
    if not country:
        return frozenset()
    days = (_of_year(country, subdivision, year) for year in range(first.year, last.year + 1))
    return frozenset(day for year in days for day in year if first <= day <= last)


@lru_cache(maxsize=64)
def _of_year(country: str, subdivision: str, year: int) -> frozenset[date]:
    try:
        return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))
    except NotImplementedError:
        where = f"{country}-{subdivision}" if subdivision else country
        raise Problem("policy_invalid", f"There is no calendar of public holidays for {where}.") from None
