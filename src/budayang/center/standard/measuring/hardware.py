"""Chapter 5 (硬件设备) of one area and period, and the machines' time, which chapters 4 and 8 read too."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from budayang.center.maintenance import clause_queries as clauses
from budayang.center.standard.measuring.gathered import (
    CHECKED,
    JOB,
    TESTED,
    Evidence,
    Gathering,
    Measured,
    digest,
    evidence,
    up,
    worked_in,
)
from budayang.center.terminals import supply_queries as supplies
from budayang.rules.consumables import Tell
from budayang.rules.maintenance import BUCKETS, Bucket

# The machine gave no sign of life: off, without power or network, or nobody knows why.
DARK = (Bucket.SITE, Bucket.SWITCHED_OFF, Bucket.POWER, Bucket.NETWORK, Bucket.UNDETERMINED)
OF_THE_MACHINE = (Bucket.DEVICE, Bucket.CONSUMABLES, Bucket.SOFTWARE, Bucket.DAMAGE, Bucket.SWITCHED_OFF)


def measure(seen: Gathering, out: Measured) -> None:
    """JB-01, YJ-01 … YJ-33."""
    measure_time(seen, out)
    _files(seen, out)
    _daily(seen, out)
    _before_and_after(seen, out)
    _made_good(seen, out)
    _supplies(seen, out)
    _extinguishers(seen, out)


def measure_time(seen: Gathering, out: Measured) -> None:
    """YJ-07, YJ-08, YJ-09, JB-01: promised, usable and lost seconds of the area's terminals."""
    here = [one for one in seen.machines if worked_in(one, seen.until)]
    promised = usable = 0.0
    buckets: dict[Bucket, float] = {}
    lost: dict[tuple[str, str, Bucket], float] = {}
    counted = 0
    standing: list[Any] = []
    divided, trouble = seen.together.divided, seen.together.trouble
    for terminal in here:
        found = divided.get(terminal.pk, [])
        counted += bool(found)
        # Whether a machine is good is asked at the end of the period: of those that were still there then.
        if found and (terminal.retired_at is None or terminal.retired_at >= seen.until):
            standing.append(terminal)
        for one in found:
            promised += one.interval.seconds
            if one.bucket is None:
                usable += one.interval.seconds
                continue
            buckets[one.bucket] = buckets.get(one.bucket, 0.0) + one.interval.seconds
            key = (terminal.code, one.fact_ref or "", one.bucket)
            lost[key] = lost.get(key, 0.0) + one.interval.seconds
    out.numbers |= {
        "promised_s": promised,
        "usable_s": usable,
        "planned_s": buckets.get(Bucket.PLANNED, 0.0),
        "monitoring_lost_s": buckets.get(Bucket.MONITORING_LOST, 0.0),
        "dark_s": up(sum(buckets.get(bucket, 0.0) for bucket in DARK)),
        "machine_fault_s": sum(buckets.get(bucket, 0.0) for bucket in OF_THE_MACHINE),
        "terminals": float(counted),
        "terminals_standing": float(len(standing)),
        "terminals_good": float(len([one for one in standing if one.pk not in trouble])),
    }
    rows = sorted(lost.items(), key=lambda pair: -pair[1])
    out.show("YJ-07", (_lost_row(*key, seconds) for key, seconds in rows))
    out.show("YJ-09", (_lost_row(*key, seconds) for key, seconds in rows if key[2] in OF_THE_MACHINE))
    out.show("JB-01", (_lost_row(*key, seconds) for key, seconds in rows if key[2] in DARK))
    out.show("PJ-24", (_lost_row(*key, seconds) for key, seconds in rows if key[2] is Bucket.MONITORING_LOST))
    out.show("YJ-08", (_terminal_row(one.code, one.name, one.pk in trouble) for one in standing))


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


def _files(seen: Gathering, out: Measured) -> None:
    """YJ-01, YJ-02: terminals with a file in the register of assets, and with an acceptance that was passed."""
    filed, accepted = clauses.machines_filed([one.pk for one in seen.machines], seen.on, seen.until)
    out.numbers |= {
        "terminals_here": float(len(seen.machines)),
        "terminals_filed": float(len(filed)),
        "terminals_accepted": float(len(accepted)),
    }
    out.basis["YJ-01"] = digest([one.code for one in seen.machines])
    for clause, known, yes, no in (
        ("YJ-01", filed, _("档案齐全"), _("没有档案，或缺型号、启用日期")),
        ("YJ-02", accepted, _("已验收"), _("没有验收记录")),
    ):
        rows = sorted(seen.machines, key=lambda one: one.pk in known)
        out.show(
            clause,
            (
                evidence(
                    "terminal",
                    f"terminal:{one.code}",
                    f"{one.code}：{yes if one.pk in known else no}",
                    f"/console/terminals/{one.code}/",
                )
                for one in rows
            ),
        )


def _daily(seen: Gathering, out: Measured) -> None:
    """YJ-04, YJ-05: whole days of the period on which the devices were looked at, and on which one was tried."""
    since = seen.rounds.since.get("daily")
    days = [one for one in clauses.local_days(seen.start, seen.until, seen.zone) if since is None or one >= since]
    if since is None or not days:
        return
    out.numbers["days_elapsed"] = float(len(days))
    for clause, number, question in (("YJ-04", "days_checked", CHECKED), ("YJ-05", "days_tested", TESTED)):
        done = seen.rounds.days.get(question, frozenset())
        out.numbers[number] = float(sum(one in done for one in days))
        missing = sorted(one for one in days if one not in done)
        words = _("%(on)s 没有做")
        out.show(
            clause,
            (
                evidence("day", f"day:{one.isoformat()}", words % {"on": one.isoformat()}, "/console/rounds/")
                for one in missing
            ),
        )


def _before_and_after(seen: Gathering, out: Measured) -> None:
    """YJ-06: rounds before and after work."""
    show_rounds(seen, out, "YJ-06", "before_after", ("before_work", "after_work"))


def show_rounds(seen: Gathering, out: Measured, clause: str, name: str, lists: tuple[str, ...]) -> None:
    """Rounds of some lists that fell due, and those handed over in time, as `<name>_due` and `<name>_done`."""
    found = [seen.rounds.by_list[code] for code in lists if code in seen.rounds.by_list]
    out.numbers |= {
        f"{name}_due": float(sum(one.all for one in found)),
        f"{name}_done": float(sum(one.good for one in found)),
    }
    words = _("巡查记录 %(n)d")
    out.show(
        clause,
        (
            evidence("round", f"round:{pk}", words % {"n": pk}, f"/console/rounds/{pk}/")
            for one in found
            for pk in one.rows
        ),
    )


def _made_good(seen: Gathering, out: Measured) -> None:
    """YJ-12: matters that were interrupted, and those that somebody made good."""
    found = seen.incidents
    out.numbers |= {"made_good": float(found.made_good), "make_good_judged": float(found.make_good)}
    words = _("补办、冲正记录 %(n)d")
    out.show(
        "YJ-12",
        (
            evidence("incident", f"incident:{pk}", words % {"n": pk}, f"/console/incidents/{pk}/")
            for pk in found.waiting
        ),
    )


def _supplies(seen: Gathering, out: Measured) -> None:
    """YJ-13, YJ-14: what is in the machines now, and whether counting the stock found differences in the period.

    A level is of now: for a month that is over nothing is said.
    """
    if seen.until >= seen.now:
        rows = supplies.supplies_visible_to(JOB).filter(terminal__area_id=seen.area.pk)
        known = [one for one in rows.select_related("terminal") if one.tell != Tell.UNKNOWN.value]
        enough = [one for one in known if one.tell == Tell.ENOUGH.value]
        out.numbers |= {"supplies_known": float(len(known)), "supplies_enough": float(len(enough))}
        low = [one for one in known if one.tell != Tell.ENOUGH.value]
        words = _("%(terminal)s 的 %(what)s 不足")
        out.show(
            "YJ-13",
            (
                evidence(
                    "supply",
                    f"supply:{one.pk}",
                    words % {"terminal": one.terminal.code, "what": one.consumable},
                    f"/console/supplies/{one.pk}/",
                )
                for one in low
            ),
        )
    stocks = supplies.stocks_kept(seen.area.pk, seen.until)
    # What puts a wrong line right is no difference that somebody counted.
    uneven = set(
        supplies.movements_visible_to(JOB)
        .filter(stock__in=stocks, kind="adjust", corrects__isnull=True, at__gte=seen.start, at__lt=seen.until)
        .values_list("stock_id", flat=True)
    )
    out.numbers |= {"stocks": float(len(stocks)), "stocks_even": float(len(stocks) - len(uneven))}
    words = _("库存 %(n)d 在本期有盘点差异")
    out.show(
        "YJ-14", (evidence("stock", f"stock:{pk}", words % {"n": pk}, f"/console/stock/{pk}/") for pk in sorted(uneven))
    )


def _extinguishers(seen: Gathering, out: Measured) -> None:
    """YJ-33: extinguishers whose day is not over."""
    found = clauses.things_of(seen.area.pk, "extinguisher", seen.on, seen.until)
    out.numbers |= {"extinguishers": float(found.all), "extinguishers_valid": float(found.good)}
    show_things(out, "YJ-33", found, _("灭火器"))


def show_things(out: Measured, clause: str, found: clauses.Told, word: str) -> None:
    """Things with a day as evidence, those that are over first."""
    words = _("%(thing)s：到期事项 %(n)d")
    out.show(
        clause,
        (
            evidence("due", f"due_thing:{pk}", words % {"thing": word, "n": pk}, f"/console/due/{pk}/")
            for pk in found.rows
        ),
    )
