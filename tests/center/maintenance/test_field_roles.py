"""保安、保洁: they see and walk their own tasks on the phone, and nothing else of an area."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.test import Client
from tests.center.hall import PASSWORD, SYSTEM, Hall

from budayang.center.maintenance import help_calls, notice_people, round_actions, round_day
from budayang.center.maintenance import round_jobs as jobs
from budayang.center.maintenance import round_plan_actions as planning
from budayang.center.maintenance import round_queries as queries
from budayang.center.maintenance.models import Incident, NoticeLine, Round, RoundAnswer
from budayang.center.maintenance.queries import incidents_visible_to, orders_visible_to
from budayang.center.maintenance.round_actions import Given
from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Forbidden, Role
from budayang.center.platform.models import Transition
from budayang.rules.rounds import Plan, Rhythm

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
ROWS: list[dict[str, object]] = [{"code": "floor", "text": "地面干净", "severity": "general", "bucket": "site"}]
PEOPLE = (("bao", Role.GUARD, "WY1"), ("jie", Role.CLEANER, "WY1"), ("wai", Role.GUARD, "WY2"))


@pytest.fixture
def field(hall: Hall) -> Hall:
    """Guards and a cleaner, and a round of each kind this morning."""
    before = MORNING - timedelta(days=1)
    for code in ("WY1", "WY2"):
        hall.bodies[code] = platform.add_organization(
            SYSTEM, code=code, name=f"测试{code}", kind="property", place=hall.city
        )
    for username, role, body in PEOPLE:
        person = platform.add_staff(
            SYSTEM, username=username, name=f"测试{username}", password=PASSWORD, organization=hall.bodies[body]
        )
        platform.grant_role(SYSTEM, person, role, hall.area.place, now=before)
        hall.staff[username] = person
    for code, who in (("night", "guard"), ("cleaning", "cleaner"), ("daily", "keeper")):
        planning.write_edition(
            SYSTEM, place=hall.city, code=code, name=code, basis="", rows=ROWS, valid_from=date(2026, 11, 22),
            now=before, today=date(2026, 11, 22),
        )  # fmt: skip
        add_plan(hall, code, who)
    add_plan(hall, "night", "guard", organization=hall.bodies["WY2"])
    hall.listen(MORNING)
    assert jobs.open_rounds(MORNING) == 4
    return hall


def add_plan(hall: Hall, code: str, who: str, **more: object) -> None:
    planning.set_plan(
        SYSTEM, None, area=hall.area, code=code, who=who, now=MORNING - timedelta(days=1),
        plan=Plan(Rhythm.DAILY, ((time(8, 30), time(11, 30)),), date(2026, 11, 23)), **more,  # type: ignore[arg-type]
    )  # fmt: skip


def seen(hall: Hall, who: str) -> list[str]:
    return sorted(row.plan.list_code for row in queries.rounds_visible_to(hall.actor(who)))


def test_each_sees_the_tasks_of_the_own_role_and_no_others(field: Hall) -> None:
    assert seen(field, "bao") == ["night"], "another body's guards have a task of their own"
    assert seen(field, "wai") == ["night", "night"]
    assert seen(field, "jie") == ["cleaning"]
    assert seen(field, "lin") == ["cleaning", "daily", "night", "night"]
    for who in ("bao", "jie"):
        actor = field.actor(who)
        assert [one.plan.who for one in round_day.my_day(actor, MORNING)] == [{"bao": "guard", "jie": "cleaner"}[who]]
        assert queries.plans_visible_to(actor).count() == 1
        assert not incidents_visible_to(actor).exists()
        assert not orders_visible_to(actor).exists()
    far = Round.objects.filter(pk__in=queries.rounds_visible_to(field.actor("ou")))
    assert not far.exists()


def test_the_keeper_has_what_nobody_else_has(field: Hall) -> None:
    mine = {one.plan.who for one in round_day.my_day(field.actor("lin"), MORNING)}
    assert mine == {"keeper"}, "guards and cleaners are there"
    field.staff["jie"].is_active = False
    field.staff["jie"].save(update_fields=["is_active"])
    assert {one.plan.who for one in round_day.my_day(field.actor("lin"), MORNING)} == {"keeper", "cleaner"}


def test_they_answer_their_own_and_are_refused_the_rest(field: Hall) -> None:
    rounds = {row.plan.who: row for row in Round.objects.filter(plan__organization=None).select_related("plan")}
    given = Given("client-guard-1", "", "floor", "yes", MORNING + timedelta(minutes=5))
    round_actions.record_answer(field.actor("bao"), rounds["guard"], given, now=MORNING + timedelta(minutes=5))
    assert RoundAnswer.objects.get().by == "bao"
    for who, whose in (("bao", "cleaner"), ("bao", "keeper"), ("jie", "guard"), ("jie", "keeper")):
        other = Given(f"client-{who}-{whose}", "", "floor", "yes", MORNING + timedelta(minutes=5))
        with pytest.raises(Forbidden):
            round_actions.record_answer(field.actor(who), rounds[whose], other, now=MORNING + timedelta(minutes=6))
    assert RoundAnswer.objects.count() == 1


def test_reminders_and_alarms_reach_who_has_the_role(field: Hall, now: datetime) -> None:
    row = Round.objects.get(plan__who="cleaner")
    round_actions.tell(row, "reminded", MORNING, MORNING)
    jobs.hear_reminders(list(Transition.objects.filter(kind="maintenance.round_reminded")), MORNING)
    assert [line.staff.username for line in NoticeLine.objects.filter(kind="round")] == ["jie"]  # type: ignore[union-attr]
    field.tell(field.other, "environment", "x-env.smoke", "on", MORNING, MORNING)
    smoke = Incident.objects.get(kind="site_smoke")
    told = {one.username for one in notice_people._of_the_table("guard", smoke)}
    assert told == {"bao", "wai"}, "a cleaner of the same body is not called to a fire"


def test_on_the_phone_and_nowhere_else(field: Hall) -> None:
    client = Client()
    client.force_login(field.staff["bao"], backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/console/").headers["Location"] == "/console/my-rounds/"
    assert client.get("/console/my-rounds/").status_code == 200
    day = client.get("/console/my-rounds/day/").json()
    assert day["person"]["username"] == "bao"
    for path in ("rounds/", "incidents/", "orders/", "areas/", "terminals/", "emergencies/", "keys/", "staff/"):
        assert client.get(f"/console/{path}").status_code == 403, path
    assert client.get("/console/my-notices/").status_code == 200
    assert client.get("/console/help-calls/").status_code == 200, "whoever is called answers"
    assert help_calls.calls_visible_to(field.actor("jie")).count() == 0
