"""Writes of negative ratings (差评): contact, fix, call-back, re-rating, appeal, removal and its undoing, the order.

Who handles it answers for it (谁办理谁负责): the owner unit, or the area's people. What is decided about an appeal, or
whether a rating counts, is the supervisor's alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.evaluation.flag_judging import remove_with_rating
from budayang.center.evaluation.models import NegativeCase, Rating, RatingFlag
from budayang.center.evaluation.negative_moving import NOTE_LENGTH, dues_of, move, warning, workdays, write_step
from budayang.center.evaluation.queries import reasons_of
from budayang.center.maintenance import actions as maintenance
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.queries import parameter
from budayang.center.platform.sealing import CannotOpen, open_field, seal_field
from budayang.center.platform.wording import words
from budayang.rules.evaluation import LEVEL_BY_CODE
from budayang.rules.evaluation.negative import (
    APPEAL_REASONS,
    CALL_OUTCOMES,
    CONTACT_OUTCOMES,
    FIX_OUTCOMES,
    PHONE_GONE,
    REACHED,
    RERATE_LEVELS,
    SET_ASIDE_REASONS,
    call_event,
    may_appeal,
    may_rerate,
    next_look,
    phone_outcomes,
    rerate_event,
    shifted,
)

TABLE = "evaluation_negative"
HANDLERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT)
JUDGES = (Role.SUPERVISOR,)
_PHONE = re.compile(r"^1\d{10}$")


def require(actor: Actor, case: NegativeCase, roles: tuple[Role, ...]) -> None:
    """Raises Forbidden unless the actor has one of `roles` for the case's place and owner unit."""
    actor.require(*roles, place_path=case.place_path, organizations=(case.owner_id,))


def _said(note: str, repair: str) -> str:
    words_said = note.strip()
    if not words_said:
        raise Refused(repair)
    return words_said[:NOTE_LENGTH]


def _chosen(outcome: str, outcomes: Mapping[str, str]) -> str:
    if outcome not in outcomes:
        raise Refused(_("请选择结果。"))
    return outcome


def _by_phone(case: NegativeCase, outcome: str, outcomes: Mapping[str, str]) -> str:
    """Raises Refused for an outcome that cannot be true of what the person left."""
    true = phone_outcomes(outcomes, left=case.left_phone, kept=bool(case.phone_sealed))
    if outcome in true:
        return outcome
    if case.phone_sealed:
        raise Refused(_("本人留了电话，请先打电话；没有接通就选没有接通或联系不上。"))
    if case.left_phone:
        raise Refused(_("本人留过电话，号码已按期删除，请选“%(choice)s”。") % {"choice": words(outcomes[PHONE_GONE])})
    raise Refused(_("本人没有留电话，请选“%(choice)s”。") % {"choice": words(outcomes["no_phone"])})


# From the rating


def open_negative_case(actor: Actor, rating: Rating, phone: str, now: datetime) -> NegativeCase:
    """Clocks start when the center learns of the rating: nobody can be late for what nobody could know."""
    days = {
        name: int(parameter(f"negative_{name}_workdays", rating.place_path, now))
        for name in ("check", "fix", "call", "appeal", "decide")
    }
    case = NegativeCase(rating=rating, owner_id=rating.owner_id, place_path=rating.place_path, opened_at=now)
    case.policy = {"verify_days": days["check"], "close_days": days["fix"], "call_days": days["call"]}
    case.policy |= {"appeal_days": days["appeal"], "decide_days": days["decide"]}
    case.verify_due_at = case.due_at = workdays("negative_check_workdays", case, now)
    case.close_due_at = workdays("negative_fix_workdays", case, now)
    case.appeal_until = workdays("negative_appeal_workdays", case, now)
    case.look_at = next_look(case.due_at, warning(case.place_path, now), {}, now)
    if phone:
        case.phone_sealed = seal_field(TABLE, rating.case_number, "phone", phone)
        case.left_phone = True
        case.phone_hint = f"{phone[:3]}****{phone[-4:]}"
        case.erase_at = now + timedelta(days=float(parameter("negative_phone_most_d", rating.place_path, now)))
    case.save(force_insert=True)
    write_step(actor, case, "opened", now)
    return case


def read_phone(text: str) -> str:
    """The number as it is kept; "" for none. Raises Refused for what is no mobile number."""
    phone = text.replace(" ", "").replace("-", "")
    if phone and not _PHONE.match(phone):
        raise Refused(_("手机号是 11 位数字，以 1 开头；不想留可以空着。"))
    return phone


# Steps of those who handle it


@transaction.atomic
def contact(actor: Actor, case: NegativeCase, *, outcome: str, note: str, now: datetime) -> NegativeCase:
    """联系核实: whether the person was reached, and what was found."""
    require(actor, case, HANDLERS)
    note = _said(note, _("请写明核实到什么，例如“当晚 21:10 到 21:40 缺纸”。"))
    outcome = _by_phone(case, _chosen(outcome, CONTACT_OUTCOMES), CONTACT_OUTCOMES)
    return move(actor, case, "contact", now, outcome=outcome, note=note, verified_at=now)


@transaction.atomic
def fix(actor: Actor, case: NegativeCase, *, outcome: str, note: str, reply: str, now: datetime) -> NegativeCase:
    """整改: what was done, and what the person reads of it. From here on the person may rate it again."""
    require(actor, case, HANDLERS)
    note = _said(note, _("请写明怎样整改的，例如“已增加周末备纸”。"))
    reply = _said(reply, _("请写给评价人看的答复，不要写个人信息。"))
    until = now + timedelta(days=float(parameter("negative_rerate_d", case.place_path, now)))
    return move(
        actor,
        case,
        "fix",
        now,
        outcome=_chosen(outcome, FIX_OUTCOMES),
        note=note,
        fixed_at=now,
        reply=reply,
        replied_at=now,
        rerate_until=until,
        call_due_at=workdays("negative_call_workdays", case, now),
        call_tries=0,
    )


@transaction.atomic
def call_back(actor: Actor, case: NegativeCase, *, outcome: str, note: str, now: datetime) -> NegativeCase:
    """回访: what the person says of it. Not put right sends it back with a new clock; nobody there is tried again."""
    require(actor, case, HANDLERS)
    outcome = _by_phone(case, _chosen(outcome, CALL_OUTCOMES), CALL_OUTCOMES)
    note = note.strip()[:NOTE_LENGTH]
    if outcome in {"fixed_unsatisfied", "not_fixed"} and not note:
        raise Refused(_("请写明本人说了什么。"))
    event = call_event(outcome, case.call_tries, int(parameter("negative_call_tries", case.place_path, now)))
    # What the person once said is not covered up by a later call that nobody answered.
    kept = case.call_outcome if case.call_outcome in REACHED and outcome not in REACHED else outcome
    also: dict[str, Any] = {"call_outcome": kept, "call_tries": case.call_tries + (outcome == "unreached")}
    if outcome in REACHED or (case.called_at is None and event == "call_back"):
        also["called_at"] = now
    if event == "send_back":
        also["close_due_at"] = workdays("negative_fix_workdays", case, now)
    moved = move(actor, case, event, now, outcome=outcome, note=note, **also)
    return lapse_if_over(moved, now)


def lapse_if_over(case: NegativeCase, now: datetime) -> NegativeCase:
    """A called-back case whose re-rating was used, or whose time for it is over, has nothing left to wait for."""
    over = case.rerated_at is not None or case.rerate_until is None or case.rerate_until <= now
    return move(Actor.job("evaluation.negative"), case, "lapse", now) if case.state == "called_back" and over else case


# Appeal and removal


@transaction.atomic
def appeal(actor: Actor, case: NegativeCase, *, reason: str, note: str, now: datetime) -> NegativeCase:
    """申诉 by the owner unit, once, with its grounds. The clock of the decision runs; its own stands still."""
    require(actor, case, (Role.OWNER_UNIT,))
    reason = _chosen(reason, APPEAL_REASONS)
    note = _said(note, _("请写明申诉的依据，裁定的人要凭它判断。"))
    if not may_appeal(case.state, case.appeal_until, case.appealed_at is not None, now):
        raise Refused(_("这件差评不能申诉：只能申诉一次，且要在整改完成之前、申诉期限之内提出。"))
    due = workdays("negative_decide_workdays", case, now)
    return move(actor, case, "appeal", now, outcome=reason, note=note, appealed_at=now, decide_due_at=due)


@transaction.atomic
def decide_appeal(actor: Actor, case: NegativeCase, *, uphold: bool, note: str, now: datetime) -> NegativeCase:
    """裁定: removed from the figures with the appeal's reason, or handled on with the time of the appeal given back."""
    require(actor, case, JUDGES)
    note = _said(note, _("请写明裁定的理由，它会和评价一起留存。"))
    if uphold:
        step = case.steps.filter(event="appeal").order_by("-pk").first()
        moved = move(actor, case, "uphold", now, note=note)
        _set_aside(actor, moved.rating, step.outcome if step else "mistaken", note, now)
        return moved
    pause = now - (case.appealed_at or now)
    dues = shifted(dues_of(case), pause)
    return move(actor, case, "refuse", now, note=note, verify_due_at=dues.verify, close_due_at=dues.fix)


@transaction.atomic
def set_aside_rating(actor: Actor, rating: Rating, *, reason: str, note: str, now: datetime) -> Rating:
    """剔除 any rating, good or bad, with a reason. It stays to be seen; figures leave it out. Its case and its flags
    end with it.
    """
    actor.require(*JUDGES, place_path=rating.place_path)
    reason = _chosen(reason, SET_ASIDE_REASONS)
    note = _said(note, _("请写明剔除的依据，它会和评价一起留存。"))
    if rating.set_aside_at is not None:
        raise Refused(_("这条评价已经剔除。"))
    case = find_negative_case(rating)
    if case is not None:
        move(actor, case, "set_aside", now, outcome=reason, note=note)
    _set_aside(actor, rating, reason, note, now)
    return rating


def _set_aside(actor: Actor, rating: Rating, reason: str, note: str, now: datetime) -> None:
    mine = Rating.objects.filter(pk=rating.pk, set_aside_at__isnull=True)
    by = (actor.label or actor.name)[:80]
    if not mine.update(set_aside_at=now, set_aside_by=by, set_aside_for=reason, set_aside_note=note):
        raise Refused(_("这条评价刚刚已被别人剔除，请刷新页面再看。"))
    rating.refresh_from_db()
    remove_with_rating(actor, rating, note, now)
    record(
        actor, "evaluation.set_aside", subject=f"case:{rating.case_number}", place_path=rating.place_path,
        details={"reason": reason}, at=now,
    )  # fmt: skip
    _tell("evaluation.set_aside", rating, now)


def _tell(kind: str, rating: Rating, now: datetime) -> None:
    """News of a rating bears on the month in which it was given, whenever somebody judges it."""
    number = rating.case_number
    emit(
        kind, subject=f"case:{number}", place_path=rating.place_path, payload={"number": number},
        occurred_at=rating.at, now=now,
    )  # fmt: skip


@transaction.atomic
def restore_rating(actor: Actor, rating: Rating, *, note: str, now: datetime) -> Rating:
    """恢复计入: what was removed counts again; a negative one is to be handled from the beginning, with new clocks.
    What looked wrong with it is to be judged again.
    """
    actor.require(*JUDGES, place_path=rating.place_path)
    note = _said(note, _("请写明恢复的理由。"))
    if not Rating.objects.filter(pk=rating.pk, set_aside_at__isnull=False).update(
        set_aside_at=None, set_aside_for="", set_aside_by="", set_aside_note=""
    ):
        raise Refused(_("这条评价没有剔除，不用恢复。"))
    rating.refresh_from_db()
    record(actor, "evaluation.restored", subject=f"case:{rating.case_number}", place_path=rating.place_path, at=now)
    RatingFlag.objects.filter(rating_id=rating.pk, state="set_aside").update(
        state="open", judged_at=None, judged_by="", note=""
    )
    _tell("evaluation.restored", rating, now)
    case = find_negative_case(rating)
    if case is not None and case.state == "removed":
        move(actor, case, "restore", now, note=note, **_anew(case, now))
    return rating


def _anew(case: NegativeCase, now: datetime) -> dict[str, Any]:
    """The columns of a case that begins again. Its trail stays, and so does the order; a number is kept no longer."""
    verify, fix_by, appeal = (workdays(f"negative_{one}_workdays", case, now) for one in ("check", "fix", "appeal"))
    most = timedelta(days=float(parameter("negative_phone_most_d", case.place_path, now)))
    empty = ("call_due_at", "decide_due_at", "rerate_until", "verified_at", "fixed_at", "called_at", "appealed_at",
             "rerated_at", "replied_at")  # fmt: skip
    return {
        **dict.fromkeys(empty),
        **dict.fromkeys(("call_outcome", "rerated_level", "reply"), ""),
        "restored_at": now,
        "verify_due_at": verify,
        "close_due_at": fix_by,
        "appeal_until": appeal,
        "call_tries": 0,
        "erase_at": case.opened_at + most if case.phone_sealed else None,
    }


def find_negative_case(rating: Rating) -> NegativeCase | None:
    """The case of a rating; None for a good one."""
    return NegativeCase.objects.select_related("rating__terminal__area").filter(rating_id=rating.pk).first()


# The person


@transaction.atomic
def rerate(case: NegativeCase, *, level: str, now: datetime) -> NegativeCase:
    """再评价 of what was put right, by the person, once. 不满意 sends it back with a new clock."""
    if level not in RERATE_LEVELS:
        raise Refused(_("请先选满意程度。"))
    if not may_rerate(case.state, case.rerate_until, case.rerated_at is not None, now):
        raise Refused(_("现在不能再评价：每件事只能再评价一次，且要在期限之内。"))
    event = rerate_event(level)
    also: dict[str, Any] = {"rerated_at": now, "rerated_level": level}
    if event == "rerate_bad":
        also["close_due_at"] = workdays("negative_fix_workdays", case, now)
    return move(Actor.public(), case, event, now, outcome=level, **also)


# The order


@transaction.atomic
def open_order(actor: Actor, case: NegativeCase, *, now: datetime) -> NegativeCase:
    """派工单: one order of the terminal because of this rating, for its owner unit."""
    require(actor, case, HANDLERS)
    if case.order_id is not None:
        raise Refused(_("这件差评已经派了工单。"))
    rating = case.rating
    title = _("差评：%(what)s") % {"what": reasons_of(rating) or words(LEVEL_BY_CODE[rating.level].name)}
    order = maintenance.open_for_rating(
        actor,
        terminal=rating.terminal.code,
        number=rating.case_number,
        title=title,
        note=_("办件 %(number)s 的评价是“%(level)s”")
        % {"number": rating.case_number, "level": words(LEVEL_BY_CODE[rating.level].name)},
        now=now,
    )
    if not NegativeCase.objects.filter(pk=case.pk, order__isnull=True).update(order=order):
        raise Refused(_("这件差评刚刚已被别人派了工单，请刷新页面再看。"))
    case.refresh_from_db()
    write_step(actor, case, "order", now, note=order.number)
    return case


@transaction.atomic
def show_phone(actor: Actor, case: NegativeCase, now: datetime) -> str:
    """The telephone number, for the call-back only; the trail and the audit say who looked. "" when none is kept."""
    require(actor, case, HANDLERS)
    if not case.phone_sealed:
        return ""
    write_step(actor, case, "phone", now)
    try:
        return open_field(TABLE, case.rating.case_number, "phone", bytes(case.phone_sealed))
    except CannotOpen:
        return ""


def erase(ids: list[int]) -> int:
    """Delete what these cases hold of people; returns how many."""
    return NegativeCase.objects.filter(pk__in=ids).update(phone_sealed=None, phone_hint="", erase_at=None)
