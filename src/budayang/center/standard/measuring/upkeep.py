"""Chapter 7 (维护管理) of one area and period."""

from __future__ import annotations

from django.utils.translation import gettext as _

from budayang.center.maintenance import clause_queries as clauses
from budayang.center.maintenance import queries as maintenance
from budayang.center.maintenance.clause_order_queries import OrderSeen
from budayang.center.standard.measuring.gathered import Evidence, Gathering, Measured, digest, evidence, up
from budayang.center.standard.measuring.hardware import show_rounds, show_things

ROUNDS = (
    ("WH-01", "cleaning", ("cleaning",)),
    ("WH-02", "daily", ("daily",)),
    ("WH-03", "night", ("night", "guard")),
    ("WH-04", "fire", ("monthly_fire", "daily_fire")),
)


def measure(seen: Gathering, out: Measured) -> None:
    """WH-01 … WH-28."""
    for clause, name, lists in ROUNDS:
        show_rounds(seen, out, clause, name, lists)
    _signed(seen, out)
    _fire_tests(seen, out)
    _practised(seen, out)
    _alarms(seen, out)
    measure_orders(seen, out)
    _followed(seen, out)
    _notices(seen, out)


def measure_orders(seen: Gathering, out: Measured) -> None:
    """WH-15 … WH-22, PJ-24: all that is made of orders."""
    _orders(seen, out)
    _durations(seen, out)
    _who(seen, out)


def _signed(seen: Gathering, out: Measured) -> None:
    """WH-24: rounds that were handed over, and those without blanks, late or early answers, or another's hand."""
    found = seen.rounds.clean
    out.numbers |= {"rounds_handed": float(found.all), "rounds_clean": float(found.good)}
    words = _("巡查记录 %(n)d")
    out.show(
        "WH-24",
        (evidence("round", f"round:{pk}", words % {"n": pk}, f"/console/rounds/{pk}/") for pk in found.rows),
    )


def _fire_tests(seen: Gathering, out: Measured) -> None:
    """WH-11: tests of the fire installations whose day is not over."""
    found = clauses.things_of(seen.area.pk, "fire_test", seen.on, seen.until)
    out.numbers |= {"fire_tests": float(found.all), "fire_tests_valid": float(found.good)}
    show_things(out, "WH-11", found, _("消防设施检测"))


def _practised(seen: Gathering, out: Measured) -> None:
    """WH-13: drills and trainings of the last year."""
    found = clauses.practised(seen.area.pk, seen.until)
    out.numbers |= {"drills": float(found.drills), "fire_trainings": float(found.trainings)}
    words = _("近一年完成演练 %(n)d 次，消防和应急培训 %(m)d 次") % {"n": found.drills, "m": found.trainings}
    page = f"/console/emergencies/{found.drill_id}/" if found.drill_id else "/console/emergencies/"
    if found.drills or found.trainings:
        out.show("WH-13", [evidence("drill", f"emergency:{found.drill_id or ''}", words, page)])


def _alarms(seen: Gathering, out: Measured) -> None:
    """WH-14: from the fact to the notice."""
    seconds, count, ref = maintenance.slowest_alarm(seen.path, seen.start, seen.until)
    out.numbers |= {"slowest_alarm_s": up(seconds), "incidents": float(count)}
    if ref:
        words = _("最慢的一次用了 %(n).1f 秒") % {"n": seconds}
        out.show("WH-14", [evidence("incident", ref, words, f"/console/incidents/{ref.partition(':')[2]}/")])


def _orders(seen: Gathering, out: Measured) -> None:
    """WH-15, 16, 17, 22, PJ-24: an order counts once its clock is met or broken; one with time left says nothing."""
    responded = (_("按时响应"), _("响应超时"))
    columns = (
        ("WH-15", "orders_responded_in_time", "orders_respond_judged", "responded", responded),
        ("PJ-24-2", "orders_responded_in_time", "orders_respond_judged", "responded", responded),
        ("WH-16", "orders_arrived_in_time", "orders_arrive_judged", "arrived", (_("按时到场"), _("到场超时"))),
        ("WH-17", "orders_repaired_in_time", "orders_repair_judged", "repaired", (_("按时修复"), _("修复超时"))),
        ("WH-22", "orders_closed_verified", "orders_loop_judged", "closed", (_("验收后关闭"), _("到期还没有闭环"))),
    )
    for clause, good, judged, name, (yes, no) in columns:
        known = [(one.number, bool(getattr(one, name))) for one in seen.orders if getattr(one, name) is not None]
        _count(out, clause, good, judged, known, yes, no)
    off = [(one.number, one.responded) for one in seen.orders if one.off_hours and one.responded is not None]
    _count(out, "WH-21", "off_hours_in_time", "off_hours_judged", off, *responded)


def _count(
    out: Measured, clause: str, good: str, judged: str, known: list[tuple[str, bool]], yes: str, no: str
) -> None:
    out.numbers[judged] = float(len(known))
    out.numbers[good] = float(sum(ok for _number, ok in known))
    # What went wrong first: that is what a reader looks for.
    rows = sorted(known, key=lambda pair: pair[1])
    out.show(clause, (_order_row(number, yes if ok else no) for number, ok in rows))


def _order_row(number: str, word: str) -> Evidence:
    return evidence("order", f"order:{number}", f"{number}：{word}", f"/console/orders/{number}/")


def _durations(seen: Gathering, out: Measured) -> None:
    """WH-18, WH-19: the mean time of repair, and the slowest handing on after somebody had come."""
    repaired = [one for one in seen.orders if one.repair_s is not None]
    out.numbers |= {
        "orders_repaired": float(len(repaired)),
        "repair_total_s": sum(one.repair_s or 0.0 for one in repaired),
    }
    _slowest(out, "WH-18", repaired, "repair_s")
    moved = [one for one in seen.orders if one.transfer_s is not None]
    out.numbers |= {
        "transfers": float(len(moved)),
        "slowest_transfer_s": up(max((one.transfer_s or 0.0 for one in moved), default=0.0)),
    }
    _slowest(out, "WH-19", moved, "transfer_s")


def _slowest(out: Measured, clause: str, rows: list[OrderSeen], name: str) -> None:
    words = _("用了 %(minutes).1f 分钟")
    ranked = sorted(rows, key=lambda one: -(getattr(one, name) or 0.0))
    out.show(clause, (_order_row(one.number, words % {"minutes": getattr(one, name) / 60}) for one in ranked))


def _who(seen: Gathering, out: Measured) -> None:
    """WH-20: faults of power, network and site, and those whose order the managing unit has."""
    if seen.area.manager_id is None:
        return
    public = [(one.number, one.organization_id == seen.area.manager_id) for one in seen.orders if one.public]
    out.basis["WH-20"] = digest(sorted((one.number, one.organization_id) for one in seen.orders if one.public))
    _count(out, "WH-20", "public_by_manager", "public_faults", public, _("由管理方处理"), _("不是管理方在处理"))


def _followed(seen: Gathering, out: Measured) -> None:
    """WH-26: causes that take something from people, and those that were closed or have an order."""
    found = seen.incidents
    out.numbers |= {"faults": float(found.judged), "faults_followed": float(found.followed)}
    words = _("故障 %(n)d")
    out.show(
        "WH-26",
        (
            evidence("incident", f"incident:{pk}", words % {"n": pk}, f"/console/incidents/{pk}/")
            for pk in found.unfollowed
        ),
    )


def _notices(seen: Gathering, out: Measured) -> None:
    """WH-28: stops of which people were told in time."""
    told, late = seen.told
    out.numbers |= {"notices": float(told + late), "notices_in_time": float(told)}
    if told + late:
        words = _("停用告示 %(n)d 份，按时的 %(m)d 份") % {"n": told + late, "m": told}
        out.show("WH-28", [evidence("notice", f"notices:{seen.area.code}", words, "/console/fault-notices/")])
