"""What this room knows of chapter 6 for one area: the plan, plates, official artwork, texts; looks come from rounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from budayang.center.signage import plan_findings, queries, text_queries
from budayang.center.signage.models import HungPlate
from budayang.center.terminals import queries as terminals
from budayang.data.composition_rules import rule_sets
from budayang.data.sign_kinds import sign_kinds
from budayang.rules.signs.audits import SignSeen, is_well, rates
from budayang.rules.signs.composing import Language
from budayang.rules.signs.conformity import CLAUSE_RULES, ClauseOnPlan, Evidence, evidence_on_site, judge_clauses
from budayang.rules.signs.drawing import Drawing, read
from budayang.rules.signs.facts import AreaFacts
from budayang.rules.signs.judging import judge
from budayang.rules.signs.kinds import Category
from budayang.rules.signs.language_clauses import Languages, judge_languages, judge_notice
from budayang.rules.signs.requiring import list_requirements
from budayang.rules.standard.answers import Answer

HALF_YEARLY = "BS-16"
PLATES: dict[str, tuple[str, ...]] = {
    "BS-01": ("door_head", "opening_hours"),
    "BS-03": ("keeper_phone", "device_board"),
    "BS-19": ("privacy_notice", "device_board"),
}
"""Which plates say what a clause asks for."""
NO_PLAN = "还没有平面图：先画平面图，放上标志"


def clauses_of(
    area: Any, *, month: Iterable[SignSeen], half_year: Iterable[SignSeen], notices: Evidence | None, now: datetime
) -> tuple[ClauseOnPlan, ...]:
    """Every clause of chapter 6, in order.

    Args:
        area: an areas.Area with its place.
        month: what rounds of the judged period said of its signs, oldest first; half_year: of the half year before
            its end (BS-16). notices: of faults and their notices (BS-05).
    """
    looks = list(month)
    plan = queries.find_plan(area.pk)
    version = queries.find_version(plan) if plan is not None else None
    if version is None:
        codes = [rule.clause for rule in CLAUSE_RULES]
        found = [ClauseOnPlan(code, Answer.NO_EVIDENCE, 0, 0, "平面图", (), NO_PLAN) for code in codes]
        drawing = None
    else:
        drawing = read(version.drawing)
        facts, numbers = plan_findings.facts_and_numbers(area, drawing, now)
        evidence = evidence_on_site(drawing, facts, sign_kinds(), _well(looks), "本期巡查")
        rare = evidence_on_site(drawing, facts, sign_kinds(), _well(half_year), "半年内的检查")
        evidence |= {HALF_YEARLY: rare[HALF_YEARLY]} if HALF_YEARLY in rare else {}
        if (told := _area_plates(area.pk, drawing, facts)) is not None:
            evidence["BS-01"] = told
        if (told := _machine_plates(area)) is not None:
            evidence["BS-03"] = told
        if (symbols := _official(area, drawing)) is not None:
            evidence["BS-08"] = symbols
        if notices is not None:
            evidence["BS-05"] = notices
        findings = judge(drawing, facts, sign_kinds(), numbers)
        found = list(judge_clauses(drawing, facts, sign_kinds(), findings, evidence))
    found.append(_notice(area))
    found += judge_languages(_languages(area, drawing, looks, now))
    return tuple(sorted(found, key=lambda one: one.clause))


def _well(looks: Iterable[SignSeen]) -> dict[str, bool]:
    return {one.sign: is_well(one.value) for one in looks}  # the last look counts


def _area_plates(area_id: int, drawing: Drawing, facts: AreaFacts) -> Evidence | None:
    """BS-01: a plate of the area is kept once and hangs at every entrance: it speaks for each place that needs it."""
    kinds = sign_kinds()
    places = Counter(kinds[one.kind].plate for one in list_requirements(drawing, facts, kinds))
    rows = HungPlate.objects.filter(area_id=area_id, kind__in=PLATES["BS-01"], taken_down_at__isnull=True)
    good = bad = 0
    for kind, since in rows.values_list("kind", "stale_since"):
        if since is None:
            good += places[kind]
        else:
            bad += max(1, places[kind])
    return Evidence(good, bad, "标牌核对") if good or bad else None


def _machine_plates(area: Any) -> Evidence | None:
    """BS-03, by terminal in service: right with a true plate and no stale one, however many hang on it."""
    own = terminals.in_service().filter(area=area).values("pk")
    rows = HungPlate.objects.filter(terminal__in=own, kind__in=PLATES["BS-03"], taken_down_at__isnull=True)
    found = list(rows.values_list("terminal", "stale_since"))
    bad = {terminal for terminal, since in found if since is not None}
    good = {terminal for terminal, _since in found} - bad
    return Evidence(len(good), len(bad), "标牌核对") if found else None


def _official(area: Any, drawing: Drawing) -> Evidence | None:
    """Symbols of public information and accessibility whose official artwork was imported."""
    kinds = [sign_kinds().get(sign.kind) for sign in drawing.signs]
    used = [one for one in kinds if one and one.symbol and one.category in (Category.PUBLIC, Category.ACCESS)]
    known = text_queries.wording_at(area.place.path, artwork=False).symbols
    good = sum(one.symbol in known for one in used)
    return Evidence(good, 0, "现行标准图形") if good else None


def _notice(area: Any) -> ClauseOnPlan:
    own = set(terminals.in_service().filter(area=area).values_list("pk", flat=True))
    rows = HungPlate.objects.filter(terminal__in=own, kind__in=PLATES["BS-19"], taken_down_at__isnull=True)
    return judge_notice(len(own), len(set(rows.filter(stale_since__isnull=True).values_list("terminal", flat=True))))


def _languages(area: Any, drawing: Drawing | None, looks: list[SignSeen], now: datetime) -> Languages:
    on = now.astimezone(ZoneInfo(area.place.zone)).date()
    rule = text_queries.find_rule(area.place.path, on)
    kinds = {sign.kind for sign in drawing.signs if sign.kind in sign_kinds()} if drawing is not None else set()
    wording = text_queries.wording_at(area.place.path, sorted(kinds), artwork=False)
    approved = sum(
        any(row.state == row.State.APPROVED for row in wording.texts.get((kind, Language.MN.value), ()))
        for kind in kinds
    )
    found = rates([(area.pk, sign.id) for sign in drawing.signs] if drawing is not None else [], looks)
    return Languages(
        document=rule.document if rule else "",
        rule_sets=len(rule_sets()),
        needed=len(kinds),
        approved=approved,
        seen=found.present,
        right=found.right,
    )
