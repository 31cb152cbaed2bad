"""Writes of a round: answers, photographs, presences, its end. What a phone sends may come twice, late and from two
devices; nothing is lost, nothing counts twice, nothing is overwritten without a person.

Every write holds the round's row: answers of two phones to one question come one after the other.
"""

from __future__ import annotations

import hashlib
import uuid
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.maintenance import round_findings as findings
from budayang.center.maintenance import round_queries as queries
from budayang.center.maintenance.models import Round, RoundAnswer, RoundPhoto, RoundPresence, RoundTrace
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Forbidden, Role
from budayang.center.platform.queries import parameter
from budayang.center.platform.sealing import seal_field
from budayang.center.platform.uploads import BadUpload, read_sheet
from budayang.center.platform.wording import words
from budayang.center.terminals import queries as terminals
from budayang.center.terminals import watching_queries as watching
from budayang.center.terminals.presence_queries import judge_presence
from budayang.rules.round_lists import About, Question
from budayang.rules.rounds import STATE_NAMES, TRANSITIONS, finish_event, judge

KEEPERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
CLOCK_AHEAD = timedelta(seconds=120)
OFFLINE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it comes. `client_id` is made once where it was given; `replaces`: the client id of the answer that
    the person saw and meant to change, "" when there was none.
    """

    client_id: str
    stop: str
    question: str
    value: str
    answered_at: datetime
    note: str = ""
    replaces: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a phone says that it is: degrees (WGS 84), and how many metres that may be off."""

    latitude: float
    longitude: float
    accuracy_m: float

    @property
    def is_somewhere(self) -> bool:
        return abs(self.latitude) <= 90 and abs(self.longitude) <= 180 and 0 <= self.accuracy_m < 1e6


def new_client_id() -> str:
    """An id for something that is given on a page of ours."""
    return uuid.uuid4().hex


@transaction.atomic
def record_answer(actor: Actor, row: Round, given: Given, *, now: datetime) -> RoundAnswer:
    """Take an answer. The same one again changes nothing but its count; returns the row that stands for it."""
    held = _hold(actor, row)
    again = RoundAnswer.objects.filter(client_id=given.client_id).first()
    if again is not None:
        if again.round_id != held.pk:
            raise Refused(_("这个答案已经属于另一次巡查。请重新打开页面再答。"))
        again.received += 1
        again.save(update_fields=["received"])
        return again
    question = _question(held, given.stop, given.question)
    judged = judge(question, given.value, held.on)
    if judged.problem:
        raise Refused(f"{question.text}：{words(judged.problem)}。")
    answer = RoundAnswer(
        round=held,
        client_id=_checked_id(given.client_id),
        stop=given.stop,
        question=question.code,
        value=given.value,
        note=given.note.strip()[:300],
        failed=judged.failed,
        reason=judged.reason[:120],
        answered_at=min(given.answered_at, now),
        received_at=now,
        by=actor.name,
        device=given.device[:40],
    )
    answer.state = _stand(held, answer, given.replaces, now)
    answer.save()
    _note_when_and_who(held, answer, given.answered_at, now)
    if answer.failed:
        findings.open_for(held, question, answer, now)
        findings.attach_photos(held, answer, now)
    elif answer.state == "current":
        findings.close_for(held, question, answer, now)
    _count(held)
    _tell_late(held, answer.answered_at, now)
    return answer


def _stand(held: Round, answer: RoundAnswer, replaces: str, now: datetime) -> str:
    """What the new answer is beside the one that counts, which it replaces only where a person meant it to."""
    old = held.answers.filter(stop=answer.stop, question=answer.question, state="current").first()
    if old is None:
        return "current"
    if old.source == "telemetry" or replaces == old.client_id:
        held.answers.filter(pk=old.pk).update(state="replaced")
        if old.source != "telemetry":
            findings.withdraw_for(held, old)
        if old.value != answer.value or old.note != answer.note:
            details = {"old": old.value, "new": answer.value, "old_by": old.by, "source": old.source}
            _trace(held, "edited", answer.by, answer.answered_at, answer, details)
        return "current"
    if old.value == answer.value and old.note == answer.note:
        _trace(held, "agreed", answer.by, answer.answered_at, answer, {"with": old.by})
        return "agreed"
    details = {"kept": old.value, "kept_by": old.by, "other": answer.value}
    _trace(held, "conflict", answer.by, now, answer, details)
    return "conflict"


def _note_when_and_who(held: Round, answer: RoundAnswer, claimed_at: datetime, now: datetime) -> None:
    at = answer.answered_at
    if claimed_at > now + CLOCK_AHEAD:
        _trace(held, "clock_ahead", answer.by, at, answer, {"claimed": claimed_at.isoformat()})
    if now - at > OFFLINE:
        _trace(held, "offline", answer.by, at, answer, {"received_at": now.isoformat()})
    if at > held.closes_at:
        _trace(held, "late", answer.by, at, answer)
    elif at < held.opens_at:
        _trace(held, "early", answer.by, at, answer)
    person = held.plan.person
    first = held.answers.filter(source="person").exclude(pk=answer.pk).order_by("pk").first()
    expected = person.username if person is not None else (first.by if first is not None else answer.by)
    if expected != answer.by:
        _trace(held, "other_person", answer.by, at, answer, {"expected": expected})


@transaction.atomic
def settle_conflict(actor: Actor, row: Round, answer_id: int, *, take: bool, note: str, now: datetime) -> RoundAnswer:
    """Say which of two answers holds: `take` the one in conflict, or keep the one that counts."""
    held = _hold(actor, row)
    other = held.answers.filter(pk=answer_id, state="conflict").first()
    if other is None:
        raise Refused(_("这处不一致已经裁定过了。"))
    if not note.strip():
        raise Refused(_("请写明依据，例如：回到现场看过。"))
    question = _question(held, other.stop, other.question)
    kept = held.answers.get(stop=other.stop, question=other.question, state="current")
    loser, winner = (kept, other) if take else (other, kept)
    held.answers.filter(pk=loser.pk).update(state="dropped")
    held.answers.filter(pk=winner.pk).update(state="current")
    winner.refresh_from_db()
    details = {"value": winner.value, "dropped": loser.value, "note": note.strip()[:300]}
    _trace(held, "settled", actor.name, now, winner, details)
    if loser.failed:
        findings.withdraw_for(held, loser)
    if winner.failed:
        findings.open_for(held, question, winner, now)
    else:
        findings.close_for(held, question, winner, now)
    _count(held)
    _tell_late(held, winner.answered_at, now)
    record(
        actor, "maintenance.settle_round_conflict", subject=f"round:{held.pk}", place_path=held.place_path,
        details={"question": other.question, "stop": other.stop, "taken": take}, at=now,
    )  # fmt: skip
    return winner


@transaction.atomic
def add_photo(
    actor: Actor,
    row: Round,
    *,
    client_id: str,
    stop: str,
    question: str,
    content: bytes,
    taken_at: datetime,
    now: datetime,
) -> RoundPhoto:
    """Keep a photograph of an answer, written anew: its position and its phone's name are gone."""
    held = _hold(actor, row)
    again = RoundPhoto.objects.filter(client_id=client_id, round=held).first()
    if again is not None:
        return again
    _question(held, stop, question)
    try:
        sheet = read_sheet(content)
    except BadUpload as error:
        raise Refused(str(error)) from error
    if sheet.media != "image/jpeg":
        raise Refused(_("这里只收照片。"))
    photo = RoundPhoto.objects.create(
        round=held,
        client_id=_checked_id(client_id),
        stop=stop,
        question=question,
        content_sealed=seal_field(
            queries.PHOTO_TABLE, client_id, queries.PHOTO_COLUMN, b64encode(sheet.content).decode("ascii")
        ),
        sha256=hashlib.sha256(sheet.content).hexdigest(),
        taken_at=min(taken_at, now),
        received_at=now,
        by=actor.name,
    )
    for answer in held.answers.filter(stop=stop, question=question, failed=True, state__in=("current", "conflict")):
        findings.attach_photos(held, answer, now)
    return photo


@transaction.atomic
def record_presence(
    actor: Actor,
    row: Round,
    *,
    client_id: str,
    stop: str,
    code: str,
    at: datetime,
    now: datetime,
    position: Position | None = None,
) -> RoundPresence:
    """Keep that a code was read at a stop, and what it proves; a wrong one is kept as well.

    `position` is kept beside a fixed label only: a changing code needs none.
    """
    held = _hold(actor, row)
    again = RoundPresence.objects.filter(client_id=client_id, round=held).first()
    if again is not None:
        return again
    if stop not in held.stops:
        raise Refused(_("这台终端不在这次巡查里。"))
    at = min(at, now)
    verdict = _verdict(stop, code, at, float(parameter("round_code_slack_s", held.place_path, now)))
    where = position if position is not None and position.is_somewhere and verdict == "said" else None
    return RoundPresence.objects.create(
        round=held,
        client_id=_checked_id(client_id),
        stop=stop,
        code=code.strip()[:200],
        verdict=verdict,
        latitude=round(where.latitude, 5) if where else None,
        longitude=round(where.longitude, 5) if where else None,
        accuracy_m=round(where.accuracy_m) if where else None,
        at=at,
        received_at=now,
        by=actor.name,
    )


def _verdict(stop: str, code: str, at: datetime, slack_s: float) -> str:
    """proved, said, expired or wrong."""
    machine = terminals.find_terminal(queries.JOB, stop)
    if machine is None:
        return "wrong"
    found = judge_presence(machine.pk, stop, code, at, slack_s)
    if found != "none":
        return found
    labelled = watching.terminal_of_qr(code.strip())
    return "said" if labelled is not None and labelled.pk == machine.pk else "wrong"


@transaction.atomic
def finish_round(actor: Actor, row: Round, *, note: str, at: datetime, now: datetime) -> Round:
    """Hand a round over. What is blank, unproved or without its photograph leaves a trace each; blanks need a reason.

    `at` is the phone's time. Handed over again it changes nothing.
    """
    held = _hold(actor, row)
    if held.state in ("done", "done_late"):
        return held
    fill_known(held, now)
    sheet = queries.sheet(held)
    blanks = [(stop, one) for stop in sheet for one in stop.asked if not one.answered]
    if blanks and not note.strip():
        raise Refused(_("还有 %(n)d 项没有作答。请答完，或写明为什么不答。") % {"n": len(blanks)})
    at = min(at, now)
    grace_s = float(parameter("round_grace_s", held.place_path, now))
    presences = list(held.presences.filter(verdict="proved"))
    proved = any(held.opens_at <= one.at <= held.closes_at + timedelta(seconds=grace_s) for one in presences)
    event = finish_event(at, held.opens_at, held.closes_at, grace_s, proved=proved, state=held.state)
    _move(held, event, finished_at=at, received_at=now, finished_by=actor.name, note=note.strip()[:300], due_at=None)
    for stop, one in blanks:
        _mark(held, "blank", actor.name, at, stop.code, one.question.code, {"note": note.strip()[:300]})
    for stop in sheet:
        for one in stop.asked:
            if one.wants_photo:
                _mark(held, "no_photo", actor.name, at, stop.code, one.question.code)
        if stop.code and not stop.proved:
            _mark(held, "no_proof", actor.name, at, stop.code)
    _mark(held, "finished", actor.name, at, details={"received_at": now.isoformat(), "state": held.state})
    findings.close_missed(held, at, now)
    record(
        actor, "maintenance.finish_round", subject=f"round:{held.pk}", place_path=held.place_path,
        details={"state": held.state, "failed": held.failed, "blank": len(blanks)}, at=now,
    )  # fmt: skip
    tell(held, "done", at, now)
    return held


@transaction.atomic
def cancel_round(actor: Actor, row: Round, *, reason: str, now: datetime) -> Round:
    """Say that a round is not to be walked (the area is closed for works), with the reason."""
    actor.require(*KEEPERS, place_path=row.place_path)
    held = Round.objects.select_for_update(of=("self",)).select_related("plan__person").get(pk=row.pk)
    if not reason.strip():
        raise Refused(_("请写明为什么不做。"))
    _move(held, "cancel", note=reason.strip()[:300], due_at=None)
    _mark(held, "cancelled", actor.name, now, details={"reason": reason.strip()[:300]})
    record(
        actor, "maintenance.cancel_round", subject=f"round:{held.pk}", place_path=held.place_path,
        details={"reason": reason.strip()[:300]}, at=now,
    )  # fmt: skip
    return held


def fill_known(held: Round, now: datetime) -> int:
    """Answer what telemetry knows where no person has answered, marked so; what it knew before is brought up to now."""
    done = 0
    answered = {(one.stop, one.question): one for one in held.answers.filter(state="current")}
    told = queries.known_answers(held, now)
    for (stop, code), (value, why) in told.items():
        old = answered.get((stop, code))
        if old is not None and old.source == "person":
            continue
        if old is not None:
            held.answers.filter(pk=old.pk).update(value=value, failed=value == "no", answered_at=now, received_at=now)
        else:
            RoundAnswer.objects.create(
                round=held, client_id=new_client_id(), stop=stop, question=code, value=value, failed=value == "no",
                source="telemetry", note="", reason="", answered_at=now, received_at=now, by="telemetry", device=why,
            )  # fmt: skip
        done += 1
    filled = {key for key, one in answered.items() if one.source == "telemetry"}
    for stop, code in filled - told.keys():
        # It is not heard any more: what it said an hour ago is no answer.
        held.answers.filter(stop=stop, question=code, state="current", source="telemetry").update(state="dropped")
    _count(held)
    return done


def _hold(actor: Actor, row: Round) -> Round:
    held = (
        Round.objects.select_for_update(of=("self",))
        .select_related("plan__person", "area__place", "edition")
        .get(pk=row.pk)
    )
    if not queries.may_walk(actor, held):
        raise Forbidden(f"{actor.kind} {actor.name} does not walk round {held.pk}")
    if held.state == "cancelled":
        raise Refused(_("这次巡查已取消（%(why)s），不再收答案。") % {"why": held.note})
    return held


def _question(held: Round, stop: str, code: str) -> Question:
    if stop and stop not in held.stops:
        raise Refused(_("这台终端不在这次巡查里。"))
    about = About.TERMINAL if stop else About.AREA
    found = next((one for one in queries.questions_in(held) if one.code == code and one.about is about), None)
    if found is None:
        raise Refused(_("检查表里没有这个问题。请刷新页面，按这次巡查的检查表作答。"))
    return found


def _checked_id(client_id: str) -> str:
    if not 8 <= len(client_id) <= 40 or not client_id.replace("-", "").isalnum():
        raise Refused(_("答案缺少编号，请重新打开页面再答。"))
    return client_id


def _move(held: Round, event: str, **columns: Any) -> None:
    """Along the table only, by a compare-and-set."""
    state = TRANSITIONS.get((held.state, event))
    moved = state and Round.objects.filter(pk=held.pk, state=held.state).update(state=state, **columns)
    if not moved:
        raise Refused(_("这次巡查现在是“%(state)s”，不能这样做。") % {"state": words(STATE_NAMES[held.state])})
    held.refresh_from_db()


def _count(held: Round) -> None:
    current = held.answers.filter(state="current", failed=True).count()
    Round.objects.filter(pk=held.pk).update(
        failed=current, conflicts=held.answers.filter(state="conflict").count()
    )  # fmt: skip
    held.refresh_from_db(fields=["failed", "conflicts"])


def _trace(
    held: Round, event: str, by: str, at: datetime, answer: RoundAnswer, details: dict[str, Any] | None = None
) -> None:
    _mark(held, event, by, at, answer.stop, answer.question, details)


def _mark(
    held: Round,
    event: str,
    by: str,
    at: datetime,
    stop: str = "",
    question: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    RoundTrace.objects.create(
        round=held, event=event, stop=stop, question=question, at=at, by=by, details=details or {}
    )  # fmt: skip


def _tell_late(held: Round, answered_at: datetime, now: datetime) -> None:
    """What comes after a round was handed over or missed changes what its month said, and what looks back at it."""
    if held.state != "open":
        tell(held, "answered", answered_at, now)


def tell(held: Round, what: str, at: datetime, now: datetime) -> None:
    """The news "maintenance.round_<what>": opened, reminded, missed, done, answered (late, or anew)."""
    payload = {
        "round": held.pk, "state": held.state, "failed": held.failed, "until": held.closes_at.isoformat(),
        "bears_on": [held.closes_at.isoformat()], "bears_since": min(at, held.opens_at).isoformat(),
    }  # fmt: skip
    emit(
        f"maintenance.round_{what}", subject=f"round:{held.pk}", place_path=held.place_path, payload=payload,
        occurred_at=at, now=now,
    )  # fmt: skip
