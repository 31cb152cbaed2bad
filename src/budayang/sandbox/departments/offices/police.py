"""公安: households (GAHZ), exit and entry (GACR), traffic (GAJG)."""

from __future__ import annotations

from budayang.sandbox.departments.counter import (
    LIMITED,
    NO_RECORD,
    SUBMIT,
    Desk,
    Office,
    Plan,
    Visit,
    done,
    handed_in,
    refused,
    to_pay,
    told,
)
from budayang.sandbox.departments.hours import EVENING, OFFICE
from budayang.sandbox.departments.matters import Outcome
from budayang.sandbox.departments.records import chance, fines_of, known, plate_of, points_of, travels_of


def _household(visit: Visit) -> Outcome:
    if not known(visit.citizen):
        return refused(NO_RECORD)
    fact = visit.chosen("fact", "residence")
    facts = {"residence": "户籍地址", "name": "姓名变更情况", "birth": "出生日期"}
    values = {
        "residence": visit.citizen.address,
        "name": "没有变更记录",
        "birth": f"{visit.citizen.birth[:4]}年{visit.citizen.birth[4:6]}月{visit.citizen.birth[6:]}日",
    }
    row = (facts.get(fact, "户籍地址"), values.get(fact, visit.citizen.address))
    return done(
        visit, "户籍事项证明", "户籍事项证明已出具。", [row], fields=[list(row), ["户籍地址", visit.citizen.address]]
    )


def _clean_record(visit: Visit) -> Outcome:
    use = [("用途", visit.word("purpose"))]
    return handed_in(visit, "申请已收到，工作日核查，受理后三个工作日内出具。", use)


def _clean_record_paper(visit: Visit) -> Outcome:
    return done(
        visit,
        "无犯罪记录证明",
        "经查询未发现犯罪记录，证明已出具。",
        [("查询结果", "未发现犯罪记录")],
        intro="经查询公安机关有关信息系统，截至出具时间未发现下列人员有犯罪记录。",
        fields=[["用途", visit.word("purpose")]],
        validity="自出具之日起三个月",
    )


def _card_lost(visit: Visit) -> Outcome:
    """This system does not honour keys: whoever sends twice reports twice. It can be asked."""
    if not known(visit.citizen):
        return refused(NO_RECORD)
    fields = [["丢失日期", visit.word("lost_on")], ["登记时间", visit.moment()]]
    return done(visit, "居民身份证挂失申报回执", "挂失申报已登记。", [("登记状态", "已挂失")], fields=fields)


def _card_progress(visit: Visit) -> Outcome:
    steps = ("已受理", "制证中", "已到派出所，可以领取")
    return told(visit, "查询到一条办证记录。", [("居民身份证换领", chance(visit.citizen, "card").choice(steps))])


HOUSEHOLDS = Office(
    "GAHZ",
    "公安局户政部门（演示）",
    (
        Desk("ZZ076", "户籍事项证明打印", _household),
        Desk("ZZ070", "居民身份证办理进度查询", _card_progress),
        Desk(
            "ZZ073",
            "居民身份证挂失申报",
            _card_lost,
            EVENING,
            EVENING,
            after_hours=LIMITED,
            kind="apply",
            honours_key=False,
        ),
        Desk(
            "ZZ078",
            "无犯罪记录证明开具",
            _clean_record,
            OFFICE,
            after_hours=SUBMIT,
            kind="apply",
            plan=Plan(3, _clean_record_paper),
            can_withdraw=True,
        ),
    ),
)


def _travels(visit: Visit) -> Outcome:
    rows = travels_of(visit.citizen)
    if not known(visit.citizen):
        return refused(NO_RECORD)
    if not rows:
        return refused("2023年以来没有出入境记录")
    return done(
        visit,
        "出入境记录查询结果",
        f"出入境记录已出具，共{len(rows)}条。",
        [("记录条数", str(len(rows)))],
        columns=["日期", "出境或入境", "口岸"],
        rows=rows,
    )


def _passport_progress(visit: Visit) -> Outcome:
    steps = ("受理", "审批", "制证", "已制成，可以领取")
    return told(visit, "查询到一条办证记录。", [("普通护照换发", chance(visit.citizen, "passport").choice(steps))])


EXIT_ENTRY = Office(
    "GACR",
    "公安局出入境管理部门（演示）",
    (
        Desk("ZZ088", "出入境记录查询打印", _travels, person_check=True),
        Desk("ZZ086", "出入境办证进度查询", _passport_progress),
    ),
)


def _points(visit: Visit) -> Outcome:
    plate = plate_of(visit.citizen)
    if plate is None:
        return refused(NO_RECORD)
    fines = fines_of(visit.citizen)
    rows = [("号牌", plate), ("本周期累计记分", f"{points_of(visit.citizen)}分"), ("未缴纳罚款", f"{len(fines)}笔")]
    return told(visit, "查询结果如下。", rows)


def _sticker(visit: Visit) -> Outcome:
    plate = plate_of(visit.citizen)
    if plate is None:
        return refused("未查到您名下的机动车")
    if fines_of(visit.citizen) and points_of(visit.citizen) >= 6:
        return refused("该车有没有处理完的交通违法，处理后再来申领")
    return done(
        visit,
        "机动车检验标志电子凭证",
        "检验标志已核发，电子凭证已出具。",
        [("号牌", plate), ("检验有效期至", "2027年12月")],
        fields=[["号牌", plate], ["检验有效期至", "2027年12月"]],
    )


def _fine(visit: Visit) -> Outcome:
    fines = fines_of(visit.citizen)
    asked = visit.chosen("decision")
    found = next((fine for fine in fines if fine.decision == asked), fines[0] if fines and not asked else None)
    if found is None:
        return refused("未查到这份处罚决定书，请核对编号")
    rows = [("决定书编号", found.decision), ("违法行为", found.what), ("时间", found.on)]
    return to_pay(visit, f"交通违法罚款 {found.decision}", found.amount_fen, "请缴纳罚款。", rows)


def _fine_paid(visit: Visit) -> Outcome:
    fines = fines_of(visit.citizen)
    asked = visit.chosen("decision")
    found = next((fine for fine in fines if fine.decision == asked), fines[0])
    amount = f"{found.amount_fen / 100:.2f}元"
    return done(
        visit,
        "罚款缴款凭证",
        "罚款已缴纳。",
        [("决定书编号", found.decision), ("实缴金额", amount)],
        fields=[["决定书编号", found.decision], ["违法行为", found.what], ["实缴金额", amount]],
    )


TRAFFIC = Office(
    "GAJG",
    "公安局交通管理部门（演示）",
    (
        Desk("ZZ096", "驾驶证与机动车违法记分查询", _points),
        Desk("ZZ093", "机动车免检检验标志申领", _sticker),
        Desk("ZZ095", "交通违法罚款缴纳", _fine, kind="pay", paid=_fine_paid, can_withdraw=True),
    ),
)
