"""司法 (SF): legal aid, a notary's appointment, mediation, administrative review."""

from __future__ import annotations

from collections.abc import Callable

from budayang.sandbox.departments.counter import SUBMIT, Desk, Office, Plan, Visit, done, handed_in, told
from budayang.sandbox.departments.hours import OFFICE
from budayang.sandbox.departments.matters import Outcome
from budayang.sandbox.departments.slots import slot_words

NOTARY = "演示市公证处（演示市法治路1号）一楼接待厅"
OTHER_PARTY = "对方的全称，要和营业执照或身份证上的一样"


def _aid(visit: Visit) -> Outcome:
    return handed_in(
        visit,
        "申请已收到，工作人员在工作时间审核，7日内答复；需要补交材料时会打电话给您。",
        [("申请事由", visit.word("matter", "其他")), ("答复期限", "7日内")],
    )


def _aid_missing(visit: Visit) -> list[str]:
    return [OTHER_PARTY] if 0 < len(visit.chosen("other_party")) < 4 else []


def _aid_decided(visit: Visit) -> Outcome:
    return told(visit, "决定给予法律援助，承办律师会在三日内联系您。", [("决定", "给予法律援助")])


def _notary(visit: Visit) -> Outcome:
    """A slot was taken for this case before the desk is asked."""
    when = slot_words(visit.chosen("slot"))
    return done(
        visit,
        "公证业务预约凭条",
        "预约成功，请带齐材料按时到公证处。",
        [("预约时间", when), ("预约地点", NOTARY), ("公证事项", visit.word("subject"))],
        fields=[["预约时间", when], ["预约地点", NOTARY], ["公证事项", visit.word("subject")]],
        note="公证费按规定另收。不能来时请提前取消预约。",
    )


def _mediation(visit: Visit) -> Outcome:
    return handed_in(visit, "调解申请已收到，三个工作日内联系双方。", [("纠纷类型", visit.word("dispute"))])


def _mediation_decided(visit: Visit) -> Outcome:
    return told(visit, "对方同意调解，调解员会与您约定时间。", [("结果", "受理调解")])


def _review(visit: Visit) -> Outcome:
    return handed_in(visit, "复议申请材料已收到，五日内决定是否受理。", [("被申请人", visit.word("organ"))])


def _review_missing(visit: Visit) -> list[str]:
    return [] if visit.matter.materials else ["行政行为的决定书或者能证明行政行为存在的材料"]


def _review_decided(visit: Visit) -> Outcome:
    return told(visit, "决定受理，审理期限自受理之日起六十日。", [("决定", "受理")])


def _apply(item: str, name: str, handle: Callable[[Visit], Outcome], plan: Plan) -> Desk:
    return Desk(item, name, handle, OFFICE, after_hours=SUBMIT, kind="apply", plan=plan, can_withdraw=True)


JUSTICE = Office(
    "SF",
    "司法局（演示）",
    (
        _apply("ZZ130", "法律援助申请", _aid, Plan(7, _aid_decided, _aid_missing, {OTHER_PARTY: "other_party"})),
        Desk("ZZ132", "公证业务预约办理", _notary, kind="book", can_withdraw=True, place=NOTARY),
        _apply("ZZ134", "人民调解申请", _mediation, Plan(3, _mediation_decided)),
        _apply("ZZ137", "行政复议申请提交", _review, Plan(5, _review_decided, _review_missing)),
    ),
)
