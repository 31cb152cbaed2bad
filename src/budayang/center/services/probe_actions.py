"""Writes of end-to-end tries (拨测): asked for by plan, by hand or for a promise; ended once; what they prove is kept.

A try is no case: it has no case number, no paper, no receipt, and stands in no figure of cases or ratings.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Forbidden, Role
from budayang.center.services import marks, probe_failures
from budayang.center.services.connector_queries import served_path
from budayang.center.services.models import Item, Offering, Probe, ProbeStanding
from budayang.center.services.rights import may_confirm
from budayang.center.terminals import queries as terminals
from budayang.rules.probes import BY_CODE, OPEN_STATES, Result, judge_steps, next_at, next_state

JOB = Actor.job("services.probes")
KEEPERS = (Role.SUPERVISOR, Role.AREA_KEEPER)


def may_probe(actor: Actor, item: Item, terminal: Any | None) -> bool:
    """A keeper tries machines of their places, an owner unit its own machines and its own department's items."""
    if terminal is None:
        return actor.may(Role.SUPERVISOR) or may_confirm(actor, item.department)
    place = terminal.area.place.path
    return actor.may(*KEEPERS, Role.OWNER_UNIT, place_path=place, organizations=(terminal.owner_id,))


@transaction.atomic
def ask_probe(actor: Actor, item_code: str, *, terminal_code: str = "", asked_by: str = "hand", now: datetime) -> Probe:
    """Try an item at a terminal, or its department alone. One that is under way already is returned as it is.

    Raises:
        Refused: the item is not offered there.
        Forbidden: neither the machine nor the department is the actor's.
    """
    item = Item.objects.select_related("department__organization__place").get(code=item_code)
    terminal = terminals.get_terminal(actor, terminal_code) if terminal_code else None
    if not may_probe(actor, item, terminal):
        raise Forbidden(f"{actor.kind} {actor.name} may not try {item_code} at {terminal_code or 'the department'}")
    if terminal is not None and not Offering.objects.filter(item=item, terminal=terminal, active=True).exists():
        raise Refused(_("这台终端没有登记“%(item)s”，不能拨测。") % {"item": item.name})
    known = Probe.objects.filter(item=item, terminal=terminal, state__in=OPEN_STATES).order_by("-pk").first()
    if known is not None:
        return known
    probe = Probe.objects.create(
        item=item,
        terminal=terminal,
        place_path=terminal.area.place.path if terminal is not None else served_path(item.department),
        asked_by=asked_by,
        asked_label=actor.label[:60] if actor.kind == "staff" else "",
        asked_at=now,
        due_at=now,
    )
    if actor.kind == "staff":
        subject = f"terminal:{terminal_code}" if terminal_code else f"item:{item_code}"
        record(actor, "services.ask_probe", subject=subject, place_path=probe.place_path, details={"item": item_code})
    return probe


def move(probe: Probe, event: str, **fields: Any) -> bool:
    """One step of the table by compare-and-set: two workers may look at the same try."""
    after = next_state(probe.state, event)
    if after is None or not Probe.objects.filter(pk=probe.pk, state=probe.state).update(state=after, **fields):
        return False
    probe.state = after
    for name, value in fields.items():
        setattr(probe, name, value)
    return True


def hold(probe: Probe, until: datetime, **fields: Any) -> bool:
    """Take a running try until a moment; False when a rival took it. Nobody else looks at it before."""
    mine = Probe.objects.filter(pk=probe.pk, state=probe.state, due_at=probe.due_at)
    if not mine.update(due_at=until, **fields):
        return False
    probe.due_at = until
    for name, value in fields.items():
        setattr(probe, name, value)
    return True


def add_step(probe: Probe, step: str, ok: bool | None, text: str = "", ms: int = 0, *, excused: bool = False) -> None:
    """Note a step; it is written with the next write of the row. `excused`: that it failed is nobody's fault, as the
    department itself or a plan says.
    """
    noted: dict[str, Any] = {"step": step, "ok": ok, "text": text[:160], "ms": ms}
    probe.steps = [*probe.steps, noted | {"excused": True} if excused else noted]


@transaction.atomic
def finish(probe: Probe, now: datetime) -> Result | None:
    """End a try by its steps, keep what it proves, have the items judged again; None when a rival ended it."""
    result = judge_steps(probe.steps)
    began = probe.began_at or probe.asked_at
    ended = move(
        probe,
        result.event,
        ended_at=now,
        took_ms=max(0, round((now - began).total_seconds() * 1000)),
        steps=probe.steps,
        failed_step=result.step,
        text=result.text[:200],
        due_at=None,
    )
    if not ended:
        return None
    by_step: dict[str, Mapping[str, Any]] = {str(one["step"]): one for one in probe.steps}
    department = by_step.get("department")
    if department is not None and department["ok"] is not None:
        _prove(probe, None, ok=bool(department["ok"]), passed=bool(department["ok"]), result=result, now=now)
    if probe.terminal_id is not None:
        machine_ok = not (result.event == "fail" and BY_CODE[result.step].machine)
        _prove(probe, probe.terminal_id, ok=machine_ok, passed=result.event == "pass", result=result, now=now)
    return result


def drop(probe: Probe, text: str, now: datetime) -> None:
    """Nothing could be tried: it proves nothing."""
    move(probe, "drop", ended_at=now, text=text[:200], due_at=None, steps=probe.steps)


def _prove(probe: Probe, terminal_id: int | None, *, ok: bool, passed: bool, result: Result, now: datetime) -> None:
    known = ProbeStanding.objects.filter(item_id=probe.item_id)
    whose = known.filter(terminal__isnull=True) if terminal_id is None else known.filter(terminal_id=terminal_id)
    row = whose.select_for_update(of=("self",)).first()
    if row is None:
        row = ProbeStanding(item=probe.item, terminal=None if terminal_id is None else probe.terminal)
    failed_before = row.failed_at is not None
    every = platform.parameter("probe_every_s", probe.place_path, now)
    again = platform.parameter("probe_again_s", probe.place_path, now)
    if passed:
        row.passed_at = now
    row.failed_at = None if ok else now
    row.failed_step, row.text = ("", "") if ok else (result.step, result.text[:200])
    row.last = probe
    excused = any(one.get("excused") for one in probe.steps)
    probe_failures.count(row, probe, ok=ok, excused=excused, now=now)
    # A machine is tried again only while it failed; departments' items are tried by plan.
    row.next_at = next_at(now, failed=not ok, every_s=every, again_s=again) if terminal_id is None or not ok else None
    row.save()
    if failed_before == (not ok) and not passed:
        return
    touched = Offering.objects.filter(item_id=probe.item_id, active=True)
    if terminal_id is not None:
        touched = touched.filter(terminal_id=terminal_id)
    touched.update(judge_at=now)
    marks.mark(marks.AVAILABILITY, now, list(touched.values_list("terminal_id", flat=True)))
    if failed_before == ok:
        emit(
            "services.probed",
            subject=f"item:{probe.item.code}",
            place_path=probe.place_path,
            payload={
                "item": probe.item.code,
                "department": probe.item.department.code,
                "terminal": probe.terminal.code if terminal_id is not None and probe.terminal else "",
                "passed": ok,
                "step": "" if ok else result.step,
                "text": "" if ok else result.text[:200],
            },
            occurred_at=now,
            now=now,
        )


def plan(item_ids: Sequence[int], now: datetime) -> int:
    """Begin to try these items by plan, spread over ten minutes; those that are no more among them are let be."""
    known = set(ProbeStanding.objects.filter(terminal=None).values_list("item_id", flat=True))
    fresh = [
        ProbeStanding(item_id=one, next_at=now + timedelta(seconds=secrets.randbelow(600)))
        for one in item_ids
        if one not in known
    ]
    ProbeStanding.objects.bulk_create(fresh, ignore_conflicts=True)
    idle = ProbeStanding.objects.filter(terminal=None, item_id__in=item_ids, next_at=None)
    gone = ProbeStanding.objects.filter(terminal=None, next_at__isnull=False).exclude(item_id__in=item_ids)
    return len(fresh) + idle.update(next_at=now) + probe_failures.let_be(gone, now)
