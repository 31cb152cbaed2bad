"""Writes of what supervision visits found: the owner unit replies in time, a supervisor or inspector judges the reply,
and one press makes an improvement item or a work order of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from budayang.center.evaluation import improvement_actions
from budayang.center.evaluation import supervision_telling as telling
from budayang.center.evaluation.models import Improvement, SupervisionFinding, SupervisionVisit
from budayang.center.evaluation.supervision_actions import note, tell_end
from budayang.center.maintenance import manual_orders
from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Organization
from budayang.center.services.queries import working_days_after
from budayang.rules.evaluation.supervision import next_finding_state

JOB = Actor.job("evaluation.supervision")
REPLIERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT)
JUDGES = (Role.SUPERVISOR, Role.INSPECTOR)
SENDERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
AT_ONCE = 100


def may_reply(actor: Actor, row: SupervisionFinding) -> bool:
    """Whether the actor is of those who owe the reply."""
    return actor.may(*REPLIERS, place_path=row.place_path, organizations=(row.owner_id,) if row.owner_id else ())


def _limit(row: SupervisionFinding, now: datetime) -> datetime:
    days = int(platform.parameter("supervision_reply_workdays", row.place_path, now))
    return working_days_after(now, days, row.visit.area.place.zone)


def _broken(row: SupervisionFinding, now: datetime) -> dict[str, Coalesce]:
    """The clock that is broken by now, should it be the finding's first: whatever clock follows, it was late."""
    return {"overdue_at": Coalesce("overdue_at", "due_at")} if now > row.due_at else {}


def _move(row: SupervisionFinding, event: str, **also: object) -> None:
    after = next_finding_state(row.state, event)
    if after is None or not SupervisionFinding.objects.filter(pk=row.pk, state=row.state).update(state=after, **also):
        raise Refused(_("这个问题刚刚已被别人处理，请刷新页面再看。"))
    row.refresh_from_db()


def _said(text: str, repair: str) -> str:
    found = text.strip()[:500]
    if not found:
        raise Refused(repair)
    return found


@transaction.atomic
def reply(actor: Actor, row: SupervisionFinding, *, text: str, now: datetime) -> SupervisionFinding:
    """What was done or will be; who looked reads it by the link."""
    actor.require(*REPLIERS, place_path=row.place_path, organizations=(row.owner_id,) if row.owner_id else ())
    said = _said(text, _("请写明查到什么、怎么改的或何时改好。"))
    due = row.due_at
    _move(row, "reply", reply=said, replied_at=now, look_at=None, **_broken(row, now))
    note(actor, row.visit, "reply", now, said=said, finding=row, due_at=due)
    return row


@transaction.atomic
def judge(actor: Actor, row: SupervisionFinding, event: str, *, text: str, now: datetime) -> SupervisionFinding:
    """Accept a reply, return it (with a new clock), or dismiss the finding as unfounded. Never one's own reply.

    Raises:
        Refused: the step does not fit, or no reason was given.
    """
    actor.require(*JUDGES, place_path=row.place_path)
    last = row.events.filter(what="reply").last()
    if event != "dismiss" and last is not None and last.by == (actor.label or actor.name):
        raise Refused(_("答复的人不能自己认可，请另一位主管或督查来看。"))
    said = text.strip()[:500] if event == "accept" else _said(text, _("请写明理由。"))
    if event == "return":
        due = _limit(row, now)
        _move(row, event, due_at=due, look_at=due, replied_at=None)
        telling.tell_returned(row, now)
    else:
        _move(row, event, look_at=None)
    note(actor, row.visit, event, now, said=said, finding=row)
    return row


@transaction.atomic
def assign(actor: Actor, row: SupervisionFinding, owner: Organization, now: datetime) -> SupervisionFinding:
    """Another body replies; its clock begins anew."""
    actor.require(*JUDGES, place_path=row.place_path)
    due = _limit(row, now)
    mine = SupervisionFinding.objects.filter(pk=row.pk, state="open")
    if not mine.update(owner=owner, due_at=due, look_at=due, **_broken(row, now)):
        raise Refused(_("已经答复的问题不能改由别的单位答复；先退回。"))
    row.refresh_from_db()
    note(actor, row.visit, "assign", now, said=owner.name, finding=row)
    return row


@transaction.atomic
def to_improvement(actor: Actor, row: SupervisionFinding, now: datetime) -> Improvement:
    """An improvement item of the finding, once; its plan and day can be changed there."""
    held = SupervisionFinding.objects.select_for_update().get(pk=row.pk)
    if held.improvement_id is not None or held.state == "dismissed":
        raise Refused(_("这个问题已经转为改进事项，或认定不成立。"))
    owner = row.owner
    if owner is None:
        raise Refused(_("还不知道由哪个单位负责，请先指定答复单位。"))
    due = _limit(row, now) - timedelta(seconds=1)
    item = improvement_actions.propose(
        actor, row.visit.area.place, title=row.text[:80], problem=row.text[:300],
        plan=row.reply or _("按监督检查发现的问题核实并整改。"), owner=owner,
        due_on=due.astimezone(ZoneInfo(row.visit.area.place.zone)).date(), now=now,
    )  # fmt: skip
    SupervisionFinding.objects.filter(pk=row.pk).update(improvement=item)
    note(actor, row.visit, "improvement", now, said=item.title, finding=row)
    return item


@transaction.atomic
def to_order(actor: Actor, row: SupervisionFinding, now: datetime) -> Any:
    """A work order of the finding, once: for its terminal, else for the area."""
    held = SupervisionFinding.objects.select_for_update().get(pk=row.pk)
    if held.order_id is not None or held.state == "dismissed":
        raise Refused(_("这个问题已经派过工单，或认定不成立。"))
    order = manual_orders.open_for_finding(
        actor, area=row.visit.area.code, terminal=row.terminal.code if row.terminal else "",
        reference=f"{row.visit.number}.{row.question}", title=row.text[:80], note=row.text, now=now,
    )  # fmt: skip
    SupervisionFinding.objects.filter(pk=row.pk).update(order=order)
    note(actor, row.visit, "order", now, said=order.number, finding=row)
    return order


def watch(now: datetime) -> int:
    """Note replies that have become late, and visits that nobody handed in. Returns how many.

    Nobody is told of a missed visit: of a hidden one its list would tell the area.
    """
    done = 0
    late = SupervisionFinding.objects.filter(look_at__lte=now).select_related("visit__area__place", "owner")
    for row in late.select_related("visit__area__keeper").order_by("look_at", "pk")[:AT_ONCE]:
        with transaction.atomic():
            # The compare-and-set holds off a second worker, and who replies at this moment.
            mine = SupervisionFinding.objects.filter(pk=row.pk, state="open", look_at=row.look_at)
            if mine.update(look_at=None, overdue_at=Coalesce("overdue_at", "due_at")):
                note(JOB, row.visit, "overdue", now, finding=row, due_at=row.due_at)
                telling.tell_late(row, now)
                done += 1
    for visit in SupervisionVisit.objects.filter(look_at__lte=now).select_related("area__place")[:AT_ONCE]:
        with transaction.atomic():
            if SupervisionVisit.objects.filter(pk=visit.pk, state="planned").update(state="missed", look_at=None):
                visit.state = "missed"
                note(JOB, visit, "missed", now)
                tell_end(visit, now)
                done += 1
    return done
