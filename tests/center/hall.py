"""A hall at night for the tests of maintenance, evaluation and standard: places, bodies, people, two terminals.

Built by the rooms' own actions; what ingest would write (states, last words) is written as ingest writes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from budayang.center.areas import actions as areas
from budayang.center.areas.hours_text import all_day
from budayang.center.areas.models import Area
from budayang.center.maintenance.jobs import handle_facts
from budayang.center.platform import actions as platform
from budayang.center.platform.actions import emit
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Organization, Place, Staff, Transition
from budayang.center.platform.queries import actor_of
from budayang.center.standard.actions import adopt_reference_edition
from budayang.center.terminals import actions as terminals
from budayang.center.terminals.models import Inbox, IngestLease, StatusInterval, Terminal
from budayang.center.terminals.summary_actions import recompute, take_news
from budayang.wire.numbers import make_number

PASSWORD = "night-shift-2026"
SYSTEM = Actor.system()
EPOCH = "0123456789abcdef"


def people() -> list[tuple[str, str, Role, str]]:
    """(user name, name, role, organization code)."""
    return [
        ("lin", "测试甲", Role.AREA_KEEPER, ""),
        ("mo", "测试乙", Role.VENDOR_ENGINEER, "VN1"),
        ("ren", "测试丙", Role.OWNER_UNIT, "RS"),
        ("ning", "测试丁", Role.INSPECTOR, ""),
        ("shui", "测试戊", Role.OWNER_UNIT, "SW"),
        ("ou", "测试己", Role.AREA_KEEPER, ""),
        ("sys", "测试庚", Role.SYSTEM_ADMIN, ""),
    ]


@dataclass(slots=True)
class Hall:
    """The cast. `terminal` belongs to RS and is looked after by VN1; `other` belongs to SW."""

    city: Place
    area: Area
    far_area: Area
    terminal: Terminal
    other: Terminal
    staff: dict[str, Staff]
    bodies: dict[str, Organization]

    def actor(self, name: str) -> Actor:
        """The person as an actor, with the rights of this moment."""
        return actor_of(self.staff[name])

    def tell(self, terminal: Terminal, subject: str, prop: str, state: str, at: datetime, now: datetime) -> None:
        """A status change as ingest writes it: the interval and its news, then the consumer's turn."""
        kind = subject.partition("-")[0]
        with transaction.atomic():
            StatusInterval.objects.filter(terminal=terminal, subject=subject, property=prop, until__isnull=True).update(
                until=at
            )
            StatusInterval.objects.create(
                terminal=terminal, subject=subject, property=prop, kind=kind, state=state, since=at, received_at=now
            )
        self.news("terminals.status", {"terminal": terminal.code}, at, now)

    def news(
        self, kind: str, payload: dict[str, object], at: datetime, now: datetime, *, place_path: str = ""
    ) -> Transition:
        """One piece of news, consumed at once by the maintenance room and the terminals' summaries."""
        with transaction.atomic():
            row = emit(kind, subject="x", place_path=place_path, payload=payload, occurred_at=at, now=now)
        with transaction.atomic():
            handle_facts([row], now)
        take_news([row], now)
        return row

    def silence(self, terminal: Terminal, since: datetime, now: datetime) -> None:
        """The terminal says nothing any more, as ingest notes it."""
        Terminal.objects.filter(pk=terminal.pk).update(silent_since=since)
        self.listen(now)
        self.news("terminals.silent", {"terminal": terminal.code}, since, now)

    def heard(self, terminal: Terminal, at: datetime, now: datetime) -> None:
        """The terminal speaks again."""
        Terminal.objects.filter(pk=terminal.pk).update(silent_since=None, last_seen_at=at)
        self.listen(now)
        self.tell(terminal, "terminal", "link", "online", at, now)

    def listen(self, now: datetime) -> None:
        """Ingest is up."""
        IngestLease.objects.update_or_create(pk=1, defaults={"beat_at": now, "holder": "test"})

    def inbox(self, terminal: Terminal, kind: str, body: dict[str, object], at: datetime, now: datetime) -> Inbox:
        """An event as ingest stores it."""
        seq = Inbox.objects.count() + 1
        return Inbox.objects.create(
            terminal=terminal, epoch=EPOCH, seq=seq, kind=kind, body=body, at=at, received_at=now
        )


def number(counter: int, terminal: str = "KBS-01") -> str:
    """A case number of a terminal."""
    return make_number(terminal, EPOCH, counter)


def build(now: datetime) -> Hall:
    """Make the hall as it stands a day before `now`."""
    before = now - timedelta(days=1)
    city = platform.add_place(SYSTEM, code="150600", name="鄂尔多斯市", kind="region", parent=None, is_demo=True)
    banner = platform.add_place(SYSTEM, code="150603", name="康巴什区", kind="region", parent=city, is_demo=True)
    far = platform.add_place(SYSTEM, code="150625", name="杭锦旗", kind="region", parent=city, is_demo=True)
    kinds = {"ZW1": "manager", "RS": "owner", "SW": "owner", "VN1": "vendor"}
    bodies = {
        code: platform.add_organization(SYSTEM, code=code, name=f"测试{code}", kind=kind, place=city)
        for code, kind in kinds.items()
    }
    staff: dict[str, Staff] = {}
    for username, name, role, body in people():
        person = platform.add_staff(SYSTEM, username=username, name=name, password=PASSWORD)
        place = {"lin": banner, "ou": far}.get(username, city)
        platform.grant_role(SYSTEM, person, role, place, organization=bodies.get(body), now=before)
        staff[username] = person
    area = areas.create_area(
        SYSTEM,
        code="KBS",
        name="康巴什区自助区",
        parent=banner,
        manager=bodies["ZW1"],
        keeper=staff["lin"],
        is_demo=True,
    )
    far_area = areas.create_area(SYSTEM, code="HJ", name="杭锦旗自助区", parent=far, is_demo=True)
    for one in (area, far_area):
        areas.set_promised_hours(SYSTEM, one, all_day(), valid_from=before.date() - timedelta(days=2), now=before)
    made = [
        terminals.register_terminal(
            SYSTEM, code=code, name=f"{code} 号终端", area="KBS", owner=owner, vendor="VN1", now=before, is_demo=True
        )
        for code, owner in (("KBS-01", "RS"), ("KBS-02", "SW"))
    ]
    Terminal.objects.update(enrolled_at=before, last_seen_at=now, state="active")
    recompute([one.pk for one in made], now)
    for one in made:
        one.refresh_from_db()
    hall = Hall(city, area, far_area, made[0], made[1], staff, bodies)
    hall.listen(now)
    adopt_reference_edition(SYSTEM, now=before)
    return hall
