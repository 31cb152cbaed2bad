"""All departments of the sandbox, and what each does with a matter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from budayang.sandbox.citizens import Citizen, find_citizen
from budayang.sandbox.departments.counter import NO_RECORD, Desk, Office, Visit
from budayang.sandbox.departments.matters import Matter, Outcome
from budayang.sandbox.departments.offices.education import EDUCATION
from budayang.sandbox.departments.offices.health_insurance import HEALTH_INSURANCE
from budayang.sandbox.departments.offices.justice import JUSTICE
from budayang.sandbox.departments.offices.market import MARKET
from budayang.sandbox.departments.offices.police import EXIT_ENTRY, HOUSEHOLDS, TRAFFIC
from budayang.sandbox.departments.offices.property import FUND, REGISTRY
from budayang.sandbox.departments.offices.social_security import SOCIAL_SECURITY
from budayang.sandbox.departments.offices.taxes import TAXES

OFFICES: Mapping[str, Office] = {
    office.code: office
    for office in (
        SOCIAL_SECURITY,
        TAXES,
        HEALTH_INSURANCE,
        JUSTICE,
        HOUSEHOLDS,
        EXIT_ENTRY,
        TRAFFIC,
        REGISTRY,
        FUND,
        MARKET,
        EDUCATION,
    )
}


def find_person(matter: Matter) -> Citizen | None:
    """The citizen whose name and number are those of the matter, as at a counter: both must fit."""
    citizen = find_citizen(matter.person.id_number)
    if citizen is None or citizen.name != matter.person.name or citizen.id_number != matter.person.id_number:
        return None
    return citizen


def decide(office: Office, desk: Desk, matter: Matter, now: datetime, *, instead: Citizen | None = None) -> Outcome:
    """The department's answer. `instead`: a drill in which it looks into somebody else's record."""
    citizen = find_person(matter)
    if citizen is None:
        return Outcome("refused", NO_RECORD)
    return desk.handle(Visit(matter, instead or citizen, office, now))
