"""Writes of publicity and training: plan an event, write it down as held, its materials; questions, tests, adoption."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Place
from budayang.center.platform.uploads import BadUpload, read_sheet
from budayang.center.platform.wording import words
from budayang.center.standard import training_queries as queries
from budayang.center.standard.models import (
    Adoption,
    Edition,
    Question,
    SpreadArea,
    SpreadEvent,
    SpreadMaterial,
    TestSitting,
)
from budayang.rules.standard.spreading import (
    adoption_problem,
    comes_too_late,
    draw,
    held_problem,
    mark,
    question_problem,
)

KEEPERS = (Role.SUPERVISOR, Role.AREA_KEEPER)


@transaction.atomic
def plan_event(
    actor: Actor, *, edition: Edition, place: Place, kind: str, subject: str, planned_on: date, areas: Sequence[Place],
    now: datetime,
) -> SpreadEvent:  # fmt: skip
    """Plan an event of a place for some of its areas: of a text that has yet to take effect, before that day."""
    actor.require(*KEEPERS, place_path=place.path)
    today = now.astimezone(ZoneInfo(place.zone)).date()
    if edition.in_force_on is not None and comes_too_late(planned_on, in_force_on=edition.in_force_on, today=today):
        told = _("标准 %(on)s 实施，实施前的宣贯请排在这一天以前；实施后的活动到时再排。")
        raise Refused(told % {"on": edition.in_force_on.isoformat()})
    if any(not one.path.startswith(place.path) for one in areas):
        raise Refused(_("有的自助区不在“%(place)s”里，请去掉，或者换一个举办地区。") % {"place": place.name})
    row = SpreadEvent.objects.create(
        edition=edition, place=place, place_path=place.path, kind=kind, subject=subject.strip(), planned_on=planned_on
    )
    SpreadArea.objects.bulk_create([SpreadArea(event=row, place=one) for one in areas])
    _record(actor, "standard.plan_event", row.place_path, f"event:{row.pk}", now, {"kind": kind, "areas": len(areas)})
    return row


@transaction.atomic
def hold_event(
    actor: Actor,
    row: SpreadEvent,
    *,
    held_on: date,
    invited: int | None,
    present: int | None,
    proof: str,
    now: datetime,
) -> SpreadEvent:
    """Write down that it took place: how many came, no names; of publicity where it stands."""
    actor.require(*KEEPERS, place_path=row.place_path)
    if row.cancelled_for:
        raise Refused(_("这次活动已经取消。"))
    if why := held_problem(row.kind, invited, present, proof):
        raise Refused(words(why))
    row.held_on, row.invited, row.present, row.proof = held_on, invited, present, proof.strip()
    row.save(update_fields=["held_on", "invited", "present", "proof"])
    _record(actor, "standard.hold_event", row.place_path, f"event:{row.pk}", now, {"present": present})
    return row


@transaction.atomic
def cancel_event(actor: Actor, row: SpreadEvent, why: str, now: datetime) -> SpreadEvent:
    """Call a planned event off, with the reason."""
    actor.require(*KEEPERS, place_path=row.place_path)
    if row.held_on is not None:
        raise Refused(_("已经办过的活动不能取消。"))
    if not why.strip():
        raise Refused(_("请写取消的原因。"))
    row.cancelled_for = why.strip()[:200]
    row.save(update_fields=["cancelled_for"])
    _record(actor, "standard.cancel_event", row.place_path, f"event:{row.pk}", now, {})
    return row


@transaction.atomic
def add_material(actor: Actor, row: SpreadEvent, name: str, content: bytes, now: datetime) -> SpreadMaterial:
    """Keep a material: a picture, written anew, or a PDF."""
    actor.require(*KEEPERS, place_path=row.place_path)
    try:
        sheet = read_sheet(content)
    except BadUpload as bad:
        raise Refused(str(bad)) from bad
    made = SpreadMaterial.objects.create(
        event=row, name=name.strip()[:120] or _("材料"), media=sheet.media, content=sheet.content,
        size=len(sheet.content), added_at=now,
    )  # fmt: skip
    _record(actor, "standard.add_material", row.place_path, f"event:{row.pk}", now, {"size": made.size})
    return made


@transaction.atomic
def write_question(
    actor: Actor, edition: Edition, *, clause_code: str, text: str, choices: Sequence[str], right: int, now: datetime
) -> Question:
    """A question that a person made of a clause. `right` is the index of the right choice."""
    actor.require(*KEEPERS)
    if not edition.clauses.filter(code=clause_code).exists():
        raise Refused(_("没有条款 %(code)s，请照条款代码填写，例如 WH-15。") % {"code": clause_code})
    kept = [one.strip() for one in choices if one.strip()]
    if why := question_problem(kept, right):
        raise Refused(words(why))
    row = Question.objects.create(
        edition=edition, clause_code=clause_code, text=text.strip(), choices=kept, right=right, written_by=actor.name,
        written_at=now,
    )  # fmt: skip
    _record(actor, "standard.write_question", "", f"question:{row.pk}", now, {"clause": clause_code})
    return row


@transaction.atomic
def withdraw_question(actor: Actor, row: Question, now: datetime) -> Question:
    """Ask it no more; tests that asked it stay as they were."""
    actor.require(*KEEPERS)
    Question.objects.filter(pk=row.pk, withdrawn_at__isnull=True).update(withdrawn_at=now)
    _record(actor, "standard.withdraw_question", "", f"question:{row.pk}", now, {})
    return row


@transaction.atomic
def begin_test(actor: Actor, edition: Edition, now: datetime) -> TestSitting:
    """The person's open test, or a new one with questions drawn by chance."""
    assert actor.staff_id is not None, "a person takes a test"
    standing = TestSitting.objects.filter(staff_id=actor.staff_id, edition=edition, ended_at__isnull=True).first()
    if standing is not None:
        return standing
    ids = list(queries.questions(edition).values_list("pk", flat=True))
    if not ids:
        raise Refused(_("还没有题目，请先由管理员按条款出题。"))
    count = int(platform.parameter("standard_test_questions", _path(actor), now))
    drawn = draw(ids, count, secrets.randbits(62))
    return TestSitting.objects.create(staff_id=actor.staff_id, edition=edition, questions=drawn, begun_at=now)


def _path(actor: Actor) -> str:
    """Where the person works: the place whose values count for the test."""
    return actor.grants[0].place_path if actor.grants else "/"


@transaction.atomic
def end_test(actor: Actor, sitting: TestSitting, answers: dict[int, int], now: datetime) -> TestSitting:
    """Mark the answers (question → index of a choice). A test ends once."""
    if sitting.staff_id != actor.staff_id:
        raise Refused(_("这是别人的测试。"))
    right = dict(Question.objects.filter(pk__in=sitting.questions).values_list("pk", "right"))
    share = float(platform.parameter("standard_test_pass", _path(actor), now))
    good, passed = mark(answers, right, share)
    kept = {str(key): value for key, value in answers.items() if key in right}
    ended = TestSitting.objects.filter(pk=sitting.pk, ended_at__isnull=True).update(
        answers=kept, right=good, passed=passed, ended_at=now
    )
    if not ended:
        raise Refused(_("这次测试已经交过了。"))
    _record(actor, "standard.end_test", "", f"test:{sitting.pk}", now, {"right": good, "passed": passed})
    sitting.refresh_from_db()
    return sitting


@transaction.atomic
def register_adoption(
    actor: Actor, *, edition: Edition, place: Place, kind: str, since_on: date, until_on: date | None, paper: str,
    note: str, now: datetime,
) -> Adoption:  # fmt: skip
    """Write down how a place takes the standard from a day on; what stood before stays in the register."""
    actor.require(*KEEPERS, place_path=place.path)
    if why := adoption_problem(kind, reference=edition.is_reference, since_on=since_on, until_on=until_on):
        raise Refused(words(why))
    row = Adoption.objects.create(
        edition=edition, place=place, place_path=place.path, kind=kind, since_on=since_on, until_on=until_on,
        paper=paper.strip(), note=note.strip(), at=now, by=actor.name,
    )  # fmt: skip
    _record(actor, "standard.register_adoption", place.path, f"adoption:{row.pk}", now, {"kind": kind})
    return row


def _record(
    actor: Actor, action: str, place_path: str, subject: str, now: datetime, details: dict[str, object]
) -> None:
    record(actor, action, subject=subject, place_path=place_path, details=details, at=now)
