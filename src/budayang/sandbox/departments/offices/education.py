"""教育 (JY): a place at school for the children of people who moved here."""

from __future__ import annotations

from budayang.sandbox.departments.counter import SUBMIT, Desk, Office, Plan, Visit, handed_in, told
from budayang.sandbox.departments.hours import OFFICE
from budayang.sandbox.departments.matters import Outcome


def _children(visit: Visit) -> list[dict[str, str]]:
    given = visit.matter.form.get("children")
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _school(visit: Visit) -> Outcome:
    children = _children(visit)
    # A try (拨测) may come with an empty form, as `connector check` sends it: it asks whether the desk works.
    if not children and not visit.matter.test:
        return Outcome("refused", "没有写明哪个孩子要入学")
    return handed_in(
        visit,
        "入学申请已收到，工作日审核，按片区安排学校。",
        [("孩子", f"{len(children)}人"), ("材料", f"{len(visit.matter.materials)}张")],
    )


def _school_missing(visit: Visit) -> list[str]:
    return [] if visit.matter.materials else ["户口簿户主页和孩子页"]


def _school_decided(visit: Visit) -> Outcome:
    return told(visit, "审核通过，学校会在开学前两周通知报到。", [("结果", "准予入学")])


EDUCATION = Office(
    "JY",
    "教育体育局（演示）",
    (
        Desk(
            "ZZ155",
            "随迁子女入学申请",
            _school,
            OFFICE,
            after_hours=SUBMIT,
            kind="apply",
            plan=Plan(10, _school_decided, _school_missing),
            can_withdraw=True,
        ),
    ),
)
