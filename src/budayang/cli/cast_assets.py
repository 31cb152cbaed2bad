"""The demonstration's assets and registers: the machines of one area with their printers, what stands beside them,
and an entry in each register, so that the ledgers have something to tell. All of it is invented.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from budayang.center.areas import queries as areas
from budayang.center.maintenance import asset_acceptance, asset_actions, asset_queries, book_actions, lost_actions
from budayang.center.maintenance.asset_actions import Facts, Place
from budayang.center.platform import queries
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization
from budayang.center.terminals import queries as terminals
from budayang.rules.assets import check_items

SYSTEM = Actor.system()
AREA = "KBS"
BOUGHT_D, WARRANTY_D, LIFE_D = 400, 695, 1900
"""Days before and after now: no day of these falls due while a demonstration runs."""
BESIDE = (
    ("ups", "UPS 电源", "弱电间"),
    ("extinguisher", "4 公斤干粉灭火器", "入口左侧"),
    ("camera", "门厅摄像机", "门厅"),
    ("furniture", "等候椅", "等候区"),
)
"""(kind, name, spot) of what stands beside the machines."""


def load(now: datetime) -> None:
    """Once; what people changed since stays."""
    area = areas.visible_to(SYSTEM).filter(code=AREA).first()
    if area is None or area.manager is None or asset_queries.assets_visible_to(SYSTEM).exists():
        return
    with transaction.atomic():
        machines = terminals.visible_to(SYSTEM).filter(area__code=AREA).select_related("owner").order_by("code")
        for machine in machines:
            _one(f"ZC-{machine.code}", "terminal", machine.name, Place(AREA, machine.code), machine.owner, now)
            printer = Place(AREA, machine.code, "printer")
            _one(f"ZC-{machine.code}-P", "component", "凭条打印机", printer, machine.owner, now)
        for number, (kind, name, spot) in enumerate(BESIDE, start=1):
            _one(f"ZC-{AREA}-Q{number}", kind, name, Place(AREA, spot=spot), area.manager, now)
        _registers(area, now)


def _one(code: str, kind: str, name: str, place: Place, owner: Organization, now: datetime) -> None:
    today = now.astimezone(ZoneInfo(queries.get_place(f"A-{AREA}").zone)).date()
    bought = today - timedelta(days=BOUGHT_D)
    facts = Facts(
        name=name, owner=owner, supplier="示例供应商", make="示例型号", serial=f"SN-{code}", bought_on=bought,
        warranty_until=today + timedelta(days=WARRANTY_D), life_until=today + timedelta(days=LIFE_D),
    )  # fmt: skip
    asset = asset_actions.register(SYSTEM, code=code, kind=kind, place=place, facts=facts, now=now)
    asset_acceptance.accept(
        SYSTEM, asset, accepted_on=bought + timedelta(days=3), passed=True, notes={}, people="演示：归属单位、供应商",
        answers={one.code: "yes" for one in check_items(kind)}, note="", files=(), now=now,
    )  # fmt: skip


def _registers(area: object, now: datetime) -> None:
    before = now - timedelta(days=1)
    book_actions.write_duty(SYSTEM, area, at=before, kind="routine", text="演示：设备、门禁、照明正常。", now=now)
    book_actions.write_training(
        SYSTEM, area, at=before, kind="fire", subject="演示：灭火器使用", minutes=40, teacher="演示讲师",
        people="演示：管理员、保洁员", present=2, result="都会用", now=now,
    )  # fmt: skip
    lost_actions.register(
        SYSTEM, area, kind="thing", what="演示：黑色雨伞", found_at=before, found_where="2 号机旁", found_by="保洁员",
        kept_where="值班室 3 号柜", kept_by="自助区管理员", owner="", now=now,
    )  # fmt: skip
    book_actions.write_viewing(
        SYSTEM, area, at=before, camera="演示：门厅摄像机", from_at=before - timedelta(hours=2),
        to_at=before - timedelta(hours=1), authority="inside", paper="", approved_by="演示主管", unit="本单位",
        viewer="演示甲", document="", purpose="查找遗失的雨伞", result="看到放在 2 号机旁", copied=False, now=now,
    )  # fmt: skip
