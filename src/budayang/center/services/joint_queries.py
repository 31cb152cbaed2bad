"""How a joint matter stands, and what its person gets. Everything follows from its parts; nothing is stored twice."""

from __future__ import annotations

import base64
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import structlog
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from budayang.center.platform.sealing import CannotOpen, lookup_hash, open_field
from budayang.center.platform.templatetags.platform_format import day_and_clock
from budayang.center.platform.wording import words
from budayang.center.services import case_actions, codes
from budayang.center.services.case_accepting import CaseRefused, require_grant
from budayang.center.services.joint_actions import TABLE
from budayang.center.services.models import JointCase, JointPart, VerificationAttempt
from budayang.center.services.rating_asked import asked_about
from budayang.center.services.receipts import PRINTED_HASH, Witness
from budayang.center.services.states import CaseState
from budayang.center.services.verification import MISSES_ALLOWED, WINDOW, TooManyAttempts
from budayang.papers import PaperError, render
from budayang.rules.joint import WHAT_NOW, WORDS, JointVerdict, PartClass, judge_joint, part_class
from budayang.wire.messages import CasePart, CaseResult

log = structlog.get_logger(__name__)

DONE, HANDED_IN, FAILED, REVIEW, WORKING = "done", "handed_in", "failed", "review", "working"


@dataclass(frozen=True, slots=True)
class PartStanding:
    """One part as a person reads it."""

    part: JointPart
    standing: PartClass
    word: str
    message: str
    todo: str

    @property
    def number(self) -> str:
        return self.part.case.number if self.part.case is not None else ""


@dataclass(frozen=True, slots=True)
class JointStanding:
    """The whole and its parts."""

    joint: JointCase
    verdict: JointVerdict
    parts: tuple[PartStanding, ...]


def find_joint(number: str) -> JointCase | None:
    return JointCase.objects.select_related("terminal__area__place").filter(number=number).first()


def find_by_code(code: str) -> JointCase | None:
    """The matter of the code on its receipt."""
    rows = JointCase.objects.select_related("terminal__area__place")
    return rows.filter(code_hash=case_actions.code_hash(code)).first()


def standing(joint: JointCase) -> JointStanding:
    """How it stands now."""
    rows = joint.parts.select_related("case").order_by("position")
    parts = tuple(_standing_of(row) for row in rows)
    return JointStanding(joint, judge_joint([one.standing for one in parts]), parts)


def _standing_of(row: JointPart) -> PartStanding:
    state = row.case.state if row.case is not None else ""
    found = part_class(row.kind, state)
    message = row.case.message if row.case is not None else row.why
    todo = words(WHAT_NOW[found])
    if found is PartClass.WINDOW and row.bring:
        todo = _("请带%(bring)s，到“%(office)s”窗口办理。") % {"bring": row.bring, "office": row.department}
    return PartStanding(row, found, words(WORDS[found]), message, todo)


def find_progress(number: str, code_text: str, client: str, now: datetime) -> JointStanding | None:
    """The matter of whoever holds its number and code, or its code alone (`number` ""), as from its QR code. None for
    a number that is no joint matter's. Only misses count against the client, together with those of verification.

    Raises:
        TooManyAttempts
    """
    if number and not JointCase.objects.filter(number=number.strip().upper()).exists():
        return None
    who = lookup_hash("services.verify_client", client)
    if VerificationAttempt.objects.filter(client=who, at__gt=now - WINDOW, found=False).count() >= MISSES_ALLOWED:
        raise TooManyAttempts
    code = codes.read_code(code_text)
    joint = find_by_code(code) if code is not None else None
    if joint is not None and number and joint.number != number.strip().upper():
        joint = None
    VerificationAttempt.objects.create(client=who, at=now, found=joint is not None)
    return standing(joint) if joint is not None else None


def code_of(joint: JointCase) -> str:
    try:
        return open_field(TABLE, joint.number, "code", bytes(joint.code_sealed))
    except CannotOpen:
        return ""


def progress_url(code: str) -> str:
    """Where the holder of the receipt sees how it stands."""
    return f"{settings.BUDAYANG.public_url}/joint/{code}/"


def outcome_word(found: JointStanding) -> str:
    """The wire's word for the terminal: one of the final case states, or working."""
    if not found.verdict.settled:
        return WORKING
    classes = {one.standing for one in found.parts}
    if PartClass.DONE in classes or PartClass.TAKEN_IN in classes or PartClass.TO_PAY in classes:
        return DONE if classes <= {PartClass.DONE, PartClass.WINDOW} else HANDED_IN
    # Nothing came of it at the departments; what stands beside it are visits to windows.
    return REVIEW if PartClass.UNCLEAR in classes else FAILED


def require_journey(joint: JointCase, terminal_id: int, reply_key: str, now: datetime) -> None:
    """Raises CaseRefused (unknown_reply_key) unless this journey handed the matter in."""
    first = joint.parts.filter(case__isnull=False).select_related("case").first()
    if first is None or first.case is None:
        raise CaseRefused("unknown_reply_key")
    require_grant(first.case, terminal_id, reply_key, now)


def look(
    number: str, terminal_id: int, reply_key: str, head: Witness | None, now: datetime
) -> tuple[JointStanding, bytes | None]:
    """How it stands, and, once nothing is to be waited for, the result's JSON: the parts' papers and one receipt.

    Raises:
        CaseRefused: unknown_case, unknown_reply_key.
    """
    joint = find_joint(number)
    if joint is None:
        raise CaseRefused("unknown_case")
    require_journey(joint, terminal_id, reply_key, now)
    with override(joint.lang if joint.lang in {"en", "zh-hans"} else "zh-hans"):
        found = standing(joint)
        if not found.verdict.settled:
            return found, None
        return found, _result(found, terminal_id, reply_key, head, now)


def _result(found: JointStanding, terminal_id: int, reply_key: str, head: Witness | None, now: datetime) -> bytes:
    code = code_of(found.joint)
    asked = asked_about([one.number for one in found.parts if one.number])
    return msgspec.json.encode(
        CaseResult(
            message=found.verdict.text,
            rows=[(one.part.title, one.word) for one in found.parts],
            receipt_pdf=base64.b64encode(receipt(found, code, head, now)).decode(),
            receipt_code=code,
            verify_url=progress_url(code),
            head=head.as_dict() if head else {},
            papers=_papers(found.parts, terminal_id, reply_key, now),
            parts=[as_wire(one, asked) for one in found.parts],
        )
    )


def as_wire(one: PartStanding, asked: Set[str]) -> CasePart:
    """A part as the terminal gets it. ``asked``: of which the person was asked already how it went."""
    return CasePart(
        item=one.part.item_code,
        name=one.part.title,
        department=one.part.department,
        number=one.number,
        state=one.standing.value,
        word=one.word,
        message=one.message,
        todo=one.todo,
        asked=one.number in asked,
    )


def _papers(parts: Sequence[PartStanding], terminal_id: int, reply_key: str, now: datetime) -> list[str]:
    papers = []
    for one in parts:
        case = one.part.case
        if case is None or case.state != CaseState.DONE:
            continue
        plain = case_actions.open_result(case, terminal_id, reply_key, now)
        paper = msgspec.json.decode(plain, type=CaseResult).paper_pdf if plain else None
        if paper:
            papers.append(paper)
    return papers


def receipt(found: JointStanding, code: str, head: Witness | None, now: datetime) -> bytes:
    """One receipt for all parts: what is done, what is not, and what the person does about it."""
    joint = found.joint
    local = now.astimezone(ZoneInfo(joint.terminal.area.place.zone))
    url = progress_url(code)
    data: dict[str, Any] = {
        "title": _("一件事联办回执"),
        "number": joint.number,
        "item": joint.title,
        "department": _("%(n)d个部门联办") % {"n": len({one.part.department for one in found.parts})},
        "area": joint.terminal.area.name,
        "terminal": joint.terminal.code,
        "at": day_and_clock(local),
        "outcome": words(found.verdict.word),
        "rows": _rows(found),
        "next": " ".join(_todo(found)) or _("都办好了，不用再跑。"),
        "code": code,
        "verify_url": f"{url}?w={head.mark}" if head else url,
        "head_seq": str(head.seq) if head else _("尚无"),
        "head_hash": head.hash[:PRINTED_HASH] if head else _("尚无"),
        "demo": settings.BUDAYANG.demo,
    }
    try:
        return render("receipt", data, at=now)
    except PaperError:
        # A department's message may hold a character that the packaged font lacks; the receipt stands without it.
        log.warning("receipt of a joint matter without its messages", number=joint.number)
        plain = [[one.part.title, one.word] for one in found.parts]
        return render("receipt", {**data, "rows": plain, "next": words(found.verdict.text)}, at=now)


def _rows(found: JointStanding) -> list[list[str]]:
    rows = [[_("办理情况"), words(found.verdict.text)]]
    for one in found.parts:
        said = f"{one.word}。{one.message}" if one.message and one.standing is not PartClass.DONE else one.word
        number = f"（{one.number}）" if one.number else ""
        rows.append([f"{one.part.position}. {one.part.title}", f"{said}{number}"])
    return rows


def _todo(found: JointStanding) -> list[str]:
    return [
        f"{one.part.title}：{one.todo}" for one in found.parts if one.todo and one.standing is not PartClass.TAKEN_IN
    ]
