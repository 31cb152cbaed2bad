"""The center's side of bench/conformity: builds the city with its rounds, and computes its month; JSON lines.

python bench/conformity_center.py build AREAS PER_AREA
python bench/conformity_center.py measure AREAS PROCESSES
python bench/conformity_center.py part FIRST LAST         one process' share
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import city  # sets Django up
from django.db import transaction
from django.utils import timezone

from budayang.center.areas.models import Area
from budayang.center.maintenance.models import CheckListEdition, Round, RoundAnswer, RoundPlan
from budayang.center.platform.models import Place
from budayang.center.standard import actions, assessing, jobs, queries
from budayang.center.standard.models import Assessment, Clause, ClauseVerdict

LIMIT_S, LIMIT_AREAS, NIGHT_SHARE, NIGHT_EVERY = 60.0, 1000, 0.1, 20
QUESTIONS = ("machine_on", "test_print", "way_out", "barrier_free", "cameras_online", "extinguisher_pressure")
DAYS = 30


def rounds(now: datetime) -> None:
    """A daily round with answers in each area, each day of the month; one in nine is missed, one answer in forty
    bad.
    """
    top = Place.objects.order_by("path")[0]
    edition = CheckListEdition.objects.create(
        place=top, list_code="daily", name="每日巡查", valid_from=date(2020, 1, 1), questions=[], made_at=now,
        made_by="bench",
    )  # fmt: skip
    areas = list(Area.objects.select_related("place").order_by("pk"))
    first = (now - timedelta(days=DAYS + 5)).date()
    plans = RoundPlan.objects.bulk_create(
        RoundPlan(
            area=one, list_code="daily", name="每日巡查", who="keeper", rhythm="daily", windows=[["08:30", "11:30"]],
            starts_on=first, made_at=now, made_by="bench",
        )
        for one in areas
    )  # fmt: skip
    for back in range(1, DAYS):
        day = (now.astimezone(ZoneInfo("Asia/Shanghai")) - timedelta(days=back)).replace(hour=8, minute=30, second=0)
        made = Round.objects.bulk_create(
            Round(
                plan=plan, area=one, edition=edition, place_path=one.place.path, on=day.date(), opens_at=day,
                closes_at=day + timedelta(hours=3), stops=[], state="missed" if (n + back) % 9 == 0 else "done",
            )
            for n, (plan, one) in enumerate(zip(plans, areas, strict=True))
        )  # fmt: skip
        RoundAnswer.objects.bulk_create(
            (
                RoundAnswer(
                    round=row, client_id=f"{row.pk}-{question}", question=question, value="yes",
                    failed=(row.pk + number) % 40 == 0, answered_at=day, received_at=day, by="bench",
                )
                for row in made
                if row.state == "done"
                for number, question in enumerate(QUESTIONS)
            ),
            batch_size=2000,
        )  # fmt: skip


def build(areas: int, per_area: int) -> None:
    began = time.perf_counter()
    city.PER_AREA = per_area
    city.build(areas * per_area, DAYS)
    now = timezone.now()
    with transaction.atomic():
        rounds(now)
    with transaction.atomic():
        actions.adopt_reference_edition(city.SYSTEM, now=now)
    city.settle()
    print(json.dumps({"built": areas, "s": round(time.perf_counter() - began, 1)}), flush=True)


def places() -> list[Place]:
    return [one.place for one in Area.objects.select_related("place").order_by("pk")]


def compute(first: int, last: int) -> None:
    """One process' share, as long work computes it."""
    now = timezone.now()
    plan, mine = assessing.Plan(queries.current_edition()), places()[first:last]
    for at in range(0, len(mine), actions.AT_ONCE):
        for _made in actions.assessed(mine[at : at + actions.AT_ONCE], queries.month_of(now), now, plan):
            pass


def measure(areas: int, processes: int) -> None:
    share = -(-areas // processes)
    began = time.perf_counter()
    running = [
        subprocess.Popen([sys.executable, __file__, "part", str(one * share), str(min(areas, (one + 1) * share))])
        for one in range(processes)
    ]
    if any(one.wait() for one in running):
        raise SystemExit("a part failed")
    whole_s = time.perf_counter() - began
    clauses, verdicts = Clause.objects.count(), ClauseVerdict.objects.count()
    if verdicts != areas * clauses:
        raise SystemExit(f"{verdicts} verdicts for {areas} areas and {clauses} clauses")
    busy_s = round(cpu_s(resource.RUSAGE_CHILDREN), 2)
    limit_s = LIMIT_S * areas / LIMIT_AREAS
    tell("month", areas, whole_s, limit_s, clauses=clauses, processes=processes, cpu_s=busy_s)
    night(areas, whole_s)
    bare(areas)


def night(areas: int, whole_s: float) -> None:
    """News of one area in twenty, then the due loop until nothing is marked."""
    now = timezone.now()
    Assessment.objects.update(dirty_at=None)
    began = time.perf_counter()
    for one in places()[::NIGHT_EVERY]:
        actions.mark_dirty(one.path, queries.month_of(now), now)
    jobs.keep_fresh(now)
    done = 0
    while made := actions.recompute(now):
        done += made
    tell("night", areas, time.perf_counter() - began, NIGHT_SHARE * whole_s, computed=done)


def bare(areas: int) -> None:
    """The same verdicts written again, nothing read and nothing judged."""
    rows = list(ClauseVerdict.objects.all())
    began = time.perf_counter()
    for at in range(0, len(rows), 150):
        with transaction.atomic():
            assessing.keep(rows[at : at + 150])
    tell("bare: the writing alone", areas, time.perf_counter() - began, None)


def cpu_s(who: int) -> float:
    """Seconds of processor that a process (or its children) has used: what others do on the machine is not in it."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def tell(what: str, areas: int, took_s: float, limit_s: float | None, **more: float) -> None:
    row = {"what": what, "areas": areas, "s": round(took_s, 2), "ms_an_area": round(1000 * took_s / areas, 2), **more}
    if limit_s is not None:
        row |= {"limit_s": round(limit_s, 2), "kept": took_s <= limit_s}
    print(json.dumps(row), flush=True)


def main() -> None:
    what, *numbers = sys.argv[1:]
    {"build": build, "measure": measure, "part": compute}[what](*(int(one) for one in numbers))


if __name__ == "__main__":
    assert Path(__file__).name == "conformity_center.py"
    main()
