"""The numbers that the twelve checks read, counted from the rows of the other rooms, with the rows that show them.

Everything is counted for one area and one period [start, end); `now` bounds what can be known. A number that no room
can count yet is left out: its clause then answers "no evidence", never "met".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil, floor
from typing import TypedDict

from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.evaluation import queries as evaluation
from budayang.center.maintenance import queries as maintenance
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.services import queries as services
from budayang.center.terminals import queries as terminals
from budayang.rules.maintenance import BUCKETS, Bucket

JOB = Actor.job("standard.measuring")
EVIDENCE_ROWS = 8
# A case that was finished a moment ago may still be at its printer: the rating page comes after the paper.
ASKING_GRACE = timedelta(minutes=10)
# The machine gave no sign of life: off, without power or network, or nobody knows why.
DARK = (Bucket.SITE, Bucket.SWITCHED_OFF, Bucket.POWER, Bucket.NETWORK, Bucket.UNDETERMINED)
DAY_S = 86400


class Evidence(TypedDict):
    """A row that a number was made of: its kind, its reference, what it says, and its page (empty: none)."""

    kind: str
    ref: str
    text: str
    url: str


@dataclass(slots=True)
class Measured:
    """Numbers by the names of rules.standard, and evidence by clause."""

    numbers: dict[str, float] = field(default_factory=dict)
    evidence: dict[str, list[Evidence]] = field(default_factory=dict)

    def show(self, clause: str, rows: Iterable[Evidence]) -> None:
        """Keep the first rows as evidence of a clause."""
        kept = self.evidence.setdefault(clause, [])
        kept.extend(list(rows)[: EVIDENCE_ROWS - len(kept)])


def evidence(kind: str, ref: str, text: str, url: str = "") -> Evidence:
    """One row of evidence."""
    return Evidence(kind=kind, ref=ref, text=text, url=url)


def measure(area_id: int, start: datetime, end: datetime, now: datetime) -> Measured:
    """Count everything for one area and one period. Raises Area.DoesNotExist."""
    area = areas.visible_to(JOB).get(pk=area_id)
    path = area.place.path
    until = min(end, now)
    out = Measured()
    _time(area_id, start, until, out)
    _logs(area_id, until, out)
    _alarms(path, start, until, out)
    _orders(path, start, until, now, out)
    _papers(path, start, until, out)
    _ratings(path, start, until, now, out)
    _idle(path, start, until, out)
    return out


def up(number: float) -> float:
    """To one decimal, upwards: rounding never turns a limit that was broken into one that was kept."""
    return ceil(number * 10) / 10


def down(number: float) -> float:
    """To one decimal, downwards, for numbers that have to reach something."""
    return floor(number * 10) / 10


def _time(area_id: int, start: datetime, until: datetime, out: Measured) -> None:
    """YJ-07, YJ-08, JB-01: promised, usable and lost seconds of the area's terminals."""
    here = [
        one for one in terminals.visible_to(JOB).filter(area_id=area_id).exclude(state="retired") if one.enrolled_at
    ]
    promised = usable = 0.0
    buckets: dict[Bucket, float] = {}
    lost: dict[tuple[str, str, Bucket], float] = {}
    counted = 0
    divided = maintenance.attributed_many([one.pk for one in here], start, until) if start < until else {}
    for terminal in here:
        found = divided.get(terminal.pk, [])
        counted += bool(found)
        for one in found:
            promised += one.interval.seconds
            if one.bucket is None:
                usable += one.interval.seconds
                continue
            buckets[one.bucket] = buckets.get(one.bucket, 0.0) + one.interval.seconds
            key = (terminal.code, one.fact_ref or "", one.bucket)
            lost[key] = lost.get(key, 0.0) + one.interval.seconds
    trouble = maintenance.terminals_in_trouble([one.pk for one in here], until)
    out.numbers |= {
        "promised_s": promised,
        "usable_s": usable,
        "planned_s": buckets.get(Bucket.PLANNED, 0.0),
        "monitoring_lost_s": buckets.get(Bucket.MONITORING_LOST, 0.0),
        "dark_s": up(sum(buckets.get(bucket, 0.0) for bucket in DARK)),
        "terminals": float(counted),
        "terminals_good": float(len([one for one in here if one.pk not in trouble])),
    }
    rows = sorted(lost.items(), key=lambda pair: -pair[1])
    out.show("YJ-07", (_lost_row(*key, seconds) for key, seconds in rows))
    out.show("JB-01", (_lost_row(*key, seconds) for key, seconds in rows if key[2] in DARK))
    out.show("YJ-08", (_terminal_row(one.code, one.name, one.pk in trouble) for one in here))


def _lost_row(terminal: str, ref: str, bucket: Bucket, seconds: float) -> Evidence:
    words = _("%(terminal)s 有 %(minutes).1f 分钟不可用，归为“%(bucket)s”") % {
        "terminal": terminal,
        "minutes": seconds / 60,
        "bucket": BUCKETS[bucket].name,
    }
    url = (
        f"/console/incidents/{ref.partition(':')[2]}/"
        if ref.startswith("incident:")
        else f"/console/terminals/{terminal}/"
    )
    return evidence("lost", ref, words, url)


def _terminal_row(code: str, name: str, in_trouble: bool) -> Evidence:
    word = _("有故障没有恢复") if in_trouble else _("完好")
    return evidence("terminal", f"terminal:{code}", f"{name}：{word}", f"/console/terminals/{code}/")


def _logs(area_id: int, until: datetime, out: Measured) -> None:
    """JB-13: the age of the oldest sealed audit line, beside how long the area has been in service."""
    lines, first, _last = platform.audit_extent()
    begun = [one.registered_at for one in terminals.visible_to(JOB).filter(area_id=area_id)]
    if not lines or first is None or not begun:
        return
    out.numbers |= {
        "log_lines": float(lines),
        "log_age_d": down(max((until - first).total_seconds() / DAY_S, 0.0)),
        "in_service_d": max((until - min(begun)).total_seconds() / DAY_S, 0.0),
    }
    words = _("审计链共 %(lines)d 行，最早一行记于 %(at)s") % {"lines": lines, "at": f"{first:%Y-%m-%d %H:%M} UTC"}
    out.show("JB-13", [evidence("audit", "audit:1", words, "/console/audit/")])


def _alarms(path: str, start: datetime, until: datetime, out: Measured) -> None:
    seconds, count, ref = maintenance.slowest_alarm(path, start, until)
    out.numbers |= {"slowest_alarm_s": up(seconds), "incidents": float(count)}
    if ref:
        words = _("最慢的一次用了 %(n).1f 秒") % {"n": seconds}
        out.show("WH-14", [evidence("incident", ref, words, f"/console/incidents/{ref.partition(':')[2]}/")])


def _orders(path: str, start: datetime, until: datetime, now: datetime, out: Measured) -> None:
    """WH-15, WH-17, WH-22: an order counts once its clock is met or broken; one with time left says nothing yet."""
    facts = maintenance.order_facts(path, start, until, now)
    columns = (
        (
            "WH-15",
            "orders_responded_in_time",
            "orders_respond_judged",
            "responded_in_time",
            _("按时响应"),
            _("响应超时"),
        ),
        ("WH-17", "orders_repaired_in_time", "orders_repair_judged", "repaired_in_time", _("按时修复"), _("修复超时")),
        ("WH-22", "orders_closed_verified", "orders_loop_judged", "loop_closed", _("验收后关闭"), _("到期还没有闭环")),
    )
    for clause, good, judged, name, yes, no in columns:
        known = [(one.number, bool(getattr(one, name))) for one in facts if getattr(one, name) is not None]
        out.numbers[judged] = float(len(known))
        out.numbers[good] = float(sum(ok for _number, ok in known))
        # What went wrong first: that is what a reader looks for.
        known.sort(key=lambda pair: pair[1])
        out.show(clause, (_order_row(number, yes if ok else no) for number, ok in known))


def _order_row(number: str, word: str) -> Evidence:
    return evidence("order", f"order:{number}", f"{number}：{word}", f"/console/orders/{number}/")


def _papers(path: str, start: datetime, until: datetime, out: Measured) -> None:
    """JB-08: papers that came with a verification code which the public page knows."""
    cases = services.cases_visible_to(JOB).filter(
        place_path__startswith=path, paper__entitled_at__gte=start, paper__entitled_at__lt=until
    )
    verifiable = cases.exclude(code_hash="").exclude(paper__document_sha256="")
    out.numbers |= {"papers": float(cases.count()), "papers_verifiable": float(verifiable.count())}
    numbers = cases.order_by("-paper__entitled_at").values_list("number", flat=True)[:EVIDENCE_ROWS]
    out.show(
        "JB-08", (evidence("case", f"case:{one}", _("办件 %(n)s 的打印件带验真码") % {"n": one}) for one in numbers)
    )


def _ratings(path: str, start: datetime, until: datetime, now: datetime, out: Measured) -> None:
    """PJ-01, PJ-02: cases that were followed by the rating page; ratings on the five levels."""
    done = services.finished_cases(start, until, path)
    asked = evaluation.invited_numbers(done)
    settled = (
        set(services.finished_cases(start, min(until, now - ASKING_GRACE), path))
        if start < now - ASKING_GRACE
        else set()
    )
    judged = [number for number in done if number in asked or number in settled]
    counts = evaluation.counts(start, until, path, now)
    out.numbers |= {
        "cases_done": float(len(judged)),
        "ratings_shown": float(len([number for number in judged if number in asked])),
        "ratings": float(counts.rated),
        "ratings_in_five": float(sum(counts.levels.values())),
    }
    missed = [number for number in judged if number not in asked]
    words = _("办件 %(n)s 办结后没有出现评价页")
    out.show("PJ-01", (evidence("case", f"case:{one}", words % {"n": one}) for one in missed))
    told = _("办件 %(n)s 办结后出现了评价页")
    out.show("PJ-01", (evidence("case", f"case:{one}", told % {"n": one}) for one in reversed(judged) if one in asked))
    rated = evaluation.rated_cases(start, until, path, EVIDENCE_ROWS)
    words = _("办件 %(n)s 的评价")
    out.show(
        "PJ-02", (evidence("rating", f"rating:{one}", words % {"n": one}, f"/console/ratings/{one}/") for one in rated)
    )


def _idle(path: str, start: datetime, until: datetime, out: Measured) -> None:
    """JB-24: visits that ended by time-out, as the terminals report them, and those of them that were cleared."""
    idle, cleared = evaluation.idle_visits(start, until, path)
    out.numbers |= {"idle_sessions": float(idle), "idle_cleared": float(cleared)}
    if idle:
        words = _("%(n)d 次无操作退出，其中 %(m)d 次清除了本次办理的内容") % {"n": idle, "m": cleared}
        out.show("JB-24", [evidence("visit", f"visits:{start:%Y-%m}", words)])
