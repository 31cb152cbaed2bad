"""What the door tells of each kind of row. Times are UTC, ISO 8601; durations are seconds; nobody's name is in here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ninja import Schema
from pydantic import Field

from budayang.center.api.door import MaybeNaive, Word


class AreaOut(Schema):
    """A self-service area."""

    code: str
    name: str
    kind: str = Field(description="center 政务服务中心, outreach 便民服务点")
    address: str
    place: str = Field(description="materialized path of its place")
    latitude: float | None
    longitude: float | None
    is_demo: bool


class TerminalOut(Schema):
    """A terminal with its three facts: whether it is heard, its program, its devices."""

    code: str
    name: str
    area: str
    owner: str
    kind: str = Field(description="own 一体机, watched 部门专机, relay 监测中继")
    state: str
    last_seen_at: datetime | None
    silent_since: datetime | None
    level: str = Field(description="worst level of its devices: ok, low, warn, fault, unknown …")
    application: str
    reasons: list[Any]
    is_demo: bool


class IncidentOut(Schema):
    """An incident; `cause` is the incident whose symptom it is."""

    id: int
    kind: str
    title: str
    area: str | None
    terminal: str | None
    component: str
    department: str
    severity: str
    bucket: str = Field(description="responsibility bucket; undetermined while no evidence settles it")
    state: str
    cause: int | None
    opened_at: datetime
    noticed_at: datetime
    closed_at: datetime | None


class OrderOut(Schema):
    """A work order."""

    number: str
    incident: int
    organization: str
    state: str
    opened_at: datetime
    closed_at: datetime | None
    next_due_at: datetime | None


class ItemOut(Schema):
    """A service item of the edition in force."""

    code: str
    name: str
    department: str
    kind: str
    audience: str
    after_hours: str


class VerdictOut(Schema):
    """What is true of an item on a terminal, as last judged."""

    item: str
    terminal: str
    area: str
    truth: str = Field(description="doable, submittable, stopped, unconfirmed, machine; empty: not judged yet")
    reason: str
    text: str
    until: datetime | None
    judged_at: datetime | None


class CaseOut(Schema):
    """A case without its person."""

    number: str
    item: str
    terminal: str
    state: str
    accepted_at: datetime
    finished_at: datetime | None


class HoursOut(Schema):
    """A terminal's day: promised and usable seconds, and the seconds of each responsibility bucket."""

    terminal: str
    area: str
    on: date
    promised_s: float
    usable_s: float
    unusable_s: dict[str, float]


class StopIn(Schema):
    """A stop to announce."""

    starts_at: MaybeNaive
    ends_at: MaybeNaive
    reason: Word = Field(min_length=1, max_length=80)
    terminal: Word = Field(default="", max_length=40, description="code of one terminal; empty: the whole area")


class StopOut(Schema):
    """An announced stop."""

    id: int
    area: str
    terminal: str | None
    starts_at: datetime
    ends_at: datetime
    reason: str
