"""Chapter 4 (基本要求) of one area and period."""

from __future__ import annotations

import re
from datetime import timedelta

from django.utils.translation import gettext as _

from budayang.center.evaluation import queries as evaluation
from budayang.center.maintenance import clause_queries as clauses
from budayang.center.platform.models import Organization, RoleGrant
from budayang.center.platform.roles import Role
from budayang.center.services import queries as services
from budayang.center.standard.measuring.gathered import (
    DAY_S,
    EVIDENCE_ROWS,
    JOB,
    Gathering,
    Measured,
    down,
    evidence,
    up,
)
from budayang.rules.catalogue import CODE_RULE

LOOKED = timedelta(days=31)
"""A look at a camera says something of the month before."""
_CODE = re.compile(CODE_RULE["official"].pattern)


def measure(seen: Gathering, out: Measured) -> None:
    """JB-03 … JB-35; JB-01 is counted with the machines' time (hardware)."""
    _posts(seen, out)
    _items(seen, out)
    _papers(seen, out)
    _outages(seen, out)
    _logs(seen, out)
    _consents(seen, out)
    _idle(seen, out)
    _cameras(seen, out)
    _tests(seen, out)


def _posts(seen: Gathering, out: Measured) -> None:
    """JB-03: a managing unit, a keeper, and of each owner unit somebody who keeps its machines."""
    owners: dict[int, Organization] = {one.owner_id: one.owner for one in seen.machines}
    manned = set(
        RoleGrant.objects.filter(
            organization__in=owners, role__in=(Role.OWNER_UNIT.value, Role.VENDOR_ENGINEER.value), staff__is_active=True
        ).values_list("organization_id", flat=True)
    )
    posts = [
        (_("综合管理单位"), seen.area.manager_id is not None),
        (_("自助区管理员"), seen.area.keeper_id is not None),
        *(
            (_("%(body)s的设备维护人") % {"body": one.name}, pk in manned)
            for pk, one in sorted(owners.items(), key=lambda pair: pair[1].code)
        ),
    ]
    out.numbers |= {"posts": float(len(posts)), "posts_filled": float(sum(there for _name, there in posts))}
    page = f"/console/areas/{seen.area.code}/"
    rows = sorted(posts, key=lambda pair: pair[1])
    out.show(
        "JB-03",
        (
            evidence("post", f"area:{seen.area.code}", f"{name}：{_('已指定') if there else _('没有指定')}", page)
            for name, there in rows
        ),
    )


def _items(seen: Gathering, out: Measured) -> None:
    """JB-04, JB-05: items that the area's terminals offer, those with materials and steps, those with a real code."""
    offered = services.offerings_on_ids([one.pk for one in seen.machines if one.retired_at is None])
    guided = [one for one in offered if one.materials and one.steps]
    coded = [one for one in offered if _CODE.fullmatch(one.official_code)]
    out.numbers |= {
        "items_offered": float(len(offered)),
        "items_guided": float(len(guided)),
        "items_coded": float(len(coded)),
    }
    for clause, good, word in (("JB-04", guided, _("没有写全材料和步骤")), ("JB-05", coded, _("没有实施编码"))):
        known = {one.pk for one in good}
        bad = [one for one in offered if one.pk not in known]
        out.show(
            clause,
            (
                evidence("item", f"item:{one.code}", f"{one.name}：{word}", f"/console/items/{one.code}/")
                for one in bad[:EVIDENCE_ROWS]
            ),
        )


def _papers(seen: Gathering, out: Measured) -> None:
    """JB-08: papers that came with a verification code which the public page knows."""
    cases = services.cases_visible_to(JOB).filter(
        place_path__startswith=seen.path, paper__entitled_at__gte=seen.start, paper__entitled_at__lt=seen.until
    )
    papers = cases.count()
    verifiable = cases.exclude(code_hash="").exclude(paper__document_sha256="").count() if papers else 0
    out.numbers |= {"papers": float(papers), "papers_verifiable": float(verifiable)}
    if papers:
        numbers = cases.order_by("-paper__entitled_at").values_list("number", flat=True)[:EVIDENCE_ROWS]
        words = _("办件 %(n)s 的打印件带验真码")
        out.show("JB-08", (evidence("case", f"case:{one}", words % {"n": one}) for one in numbers))


def _outages(seen: Gathering, out: Measured) -> None:
    """JB-09: how long it took until a loss of power or network was noticed."""
    found = seen.incidents
    out.numbers |= {"slowest_outage_s": up(found.outage_s), "outages": float(found.outages)}


def _logs(seen: Gathering, out: Measured) -> None:
    """JB-13: the age of the oldest sealed audit line, beside how long the area has been in service."""
    lines, first, _last = seen.together.audit
    begun = [one.registered_at for one in seen.machines]
    if not lines or first is None or not begun:
        return
    out.numbers |= {
        "log_lines": float(lines),
        "log_age_d": down(max((seen.until - first).total_seconds() / DAY_S, 0.0)),
        "in_service_d": max((seen.until - min(begun)).total_seconds() / DAY_S, 0.0),
    }
    # The span is the period's, how many lines there are is of now: the threshold alone can make the answer another one.
    out.basis["JB-13"] = f"{seen.value('log_retention_d'):g}"
    words = _("审计链共 %(lines)d 行，最早一行记于 %(at)s") % {"lines": lines, "at": f"{first:%Y-%m-%d %H:%M} UTC"}
    out.show("JB-13", [evidence("audit", "audit:1", words, "/console/audit/")])


def _consents(seen: Gathering, out: Measured) -> None:
    """JB-17: cases that were taken in, and those that carry which notice the person agreed to, and when."""
    cases = services.cases_visible_to(JOB).filter(
        place_path__startswith=seen.path, accepted_at__gte=seen.start, accepted_at__lt=seen.until
    )
    taken = cases.count()
    consented = cases.exclude(consent_version="").exclude(consent_at="")
    agreed = consented.count() if taken else 0
    out.numbers |= {"cases_taken": float(taken), "cases_consented": float(agreed)}
    if agreed == taken:
        return
    missed = cases.exclude(pk__in=consented.values("pk")).order_by("-accepted_at")
    words = _("办件 %(n)s 没有同意或告知的记录")
    out.show(
        "JB-17",
        (
            evidence("case", f"case:{one}", words % {"n": one}, f"/console/cases/{one}/")
            for one in missed.values_list("number", flat=True)[:EVIDENCE_ROWS]
        ),
    )


def _idle(seen: Gathering, out: Measured) -> None:
    """JB-24: visits that ended by time-out, as the terminals report them, and those of them that were cleared."""
    idle, cleared = evaluation.idle_visits(seen.start, seen.until, seen.path)
    out.numbers |= {"idle_sessions": float(idle), "idle_cleared": float(cleared)}
    if idle:
        words = _("%(n)d 次无操作退出，其中 %(m)d 次清除了本次办理的内容") % {"n": idle, "m": cleared}
        out.show("JB-24", [evidence("visit", f"visits:{seen.start:%Y-%m}", words)])


def _cameras(seen: Gathering, out: Measured) -> None:
    """JB-26, JB-27: by the newest look at each camera within the month before; one that nobody looked at is unknown."""
    found = clauses.cameras_of(seen.area.pk, min(seen.start, seen.until - LOOKED), seen.until)
    if found.all and not found.never:
        out.numbers |= {"cameras": float(found.all), "cameras_online": float(found.online)}
        words = _("%(n)d 台摄像头，最近一次查看时在线 %(m)d 台") % {"n": found.all, "m": found.online}
        out.show("JB-26", [evidence("camera", f"cameras:{seen.area.code}", words, "/console/cameras/")])
    if found.days is not None and not found.never:
        out.numbers |= {"cameras_played": float(found.played), "playback_d": float(found.days)}
        words = _("能回放的最短天数是 %(n)d 天") % {"n": found.days}
        out.show("JB-27", [evidence("camera", f"cameras:{seen.area.code}", words, "/console/cameras/")])


def _tests(seen: Gathering, out: Measured) -> None:
    """JB-34, JB-35: measured tests of the help button and of the door without power."""
    for clause, kind, word in (("JB-34", "help", _("求助按钮测试")), ("JB-35", "exit", _("断电开门测试"))):
        found = clauses.tests_of(seen.area.pk, kind, seen.start, seen.until)
        out.numbers |= {f"{kind}_tests": float(found.all), f"{kind}_passed": float(found.good)}
        if found.all:
            told = _("%(test)s %(n)d 次，按时通过 %(m)d 次") % {"test": word, "n": found.all, "m": found.good}
            refs = f"safety_test:{found.rows[0]}"
            out.show(clause, [evidence("test", refs, told, "/console/safety-tests/")])
