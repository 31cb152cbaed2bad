"""Profiles: inherited live from city to terminal, with the origin told; a change is handed down, also one to come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.center import hall as halls
from tests.center.hall import SYSTEM, Hall

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine, Place
from budayang.center.terminals import actions, profile_actions, profile_queries
from budayang.center.terminals.models import IngestNotice, Outgoing, Terminal

pytestmark = pytest.mark.django_db


@pytest.fixture
def hall(now: datetime) -> Hall:
    made = halls.build(now)
    profile_actions.hand_on(now)
    Outgoing.objects.all().delete()
    IngestNotice.objects.all().delete()
    return made


def here(hall: Hall, at: datetime, terminal: str = "KBS-01") -> dict[str, tuple[Any, str]]:
    found = profile_queries.effective(hall.area.place.path, at, terminal=terminal)
    return {one.setting.name: (one.value, one.origin) for one in found}


def sent(terminal: Terminal) -> list[dict[str, Any]]:
    rows = Outgoing.objects.filter(terminal=terminal, kind="profile", replaced_at__isnull=True)
    return [row.body["values"] for row in rows]


def test_the_nearest_wins_and_says_where_it_was_set(hall: Hall, now: datetime) -> None:
    zhu, lin = SYSTEM, hall.actor("lin")
    assert here(hall, now)["brightness"] == ("", "")
    profile_actions.set_value(zhu, "brightness", "06:00 90%", place=hall.city, now=now)
    banner = Place.objects.get(code="150603")
    for value, place in (("06:00 80%", banner), ("06:00 70%", hall.area.place)):
        assert here(hall, now)["brightness"][1] != place.name
        profile_actions.set_value(lin if place != banner else zhu, "brightness", value, place=place, now=now)
        assert here(hall, now)["brightness"] == (value, place.name)
    profile_actions.set_value(lin, "brightness", "06:00 60%", terminal=hall.terminal, now=now)
    assert here(hall, now)["brightness"] == ("06:00 60%", "KBS-01")
    assert here(hall, now, "KBS-02")["brightness"] == ("06:00 70%", hall.area.place.name)
    later = now + timedelta(minutes=1)
    profile_actions.set_value(lin, "brightness", None, terminal=hall.terminal, now=later, withdraw=True)
    assert here(hall, later)["brightness"] == ("06:00 70%", hall.area.place.name), "it inherits again"
    assert here(hall, now)["brightness"] == ("06:00 60%", "KBS-01"), "history stays"


def test_a_change_is_handed_to_all_below_and_to_nobody_else(hall: Hall, now: datetime) -> None:
    far = actions.register_terminal(SYSTEM, code="HJ-01", name="x", area="HJ", owner="RS", now=now)
    profile_actions.set_value(hall.actor("lin"), "helper_phone_shown", False, place=hall.area.place, now=now)
    assert profile_actions.hand_on(now) == 1
    assert profile_actions.hand_on(now) == 0
    for terminal, values in ((hall.terminal, [False]), (hall.other, [False]), (far, [])):
        assert [one["helper_phone_shown"] for one in sent(terminal)] == values
    assert AuditLine.objects.filter(action="platform.set_parameter", actor="lin").count() == 1


def test_plan_and_grace_reach_the_door(hall: Hall, now: datetime) -> None:
    profile_actions.set_value(hall.actor("lin"), "silence_grace_s", 90, terminal=hall.terminal, now=now)
    profile_actions.hand_on(now)
    hall.terminal.refresh_from_db()
    hall.other.refresh_from_db()
    assert (hall.terminal.grace_s, hall.other.grace_s) == (90, 30)
    assert IngestNotice.objects.filter(terminal=hall.terminal).exists()
    assert not IngestNotice.objects.filter(terminal=hall.other).exists()


def test_a_value_to_come_is_handed_on_when_it_comes(hall: Hall, now: datetime) -> None:
    tomorrow = now + timedelta(days=1)
    lin = hall.actor("lin")
    profile_actions.set_value(lin, "night_window", "20:00-05:00", place=hall.area.place, now=now, valid_from=tomorrow)
    assert profile_actions.hand_on(now) == 0
    assert here(hall, now)["night_window"][0] == "18:00-06:00"
    assert profile_actions.hand_on(tomorrow) == 1
    assert sent(hall.terminal)[0]["night_window"] == "20:00-05:00"


def test_only_the_newest_profile_waits(hall: Hall, now: datetime) -> None:
    for value in (40, 50, 60):
        profile_actions.set_value(
            hall.actor("lin"), "idle_warn_s", value, place=hall.area.place, now=now + timedelta(seconds=value)
        )
        profile_actions.hand_on(now + timedelta(seconds=value))
    assert [one["idle_warn_s"] for one in sent(hall.terminal)] == [60]


def test_a_new_terminal_has_its_places_settings_at_once(hall: Hall, now: datetime) -> None:
    profile_actions.set_value(SYSTEM, "heartbeat_plan_s", 15, place=hall.city, now=now)
    made = actions.register_terminal(SYSTEM, code="KBS-09", name="x", area="KBS", owner="RS", now=now)
    assert (made.plan_s, made.grace_s) == (15, 30)
    own = actions.register_terminal(SYSTEM, code="KBS-10", name="x", area="KBS", owner="RS", now=now, grace_s=200)
    assert own.grace_s == 200
    assert here(hall, now, "KBS-10")["silence_grace_s"] == (200, "KBS-10")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("idle_warn_s", 29),
        ("idle_warn_s", 91),
        ("idle_warn_s", "60"),
        ("heartbeat_plan_s", True),
        ("brightness", "6:00 80%"),
        ("brightness", "22:00 40%, 06:00 80%"),
        ("brightness", "06:00 5%"),
        ("night_window", "18:00-18:00"),
        ("languages", ["en"]),
        ("languages", []),
        ("update_ring", "never"),
        ("helper_phone_shown", "yes"),
        ("make_coffee", 1),
    ],
)
def test_what_is_out_of_bounds_is_refused(hall: Hall, now: datetime, name: str, value: object) -> None:
    with pytest.raises(Refused):
        profile_actions.set_value(hall.actor("lin"), name, value, terminal=hall.terminal, now=now)


def test_who_may_set(hall: Hall, now: datetime) -> None:
    for who in ("ren", "mo", "ning", "ou", "sys"):
        with pytest.raises(Forbidden):
            profile_actions.set_value(hall.actor(who), "idle_warn_s", 40, terminal=hall.terminal, now=now)
    with pytest.raises(Forbidden):
        profile_actions.set_value(hall.actor("lin"), "idle_warn_s", 40, place=hall.city, now=now)
    with pytest.raises(Refused, match="过去"):
        profile_actions.set_value(
            SYSTEM, "idle_warn_s", 40, place=hall.city, now=now, valid_from=now - timedelta(seconds=1)
        )
