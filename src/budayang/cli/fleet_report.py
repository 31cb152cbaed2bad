"""What a simulated fleet showed: as a dictionary for machines and as a table for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from budayang.sandbox.faults.plans import KIND_BY_CODE, Plan
from budayang.sandbox.faults.scoring import Found, Match, Score
from budayang.sandbox.fleet.play import Play

SHOWN = 30


def report(plan: Plan, play: Play, judged: Score, began_at: float, *, joined_s: float, database: str) -> dict[str, Any]:
    """precision, recall, latency_p95_s, and what stands behind them. Moments are seconds since the play began."""
    faults = {fault.number: fault for fault in plan.faults}

    def told(match: Match) -> dict[str, Any]:
        fault = faults[match.expected.fault]
        return {
            "fault": fault.kind,
            "where": match.expected.where,
            "expected": sorted(match.expected.kinds),
            "start_s": fault.start_s,
            "end_s": fault.end_s,
            "found": _told(match.found, began_at) if match.found else None,
            "latency_s": None if match.latency_s is None else round(match.latency_s, 2),
        }

    tally = play.tally
    return {
        "precision": round(judged.precision, 4),
        "recall": round(judged.recall, 4),
        "latency_p95_s": round(judged.latency_s(0.95), 2),
        "latency_p50_s": round(judged.latency_s(0.5), 2),
        "latency_max_s": round(judged.latency_s(1.0), 2),
        "latency_bound_s": plan.timing.grace_s + 1.0,
        "latency_from": "silence: when the next word was due (last word + plan); else: when it could be sent",
        "plan": plan.name,
        "seed": plan.seed,
        "database": database,
        "terminals": len(plan.fleet.terminals),
        "areas": len(plan.fleet.areas),
        "seconds": plan.timing.length_s,
        "plan_s": plan.timing.plan_s,
        "grace_s": plan.timing.grace_s,
        "faults": len(plan.faults),
        "true_causes": len(judged.matches),
        "found_causes": len(judged.found),
        "false_causes": len(judged.false),
        "beside": len(judged.beside),
        "missed": [told(one) for one in judged.missed],
        "false": [_told(one, began_at) for one in judged.false],
        "unclosed": [told(one) for one in judged.unclosed],
        "wrong_bucket": [told(one) for one in judged.wrong_bucket],
        "wrong_moment": [told(one) for one in judged.wrong_moment],
        "blamed_owner_units": [told(one) for one in judged.blamed],
        "kinds": _by_kind(plan, judged),
        "load": {
            "syncs": tally.syncs,
            "syncs_per_s": round(tally.syncs / plan.timing.length_s, 1),
            "failed": tally.failed,
            "errors": tally.errors,
            "sync_p50_ms": tally.percentile_ms(0.5),
            "sync_p95_ms": tally.percentile_ms(0.95),
            "driver_late_s": round(play.late_s, 2),
            "joined_s": round(joined_s, 1),
        },
    }


def _told(found: Found, began_at: float) -> dict[str, Any]:
    return {
        "id": found.id,
        "kind": found.kind,
        "where": found.where,
        "opened_s": round(found.opened_at - began_at, 2),
        "told_s": round(found.told_at - began_at, 2),
        "closed_s": None if found.closed_at is None else round(found.closed_at - began_at, 2),
        "bucket": found.bucket,
        "symptoms": found.symptoms,
        "owner_orders": found.owner_orders,
    }


def _by_kind(plan: Plan, judged: Score) -> list[dict[str, Any]]:
    kind_of = {fault.number: fault.kind for fault in plan.faults}
    played = Counter(fault.kind for fault in plan.faults)
    rows = []
    for kind, count in played.items():
        matches = [one for one in judged.matches if kind_of[one.expected.fault] == kind]
        waits = [one.latency_s for one in matches if one.latency_s is not None]
        rows.append(
            {
                "kind": kind,
                "title": KIND_BY_CODE[kind].title,
                "faults": count,
                "expected": len(matches),
                "found": sum(one.found is not None for one in matches),
                "slowest_s": round(max(waits), 2) if waits else None,
            }
        )
    return rows


def holds(report_: Mapping[str, Any], share: float) -> bool:
    """Whether precision and recall are at least `share` and the latency is within the grace and a second."""
    in_time = report_["latency_p95_s"] <= report_["latency_bound_s"]
    return bool(report_["precision"] >= share and report_["recall"] >= share and in_time)


def table(report_: Mapping[str, Any]) -> str:
    """For people: what should have been found beside what was, by kind of fault, and each difference in words."""
    lines = ["", f"{'故障 fault':<22}{'次数':>4}{'应发现':>6}{'已发现':>6}{'最慢 s':>8}"]
    for row in report_["kinds"]:
        slowest = "" if row["slowest_s"] is None else f"{row['slowest_s']:.1f}"
        lines.append(
            f"{row['kind']:<22}{row['faults']:>6}{row['expected']:>9}{row['found']:>9}{slowest:>10}  {row['title']}"
        )
    load = report_["load"]
    lines += [
        "",
        f"查准率 precision  {report_['precision']:.4f}   误报 false {report_['false_causes']}",
        f"查全率 recall     {report_['recall']:.4f}   漏报 missed {len(report_['missed'])}",
        f"发现用时 latency  p50 {report_['latency_p50_s']} s, p95 {report_['latency_p95_s']} s, "
        f"上限 bound {report_['latency_bound_s']} s",
        f"未关闭 unclosed {len(report_['unclosed'])}   归因不符 wrong bucket {len(report_['wrong_bucket'])}   "
        f"误派归属单位 blamed {len(report_['blamed_owner_units'])}",
        f"同步 syncs {load['syncs']}，每秒 per second {load['syncs_per_s']}，p95 {load['sync_p95_ms']} ms，"
        f"失败 failed {load['failed']}",
    ]
    lines += _differences("漏报 missed", report_["missed"])
    lines += _differences("误报 false", report_["false"])
    lines += _differences("归因不符 wrong bucket", report_["wrong_bucket"])
    return "\n".join(lines)


def _differences(title: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    if not rows:
        return []
    more = [f"  … {len(rows) - SHOWN}"] if len(rows) > SHOWN else []
    return ["", title, *(f"  {dict(row)}" for row in rows[:SHOWN]), *more]
