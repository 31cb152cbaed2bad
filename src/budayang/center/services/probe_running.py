"""Carries tries (拨测) through their steps: the machine, its self-test, the rule, the department.

The loop looks at what is due and waits for nobody: a terminal's self-test is a command whose end is looked at again,
and departments are asked a few at a time. A killed worker leaves a try with its next look; then the department is asked
anew, under another key: a test has no effect there.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.services import codes, judging, probe_actions, probe_failures
from budayang.center.services.booking import read_slots
from budayang.center.services.case_accepting import verify_url
from budayang.center.services.connector_actions import open_test_identity
from budayang.center.services.connector_queries import capability, find_address
from budayang.center.services.item_forms import form_of
from budayang.center.services.models import ConnectorItem, Offering, Probe, ProbeStanding
from budayang.center.services.probe_actions import JOB, add_step, hold
from budayang.center.services.sending import DepartmentLine, Patience, make_client
from budayang.center.terminals import command_actions, command_queries
from budayang.center.terminals import queries as terminals
from budayang.forms.sampling import sample_form
from budayang.rules.areas import covers
from budayang.rules.calendars import DEFAULT_ZONE, next_opening
from budayang.rules.intervals import find_at
from budayang.rules.probes import MACHINE_REASONS, device_faults
from budayang.rules.services import AfterHours, Truth
from budayang.rules.terminals import Level, kind_of, meaning

log = structlog.get_logger(__name__)

OBEY_S = 75.0
"""How long a terminal may take to answer the order of its self-test; a held request gets it within seconds."""
LOOK_S = 1.5
LEASE_S = 60.0
AT_ONCE = 5
PATIENCE = Patience(timeout_s=8.0, pauses_s=(), deadline_s=10.0)
STARTABLE = (Truth.DOABLE, Truth.SUBMITTABLE)
UNTRIED_KINDS = ("launch", "guide")
ANSWERS: dict[str, str] = {"done": "已办结", "handed_in": "已收件", "due": "待缴费"}

LineMaker = Callable[[], DepartmentLine]


def make_line() -> DepartmentLine:
    return DepartmentLine(make_client(PATIENCE), PATIENCE)


@dataclass(frozen=True, slots=True)
class _Question:
    """What a department is asked for one try; `identity` is opened for it and kept nowhere."""

    probe: Probe
    department: str
    address: tuple[str, str]
    kind: str
    number: str
    identity: Mapping[str, str]
    form: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Heard:
    """How the department's step went. `excused`: by its own word, so no fault of it."""

    ok: bool
    text: str
    excused: bool = False


def plan_due(now: datetime) -> int:
    """Tries by plan whose time has come. An item whose department is known to be closed waits for its opening."""
    begun = 0
    due = ProbeStanding.objects.filter(next_at__lte=now).select_related("item__department", "terminal")
    for row in due.order_by("next_at")[:AT_ONCE]:
        opens = _opens_at(row, now)
        later = opens + timedelta(minutes=1) if opens is not None else now + timedelta(minutes=10)
        # The rival is another worker: only one of them moves the due time.
        mine = ProbeStanding.objects.filter(pk=row.pk, next_at=row.next_at).update(next_at=later)
        if not mine or opens is not None:
            continue
        try:
            code = row.terminal.code if row.terminal else ""
            probe_actions.ask_probe(JOB, row.item.code, terminal_code=code, asked_by="schedule", now=now)
            begun += 1
        except (Refused, Forbidden):
            probe_failures.let_be(ProbeStanding.objects.filter(pk=row.pk), now)
    return begun


def _opens_at(row: ProbeStanding, now: datetime) -> datetime | None:
    """When the department opens, if it is known to be closed now and takes nothing in at night."""
    offering = judging.active_offerings(item_id=row.item_id)[:1]
    if not offering:
        return None
    facts = judging.Facts(now=now, table=judging.calendar_table())
    facts.hours = {(one.department_id, one.item_id): one for one in judging.hours_rows(row.item.department_id)}
    hours = facts.hours_of(row.item)
    if hours is None or hours.confirmed_at is None:
        return None
    if judging.needs_of(offering[0], hours).after_hours == AfterHours.SUBMIT:
        return None
    windows = facts.windows_of(hours)
    return None if find_at(windows, now) is not None else next_opening(windows, now)


def watch_items(now: datetime) -> int:
    """Which items are tried by plan: those with a test identity that are offered somewhere."""
    with_identity = ConnectorItem.objects.filter(test_identity_sealed__isnull=False).exclude(kind__in=UNTRIED_KINDS)
    offered = Offering.objects.filter(active=True, driven=True, item_id__in=with_identity.values("item_id"))
    return probe_actions.plan(sorted(set(offered.values_list("item_id", flat=True))), now)


def look(now: datetime, line: LineMaker = make_line) -> int:
    """One turn: begin what waits, follow what runs, ask departments; returns how many tries moved."""
    moved = plan_due(now)
    ready: list[Probe] = []
    for probe in _due(now):
        moved += 1
        step = _begin if probe.state == "waiting" else _follow
        if step(probe, now):
            ready.append(probe)
    if ready:
        _ask_departments(ready, now, line)
    return moved


def _due(now: datetime) -> Sequence[Probe]:
    rows: QuerySet[Probe] = Probe.objects.filter(due_at__lte=now).order_by("due_at")
    return list(rows.select_related("item__department", "terminal__area__place")[:AT_ONCE])


def _begin(probe: Probe, now: datetime) -> bool:
    """The machine's own steps begin; True when the department may be asked right away."""
    if not probe_actions.move(probe, "begin", began_at=now, due_at=now + timedelta(seconds=LEASE_S)):
        return False
    machine = probe.terminal
    if machine is None:
        return True
    alive = terminals.liveness(machine.pk, now)
    words = {"online": "", "silent": _("失去联系"), "suspended": _("已停用")}
    # A silence is an incident of its own, and who is suspended or never heard of has no fault to be found by a try.
    online = alive == "online"
    add_step(probe, "alive", online, words.get(alive, _("还没有收到它的状态")), excused=not online)
    if not online:
        probe_actions.finish(probe, now)
        return False
    if machine.kind != "own":
        add_step(probe, "obeys", None, _("部门专机不运行本平台的程序，不能命令它自检"))
        return _after_self_test(probe, now)
    command = command_actions.order(
        JOB, [machine], "self_test", reason=_("拨测"), now=now, arguments={"item": probe.item.code}, valid_s=60
    )
    hold(probe, now + timedelta(seconds=LOOK_S), command_id=command.pk, steps=probe.steps)
    return False


def _follow(probe: Probe, now: datetime) -> bool:
    """Look whether the terminal has answered; True when the department is to be asked next."""
    if probe.terminal_id is None or any(one["step"] == "rule" for one in probe.steps):
        return hold(probe, now + timedelta(seconds=LEASE_S))
    runs = command_queries.runs_visible_to(JOB)
    run = runs.filter(command_id=probe.command_id).first() if probe.command_id is not None else None
    began, stopped = probe.began_at or probe.asked_at, _stopped(probe, now)
    if run is not None and run.state in ("done", "failed"):
        took = round(((run.ended_at or now) - began).total_seconds() * 1000)
        if run.state == "failed" and run.reason == "unknown":
            add_step(probe, "obeys", None, _("终端的程序较旧，不会自检"), took)
        else:
            done = run.state == "done"
            add_step(probe, "obeys", done, "" if done else _("自检没有做成"), took, excused=stopped and not done)
        return _after_self_test(probe, now, run.result if run.state == "done" else {})
    if now - began < timedelta(seconds=OBEY_S):
        hold(probe, now + timedelta(seconds=LOOK_S))
        return False
    add_step(probe, "obeys", False, _("终端没有应答自检"), excused=stopped)
    probe_actions.finish(probe, now)
    return False


def _after_self_test(probe: Probe, now: datetime, told: Mapping[str, Any] | None = None) -> bool:
    """Devices as they just answered, and the rule; True when the department may be asked."""
    machine = probe.terminal
    assert machine is not None
    offering = next(iter(judging.active_offerings(terminal_id=machine.pk, item_id=probe.item_id)), None)
    if offering is None:
        probe_actions.drop(probe, _("这台终端没有登记这件事"), now)
        return False
    facts = judging.Facts.load([offering], now)
    needs = judging.needs_of(offering, facts.hours_of(offering.item)).needs
    faults = _faults(needs, told, facts, machine.pk)
    add_step(probe, "devices", not faults, "、".join(faults), excused=bool(faults) and _stopped(probe, now))
    if not faults:
        # What earlier tries say is left out: this one is to find out.
        facts.probes = {}
        verdict = judging.judge(offering, facts)
        unproved = verdict.truth is Truth.UNCONFIRMED and verdict.reason in ("hours_unconfirmed", "connector_unknown")
        able = verdict.truth in STARTABLE or unproved
        excused = not able and verdict.reason not in MACHINE_REASONS
        add_step(probe, "rule", able, "" if unproved else verdict.text, excused=excused)
    if probe.steps[-1]["ok"] is False or any(one["ok"] is False for one in probe.steps):
        probe_actions.finish(probe, now)
        return False
    return hold(probe, now + timedelta(seconds=LEASE_S), steps=probe.steps)


def _stopped(probe: Probe, now: datetime) -> bool:
    """Whether a planned stop covers the whole machine: what it does meanwhile is nobody's fault."""
    machine = probe.terminal
    if machine is None:
        return False
    stops = areas.planned_stops(now, now + timedelta(seconds=1), area_id=machine.area_id, terminal_id=machine.pk)
    return any(not stop.part_only and covers(stop, terminal_id=machine.pk) for stop in stops)


def _faults(needs: frozenset[str], told: Mapping[str, Any] | None, facts: judging.Facts, terminal_id: int) -> list[str]:
    """Devices that the item needs and that do not work: as the terminal just told, else as it told last."""
    devices: dict[str, dict[str, str]] = {}
    kinds: dict[str, str] = {}
    if told and isinstance(told.get("devices"), dict):
        for subject, one in told["devices"].items():
            devices[subject] = {str(prop): str(state) for prop, state in dict(one.get("states") or {}).items()}
            kinds[subject] = str(one.get("kind") or kind_of(subject))
    else:
        for (subject, prop), state in facts.states.get(terminal_id, {}).items():
            devices.setdefault(subject, {})[prop] = state.state
            kinds[subject] = state.kind or kind_of(subject)
    levels, texts = {}, {}
    for subject, states in devices.items():
        found = [meaning(kinds[subject], prop, state) for prop, state in sorted(states.items())]
        bad = [one for one in found if one.level is Level.FAULT]
        levels[subject], texts[subject] = ("fault", bad[0].text) if bad else ("ok", "")
    return device_faults(needs, kinds, levels, texts)


def _ask_departments(probes: Sequence[Probe], now: datetime, line: LineMaker) -> None:
    began = time.monotonic()
    questions = []
    for probe in probes:
        question = _question(probe, now)
        if question is None:
            probe_actions.finish(probe, now)
        else:
            questions.append(question)
    if questions:
        for probe in asyncio.run(_ask_all(questions, line)):
            probe_actions.finish(probe, now + timedelta(seconds=time.monotonic() - began))


def _question(probe: Probe, now: datetime) -> _Question | None:
    """What the department is asked; None, with the step noted, where it cannot be asked at all."""
    item = probe.item
    promised = capability(item.code)
    row = ConnectorItem.objects.filter(item=item).select_related("item").first()
    identity = open_test_identity(row) if row is not None else None
    address = find_address(item.department.code)
    if promised.kind in UNTRIED_KINDS:
        add_step(probe, "identity", None, _("这类事项不经接口办理，没有可拨测的"))
    elif identity is None:
        add_step(probe, "identity", None, _("部门没有给出测试身份，只试了终端这一边"))
    elif address is None:
        add_step(probe, "department", False, _("部门没有登记接口"))
    else:
        add_step(probe, "identity", True)
        on = now.astimezone(ZoneInfo(DEFAULT_ZONE)).date().isoformat()
        form = sample_form(form_of(item.code) or {}, on)
        number = f"TEST-{probe.pk}-{secrets.token_hex(4).upper()}"
        return _Question(probe, item.department.code, address, promised.kind, number, identity, form)
    return None


async def _ask_all(questions: Sequence[_Question], line: LineMaker) -> list[Probe]:
    asking = line()
    try:
        return list(await asyncio.gather(*(_ask(one, asking) for one in questions)))
    finally:
        await asking.client.aclose()


async def _ask(question: _Question, line: DepartmentLine) -> Probe:
    """One matter for the test identity, marked as a test; its outcome as a step of the try.

    Whatever a department says, the try comes to its end, and the others of the same turn with it.
    """
    began = time.monotonic()
    try:
        heard = await _hear(question, line)
    except Exception as error:
        log.exception("a try failed in an unexpected way", probe=question.probe.pk, error=type(error).__name__)
        heard = _Heard(False, _("部门没有给出能读懂的答复"))
    took_ms = round((time.monotonic() - began) * 1000)
    add_step(question.probe, "department", heard.ok, heard.text, took_ms, excused=heard.excused)
    return question.probe


async def _hear(question: _Question, line: DepartmentLine) -> _Heard:
    form = dict(question.form)
    if question.kind == "book":
        slot = await _free_slot(question, line)
        if slot is None:
            return _Heard(False, _("没有可预约的时段"), excused=True)
        form["slot"] = slot
    code = codes.make_code()
    body = {
        "case": question.number,
        "item": question.probe.item.code,
        "person": {"name": question.identity["name"], "id_number": question.identity["id_number"]},
        "form": form,
        "paper": {"code": code, "verify_url": verify_url(code)},
        "test": True,
    }

    async def ours(unclear: bool) -> bool:
        return True

    answer = await line.ask(
        question.department, question.address[0], question.address[1],
        number=question.number, body=json.dumps(body, ensure_ascii=False).encode(), unclear=False, still_ours=ours,
    )  # fmt: skip
    if answer is not None and answer.event in ANSWERS:
        return _Heard(True, ANSWERS[answer.event])
    if answer is not None and answer.event == "refused":
        return _Heard(False, _("部门没有办理测试事项"))
    if answer is not None and answer.event == "not_reached":
        text = _("部门系统关着") if answer.retry_after_s else _("部门系统没有应答")
        return _Heard(False, text, excused=bool(answer.retry_after_s))
    return _Heard(False, _("部门没有给出能读懂的答复"))


async def _free_slot(question: _Question, line: DepartmentLine) -> str | None:
    """Raises what a list of times of a wrong shape raises."""
    path = f"/v1/slots?item={question.probe.item.code}"
    found = await line.read(question.department, *question.address, kind="slots", path=path)
    return next((one.id for one in read_slots(found) if one.left > 0), None) if found is not None else None
