"""The staff of the made-up utility, with fixed logins; the demo prints them."""

from dataclasses import dataclass, field

from curbstop.domain.permissions import Role

PASSWORD = "alder-falls-water"  # noqa: S105 - made up, printed, and good for the demo only


@dataclass(frozen=True, slots=True)
class Person:
    """One of the staff; everybody has the same password."""

    login: str
    name: str
    roles: tuple[Role, ...]
    skills: tuple[str, ...] = field(default=())
    password: str = PASSWORD


PEOPLE = (
    Person("dana", "Dana Okafor", (Role.DSP,)),
    Person("carla", "Carla Ruiz", (Role.CSR,)),
    Person("bill", "Bill Larsen", (Role.BIL,)),
    Person("sue", "Sue Petrov", (Role.SUP,)),
    Person("gil", "Gil Tanaka", (Role.GIS,)),
    Person("amy", "Amy Stone", (Role.ADM,)),
    Person("otto", "Otto Brandt", (Role.AUD,)),
    Person("lena", "Lena Fox", (Role.LEAD,), ("valves", "meters", "radios", "taps")),
    Person("tom", "Tom Baker", (Role.TECH,), ("valves", "meters", "radios")),
    Person("rita", "Rita Novak", (Role.TECH,), ("valves", "meters")),
)


def by_login(login: str) -> Person:
    """One of PEOPLE."""
    return next(person for person in PEOPLE if person.login == login)


def tablet_person(number: int) -> Person:
    """One of as many technicians as a load test wants: tab001, tab002, ..."""
    return Person(f"tab{number:03d}", f"Technician {number}", (Role.TECH,), ("valves", "meters", "radios"))
