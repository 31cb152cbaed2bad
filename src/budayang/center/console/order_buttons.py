"""The steps that a reader may take with an order now. The actions check all of it again."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from budayang.center.maintenance import actions, queries
from budayang.center.maintenance.models import WorkOrder
from budayang.center.maintenance.order_endings import mergeable
from budayang.center.maintenance.order_transfers import takers
from budayang.center.platform.actors import Actor
from budayang.center.platform.wording import words
from budayang.rules.maintenance import PAUSE_REASONS, Bucket, allowed_events, get_cause
from budayang.rules.order_proofs import DOWNTIME_REASONS, likely_downtime_reason

Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Button:
    """One step. `choices`: what is to be chosen, asked for by `asks`; `late`: it may be told later than it was; `more`:
    it stands below, among what is seldom needed.
    """

    step: str
    word: str
    note: str = ""
    primary: bool = False
    required: bool = False
    asks: str = ""
    choices: Choices = ()
    chosen: str = ""
    late: bool = False
    more: bool = False


def buttons(actor: Actor, order: WorkOrder) -> list[Button]:
    """What this reader may do with the order now, the usual first."""
    bodies = (order.organization_id, order.incident.owner_id, order.incident.vendor_id)

    def may(*roles: object) -> bool:
        return actor.may(*roles, place_path=order.place_path, organizations=bodies)  # type: ignore[arg-type]

    events = allowed_events(order.state)
    found: list[Button] = []
    if may(*actions.DOERS):
        found += _working(order, events)
    if may(*actions.ACCEPTERS):
        found += _accepting(order, events)
    if may(*actions.DOERS):
        found += _handing_on(order, events)
    if may(*actions.CALLERS_OFF) and "cancelled" in events:
        found.append(Button("cancel", _("撤销工单"), _("为什么撤销，例如：误报，现场正常"), required=True, more=True))
    return found


def _working(order: WorkOrder, events: tuple[str, ...]) -> list[Button]:
    found: list[Button] = []
    if "accepted" in events:
        found.append(Button("accept", _("受理"), primary=True))
    if "arrived" in events:
        found.append(Button("arrive", _("我已到场"), primary=True, late=True))
    if order.state in ("accepted", "on_site", "repaired"):
        consumable = order.incident.bucket == Bucket.CONSUMABLES.value
        word = _("已补充耗材") if consumable else _("已修复")
        hint = _("做了什么，例如：已补 A4 纸一包") if consumable else _("做了什么，例如：已取出卡纸、清洁搓纸轮")
        found.append(Button("repair", word, hint, order.state == "on_site", True, late=True))
        if get_cause(order.incident.kind).proof == "test_print" and order.incident.terminal_id is not None:
            found.append(Button("test", _("请终端试打一页"), primary=order.state == "repaired"))
    if "resumed" in events:
        found.append(Button("resume", _("恢复计时"), primary=True))
    return found


def _accepting(order: WorkOrder, events: tuple[str, ...]) -> list[Button]:
    found: list[Button] = []
    if "verified" in events:
        cause = get_cause(order.incident.kind)
        reasons = tuple((code, words(word)) for code, word in DOWNTIME_REASONS.items())
        likely = likely_downtime_reason(order.incident.bucket, cause.affects)
        hint, first = _("怎样验收的，例如：现场看过"), cause.proof != "test_print"
        found.append(
            Button("verify", _("验收通过并关闭"), hint, first, asks=_("停机原因"), choices=reasons, chosen=likely)
        )
        answers = (("works", _("可以用了")), ("fails", _("还不能用")))
        found.append(
            Button("call", _("记下回访"), _("问了谁、怎么说"), required=True, asks=_("回访结果"), choices=answers)
        )
        found.append(Button("reject", _("验收不通过"), _("哪里没有修好"), required=True))
    if "reopened" in events:
        found.append(Button("reopen", _("重新打开"), _("为什么重新打开，例如：又卡纸了"), required=True))
    return found


def _handing_on(order: WorkOrder, events: tuple[str, ...]) -> list[Button]:
    found: list[Button] = []
    if "paused" in events:
        reasons = tuple((reason, words(word)) for reason, word in PAUSE_REASONS.items())
        found.append(Button("pause", _("暂停计时"), _("说明"), asks=_("原因"), choices=reasons, more=True))
    if "transferred" in events:
        hint = _("为什么转派，例如：本单位没有备件")
        choices = _taker_choices(order)
        if choices:
            found.append(Button("transfer", _("转派"), hint, required=True, asks=_("转给"), choices=choices, more=True))
    if "merged" in events:
        others = tuple(
            (one.number, f"{one.number} {words(one.incident.title)}，{queries.who(one)}") for one in mergeable(order)
        )
        if others:
            word = _("并入那一张")
            found.append(Button("merge", word, _("说明"), asks=_("是同一件事的工单"), choices=others, more=True))
    return found


def _taker_choices(order: WorkOrder) -> Choices:
    """ "<organization>:<person>", the person empty for the body alone."""
    found: list[tuple[str, str]] = []
    for taker in takers(order):
        body = taker.organization
        found.append((f"{body.pk}:", _("%(body)s（由单位安排）") % {"body": body.name}))
        found += [(f"{body.pk}:{one.pk}", f"{body.name} {one.name}") for one in taker.people]
    now = f"{order.organization_id}:{order.assignee_id or ''}"
    return tuple(one for one in found if one[0] != now)
