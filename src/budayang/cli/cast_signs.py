"""The demonstration's signs: the hall of KBS as its keeper could have drawn it, and plates that hang there."""

from __future__ import annotations

from datetime import datetime

from budayang.center.areas import queries as areas
from budayang.center.platform.actors import Actor
from budayang.center.signage import plan_actions, plate_actions, queries
from budayang.center.terminals import queries as terminals
from budayang.data.demo_plan import demo_drawing, demo_facts

SYSTEM = Actor.system()
AREA = "KBS"


def load(now: datetime) -> None:
    """Once; what people drew since stays."""
    if queries.plans_visible_to(SYSTEM).filter(area__code=AREA).exists():
        return
    machines = list(terminals.in_service().filter(area__code=AREA).select_related("owner").order_by("code"))
    codes = [one.code for one in machines]
    area = areas.get_area(SYSTEM, AREA)
    for kind in ("door_head", "opening_hours"):
        plate_actions.hang(SYSTEM, area, None, kind, now=now)
    for machine in machines:
        plate_actions.hang(SYSTEM, area, machine, "keeper_phone", now=now)
    plan_actions.save_version(SYSTEM, AREA, demo_drawing(codes), base=0, now=now, note="演示数据")
    plan_actions.set_present(SYSTEM, AREA, sorted(demo_facts(now.date()).present), now=now)
