"""The demonstration's roster, escalation and channel: who is told of a fault tonight, and where that can be seen."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from budayang.center.maintenance import duty_actions, duty_queries, notice_actions
from budayang.center.maintenance import notice_queries as notices
from budayang.center.platform import queries
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization, Place, Staff
from budayang.rules.duty import Days, Post, Turn
from budayang.rules.escalation import Otherwise, Step, StepKind
from budayang.sandbox.notice_board import DEMO_SECRET

SYSTEM = Actor.system()
BEGAN = timedelta(days=28)


def load(now: datetime) -> None:
    """Each part once; what people changed since stays."""
    if not duty_queries.rosters_visible_to(SYSTEM):
        _rosters(now)
    if not notices.channels_visible_to(SYSTEM).exists():
        notice_actions.add_channel(
            SYSTEM,
            kind="webhook",
            name="沙盒里的通知板",
            place=queries.get_place("150600"),
            values={"url": f"{settings.BUDAYANG.sandbox_url}/hook/notices", "secret": DEMO_SECRET},
            per_minute=120,
            now=now,
        )
    if not notices.policies_visible_to(SYSTEM).exists():
        _policy(now)


def _people() -> dict[str, Staff]:
    return {one.username: one for one in queries.staff_visible_to(SYSTEM)}


def _rosters(now: datetime) -> None:
    """The area's managing unit by day and on workday nights; the vendor at any hour, in turns of a week.

    Nobody has the nights of the weekend: a gap that the roster's page shows.
    """
    people = _people()
    bodies = {one.code: one for one in queries.organizations_visible_to(SYSTEM)}
    area, city = queries.get_place("A-KBS"), queries.get_place("150600")
    start = timezone.localdate(now) - BEGAN
    start -= timedelta(days=start.weekday())

    def plan(
        body: str, place: Place, name: str, days: Days, hours: tuple[int, int], names: str, **more: object
    ) -> None:
        organization: Organization = bodies[body]
        duty_actions.add_shift(
            SYSTEM,
            organization=organization,
            place=place,
            name=name,
            days=days,
            opens=time(hours[0]),
            closes=time(hours[1]),
            people=[people[one] for one in names.split()],
            starts_on=start,
            now=now,
            **more,  # type: ignore[arg-type]  # post and turn, where they differ
        )

    plan("ZWKBS", area, "白班", Days.EVERY, (8, 20), "lin zhu")
    plan("ZWKBS", area, "工作日夜班", Days.WORKDAYS, (20, 8), "ning")
    plan("VN1", city, "运维值守", Days.EVERY, (0, 0), "mo", turn=Turn.WEEK)
    plan("RS", city, "设备值守", Days.WORKDAYS, (8, 18), "ren", post=Post.DUTY)


def _policy(now: datetime) -> None:
    """Groups at once, then people one after the other: what the notice board shows within minutes."""
    notice_actions.set_policy(
        SYSTEM,
        place=queries.get_place("150600"),
        organization=None,
        severity="",
        name="全市通知（演示）",
        steps=(
            Step(StepKind.TELL_GROUP),
            Step(StepKind.TELL_ON_DUTY, body="responsible"),
            Step(StepKind.WAIT, wait_s=15 * 60),
            Step(StepKind.TELL_ROLE, role="area_keeper"),
            Step(StepKind.TELL_NEXT, body="responsible"),
            Step(StepKind.WAIT, wait_s=30 * 60),
            Step(StepKind.ONLY_BETWEEN, opens=time(7), closes=time(22), otherwise=Otherwise.HOLD),
            Step(StepKind.TELL_ROLE, role="supervisor"),
            Step(StepKind.WAIT, wait_s=30 * 60),
            Step(StepKind.REPEAT, times=2),
        ),
        now=now,
    )
