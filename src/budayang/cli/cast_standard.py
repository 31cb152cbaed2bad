"""The demonstration's project of a standard: the reference edition under discussion, with opinions, an event and a few
questions. All of it is invented, and marked so by the pages.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.standard import opinion_actions, project_actions, training_actions
from budayang.center.standard.models import Project
from budayang.center.standard.opinion_actions import Said
from budayang.center.standard.project_actions import Step
from budayang.center.standard.queries import current_edition
from budayang.center.standard.training_queries import events_visible_to

SYSTEM = Actor.system()
CODE, CITY, AREA = "demo-zzfwq", "150600", "A-KBS"
TITLE = "政务服务24小时自助服务区运行规范（演示项目）"
TEXTS = {
    "source": "演示：按地方标准征集通知提出申请，经评估立项。",
    "purpose": "演示：让下班后和节假日也有地方办事，各自助区照同一套要求运行。",
    "significance": "演示：少跑一趟，窗口少排一个人；要求能查、能证实。",
    "principles": "演示：每条都能由记录、量测或巡查证实；不重复强制性标准。",
    "main_clauses": "演示：第4章规定谁来管、什么时候开；第5章规定设备；第6章规定标志；第7章规定维护；第8章规定评价。",
    "conflicts": "演示：与引用的强制性标准逐条核对，没有发现矛盾。",
}
OPINIONS = (
    ("4.9", "断电多久能发现，要写明时限。", "", "示例旗政务服务局", "accepted", "已写为 5 min。"),
    ("5.28", "老人看不清，字还要大。", "主文字不小于 24 pt。", "", "partly", "保留 18 pt 为下限，长辈版由单位加大。"),
    ("7.16", "紧急故障 1 h 到不了边远自助区。", "改为 2 h。", "示例运维公司", "", ""),
    ("", "建议说明参照版和正式标准的关系。", "", "", "", ""),
)
QUESTIONS = (
    ("WH-15", "报修受理后应在多久以内响应？", ("30 min", "2 h", "第二个工作日"), 0),
    ("JB-27", "公共安全视频应保存不少于多久？", ("7 d", "30 d", "半年"), 1),
    ("PJ-04", "群众不愿评价时怎么办？", ("替他点满意", "等他评了再走", "不强迫，可提醒"), 2),
)


def load(now: datetime) -> None:
    """Once; what people wrote since stays. Without an edition or the demonstration's city nothing is made."""
    edition = current_edition()
    places = {one.code: one for one in platform.places_visible_to(SYSTEM)}
    if edition is None or CITY not in places or AREA not in places or Project.objects.filter(code=CODE).exists():
        return
    today = now.astimezone(ZoneInfo(places[CITY].zone)).date()
    project = project_actions.begin_project(
        SYSTEM, code=CODE, title=TITLE, place=places[CITY], edition=edition, applied_on=today - timedelta(days=240),
        now=now,
    )  # fmt: skip
    for role, name in (("proposes", "示例市政数局"), ("manages", "示例市政数局"), ("drafts", "示例市政务服务中心")):
        project_actions.add_unit(SYSTEM, project, role, name, now)
    people = {one.username: one for one in platform.staff_visible_to(SYSTEM)}
    for username, part in (("zhu", "项目主持，第4章"), ("lin", "第5章、第7章，调研")):
        if username in people:
            since = today - timedelta(days=230)
            project_actions.add_member(SYSTEM, project, people[username], part, since, now)
    for ago, kind, present, subject, outcome in (
        (220, "kickoff", 9, "大纲和分工", "按六章编写，每条写明怎样查。"),
        (150, "seminar", 14, "数值怎样定", "有依据的用应，工程默认值用宜。"),
    ):
        project_actions.add_meeting(
            SYSTEM, project, held_on=today - timedelta(days=ago), kind=kind, present=present, subject=subject,
            outcome=outcome, now=now,
        )  # fmt: skip
    for ago, kind, text, clause in (
        (180, "problem", "夜里打印机缺纸，周一才有人补。", "YJ-13"),
        (179, "need", "希望门口能看到哪台机器现在能办。", "JB-02"),
    ):
        project_actions.add_finding(
            SYSTEM, project, places[AREA], found_on=today - timedelta(days=ago), kind=kind, text=text,
            clause_code=clause, fact_kind="area", now=now,
        )  # fmt: skip
    project_actions.write_texts(SYSTEM, project, TEXTS, now)
    for event, ago, paper in (("plan", 200, "演示文号〔2026〕1号"), ("consult", 0, "")):
        project = project_actions.take_step(SYSTEM, project, Step(event, today - timedelta(days=ago), paper), now)
    for stage, ahead in (("review", 75), ("approval", 120), ("published", 160)):
        project_actions.set_milestone(SYSTEM, project, stage, today + timedelta(days=ahead), now)
    opinion_actions.open_round(
        SYSTEM, project, opens_on=today, closes_on=today + timedelta(days=60), asked_units=12,
        note="演示：欢迎试着提一条意见。", now=now,
    )  # fmt: skip
    for clause, said, wish, unit, decision, reason in OPINIONS:
        row = opinion_actions.add_opinion(SYSTEM, project, "consultation", Said(said, clause, wish, unit), now)
        if decision:
            opinion_actions.decide(SYSTEM, row, decision, reason, now)
    _spread(now)


def _spread(now: datetime) -> None:
    """An event that was held, one that is planned, questions, and how the city takes the reference edition."""
    edition = current_edition()
    places = {one.code: one for one in platform.places_visible_to(SYSTEM)}
    if edition is None or events_visible_to(SYSTEM).exists():
        return
    today = now.astimezone(ZoneInfo(places[CITY].zone)).date()
    for ahead, kind, subject in ((-20, "training", "自助区管理员培训"), (30, "account", "公众号图解")):
        row = training_actions.plan_event(
            SYSTEM, edition=edition, place=places[CITY], kind=kind, subject=subject,
            planned_on=today + timedelta(days=ahead), areas=[places[AREA]], now=now,
        )  # fmt: skip
        if ahead < 0:
            training_actions.hold_event(
                SYSTEM, row, held_on=today + timedelta(days=ahead), invited=20, present=17,
                proof="签到表存政务服务中心",
                now=now,
            )  # fmt: skip
    for clause, text, choices, right in QUESTIONS:
        training_actions.write_question(
            SYSTEM, edition, clause_code=clause, text=text, choices=choices, right=right, now=now
        )
    training_actions.register_adoption(
        SYSTEM, edition=edition, place=places[CITY], kind="followed", since_on=today, until_on=None, paper="",
        note="演示：对照参照版自查。", now=now,
    )  # fmt: skip
