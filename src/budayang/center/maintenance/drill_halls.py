"""Drills on the sandbox (沙盒演练): the hall, planning, beginning and ending a play, and what came of it.

A fault is made at machines that exist only in the sandbox; everything after it happens as it would: the incident, the
notices to those on duty, the notices to the public. It is impossible on a real area in four ways: only a demonstration
has a sandbox; a play needs a `DrillHall`, which is made together with its area and never for one that is there; every
machine of the area must be the sandbox's own; and the sandbox has no key of any other machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import httpx
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from budayang.center.areas import actions as areas
from budayang.center.areas.hours_text import all_day
from budayang.center.maintenance import emergency_actions
from budayang.center.maintenance.emergency_actions import DOERS
from budayang.center.maintenance.help_ending import end_rehearsed
from budayang.center.maintenance.models import DrillHall, DrillPlay, Emergency, HelpCall
from budayang.center.platform import outgoing
from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Organization, Place
from budayang.center.platform.queries import parameter
from budayang.center.platform.sealing import center_keys
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.commissioning import NewMachine, commission
from budayang.rules.drills import HOLD_S, SCENARIO_BY_CODE, Scenario, awaited
from budayang.wire.mac import to_text

JOB = Actor.job("maintenance.drill_halls")
CODE = "DRILL"


def has_sandbox() -> bool:
    """Whether this center is a demonstration: no other has a sandbox beside it."""
    return bool(settings.BUDAYANG.demo)


def find_hall() -> DrillHall | None:
    """The drill hall, None where nobody made one."""
    return DrillHall.objects.select_related("area__place").first() if has_sandbox() else None


def hall_of(area: Any) -> DrillHall | None:
    """The hall when scenarios may be played on this area: all four conditions that are ours to check."""
    hall = find_hall()
    if hall is None or hall.area_id != area.pk or not area.is_demo:
        return None
    machines = terminals.in_service().filter(area_id=area.pk)
    return None if machines.filter(is_demo=False).exists() else hall


def make_hall(actor: Actor, parent: Place, *, now: datetime, transport: httpx.BaseTransport | None = None) -> DrillHall:
    """Make the drill hall: an area of its own whose machines the sandbox makes and lets live.

    Raises:
        Refused: no demonstration, a hall is there already, or the sandbox does not answer.
    """
    actor.require(Role.SUPERVISOR, place_path=parent.path)
    if not has_sandbox():
        raise Refused(_("沙盒演练只在演示环境里有：正式环境没有沙盒，也不放假故障。"))
    if DrillHall.objects.exists():
        raise Refused(_("沙盒演练区已经有了。"))
    keys = center_keys()
    told = {
        "area": CODE,
        "audit_key": to_text(keys.audit_public),
        "seal_key": to_text(keys.seal_public),
        "zone": parent.zone,
        "plan_s": float(parameter("heartbeat_plan_s", parent.path, now)),
    }
    answer = _ask("hall", told, transport)
    return _write_hall(actor, parent, answer["machines"], now)


@transaction.atomic
def _write_hall(actor: Actor, parent: Place, machines: list[Mapping[str, str]], now: datetime) -> DrillHall:
    with override(settings.LANGUAGE_CODE):
        name, machine = _("沙盒演练区"), _("演练终端%(n)s号")
    bodies = platform.organizations_visible_to(JOB).order_by("pk")
    owner = bodies.filter(kind=Organization.Kind.OWNER).first()
    if owner is None:
        raise Refused(_("先登记一个设备归属单位：演练区的机器要有归属。"))
    staff = platform.staff_visible_to(JOB).filter(pk=actor.staff_id or 0).first()
    area = areas.create_area(
        JOB, code=CODE, name=name, parent=parent, keeper=staff,
        manager=bodies.filter(kind=Organization.Kind.MANAGER).first(), is_demo=True,
    )  # fmt: skip
    today = emergency_actions.local_day(area, now)
    areas.set_promised_hours(JOB, area, all_day(), valid_from=today, now=now)
    new = [
        NewMachine(one["code"], machine % {"n": number}, owner.code, "", one["public_key"])
        for number, one in enumerate(machines, 1)
    ]
    commission(JOB, area.code, new, now, is_demo=True)
    hall = DrillHall.objects.create(area=area, made_at=now, made_by=actor.name)
    record(
        actor, "maintenance.make_drill_hall", subject=f"area:{area.code}", place_path=area.place.path,
        details={"machines": len(new)}, at=now,
    )  # fmt: skip
    return hall


@transaction.atomic
def plan_drill(
    actor: Actor, area: Any, code: str, *, on: date, now: datetime, scenario: str = "", hold_s: int = HOLD_S[1]
) -> Emergency:
    """Plan a drill of a card; with a `scenario` the sandbox plays it, on its own hall and nowhere else."""
    if not scenario:
        return emergency_actions.plan_drill(actor, area, code, on=on, now=now)
    found = SCENARIO_BY_CODE.get(scenario)
    if found is None:
        raise Refused(_("没有这个沙盒场景。"))
    if found.card != code:
        raise Refused(_("这个沙盒场景不是这张应急卡的，请选同一件事的卡。"))
    hall = hall_of(area)
    if hall is None:
        raise Refused(_("沙盒场景只能在沙盒演练区放：别的自助区是真的，不能放假故障。"))
    if not HOLD_S[0] <= hold_s <= HOLD_S[2]:
        raise Refused(_("故障保持的时间请写 %(a)s 到 %(b)s 秒。") % {"a": HOLD_S[0], "b": HOLD_S[2]})
    run = emergency_actions.plan_drill(actor, area, code, on=on, now=now)
    lines = [one.plain() for one in _awaited(found, area, now)]
    DrillPlay.objects.create(emergency=run, hall=hall, scenario=scenario, hold_s=hold_s, awaited=lines)
    return run


def _awaited(scenario: Scenario, area: Any, now: datetime) -> list[Any]:
    path = area.place.path

    def limit(name: str) -> float:
        return float(parameter(name, path, now))

    return awaited(
        scenario, plan_s=limit("heartbeat_plan_s"), grace_s=limit("silence_grace_s"),
        respond_s=limit("respond_urgent_s"), help_s=limit("help_answer_s"),
    )  # fmt: skip


def start_drill(
    actor: Actor, run: Emergency, *, now: datetime, transport: httpx.BaseTransport | None = None
) -> Emergency:
    """Begin a drill, with its scenario where it has one. Nothing begins when the sandbox does not."""
    play = find_play(run)
    if play is None or play.began_at is not None:
        return emergency_actions.start_drill(actor, run, now=now)
    actor.require(*DOERS, place_path=run.area.place.path)
    # Looked at again: what was a hall when the drill was planned must still be nothing else.
    if hall_of(run.area) is None or play.hall.area_id != run.area_id:
        raise Refused(_("沙盒场景只能在沙盒演练区放：别的自助区是真的，不能放假故障。"))
    with transaction.atomic():
        emergency_actions.start_drill(actor, run, now=now)
        told = {"play": str(play.pk), "scenario": play.scenario, "hold_s": play.hold_s}
        # Inside, so that a sandbox that refuses leaves the drill planned. It answers at once: it only begins.
        answer = _ask("hall/play", told, transport)
        # The sandbox's word, by the clock of this machine: what the page waited for is not the platform's slowness.
        began_at = datetime.fromisoformat(answer["playing"]["began_at"])
        ends_at = began_at + timedelta(seconds=play.hold_s)
        DrillPlay.objects.filter(pk=play.pk).update(began_at=began_at, ends_at=ends_at)
    return run


def end_drill(
    actor: Actor, run: Emergency, *, now: datetime, note: str, transport: httpx.BaseTransport | None = None
) -> Emergency:
    """End a run; of a drill on the sandbox the fault ends with it, if it still stands. Nothing ends when the sandbox
    does not answer: the drill is at work as long as its fault.
    """
    play = find_play(run)
    with transaction.atomic():
        emergency_actions.end(actor, run, note=note, now=now)
        if play is not None and play.began_at is not None:
            # Nobody waits at a machine of the sandbox: the next drill's call is another one.
            end_rehearsed(HelpCall.objects.filter(area_id=play.hall.area_id), now)
        if play is not None and play.ends_at is not None and play.ends_at > now:
            DrillPlay.objects.filter(pk=play.pk).update(ends_at=now)
            # Inside and last, so that who may not end it asks nothing, and a sandbox that refuses leaves it at work.
            _ask("hall/stop", {"play": str(play.pk)}, transport)
    return run


def find_play(run: Emergency) -> DrillPlay | None:
    """The scenario of a drill, None when it has none."""
    return DrillPlay.objects.filter(emergency_id=run.pk).select_related("hall").first()


def _ask(what: str, told: Mapping[str, object], transport: httpx.BaseTransport | None) -> dict[str, Any]:
    url = f"{settings.BUDAYANG.sandbox_url}/control/{what}"
    body = json.dumps(told).encode()
    answer = outgoing.post(url, body, {"Content-Type": "application/json"}, transport=transport)
    if answer.status == 409:
        raise Refused(_("沙盒现在放不了：上一个场景还没有放完，或演练区的机器还没有都连上，请稍等再试。"))
    if not answer.ok and what == "hall/stop":
        raise Refused(_("沙盒没有应答，演练没有结束，故障可能还在。请确认演示的沙盒在运行，再结束一次。"))
    if not answer.ok:
        raise Refused(_("沙盒没有应答，演练没有开始。请确认演示的沙盒在运行。"))
    found: dict[str, Any] = json.loads(answer.body)
    return found
