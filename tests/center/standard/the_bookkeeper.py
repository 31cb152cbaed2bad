"""How the books of `the_registers` are kept: each line by the room's own action, at its moment."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from tests.center.hall import SYSTEM
from tests.center.standard.the_registers import NUMBERS, Books, Camera, File, Look, Paper, Stock, Taught, Test, Thing
from tests.center.standard.the_truth import BORN, HOUR, PDF, ZONE, World

from budayang.center.areas.models import Area
from budayang.center.maintenance import (
    asset_acceptance,
    asset_actions,
    book_actions,
    due_things,
    emergency_actions,
    safety_actions,
)
from budayang.center.maintenance import models as kept
from budayang.center.platform.actors import Actor
from budayang.center.standard import given_actions
from budayang.center.standard.models import Clause
from budayang.center.terminals import models as stocked
from budayang.center.terminals import stock_actions
from budayang.rules.assets import check_items
from budayang.rules.standard.parts import Kind

KINDS = {"PJ-24": Kind.EXTERNAL}


class Bookkeeper:
    """Whoever keeps the books of one area."""

    def __init__(self, world: World, area: Area, keeper: Actor) -> None:
        self.world, self.area, self.keeper = world, area, keeper

    def keeps(self, books: Books) -> None:
        """Put down all that happens."""
        at = self.world.at
        for test in books.tests:
            at(test.began, lambda now, one=test: self.begins(one, now))
            at(test.ended, lambda now, one=test: self.ends(one, now))
        for camera in books.cameras:
            at(BORN + HOUR, lambda now, one=camera: self.hangs(one, now))
            for look in camera.looks:
                at(look.at, lambda now, one=camera, seen=look: self.looks(one, seen, now))
            if camera.retired is not None:
                at(camera.retired, lambda now, one=camera: self.takes_down(one, now))
        for thing in books.things:
            for when, _on in thing.days:
                at(when, lambda now, one=thing: self.writes_day(one, now))
            if thing.retired is not None:
                at(thing.retired, lambda now, one=thing: self.throws_away(one, now))
        for ended in books.drills:
            at(ended - HOUR, lambda now: self.drills(now))
        for taught in books.taught:
            at(taught.written, lambda now, one=taught: self.teaches(one, now))
        for file in books.files:
            at(file.at, lambda now, one=file: self.files(one, now))
        for stock in books.stocks:
            self.stores(stock)
        for paper in books.papers:
            on = datetime.combine(paper.on, time(12), ZONE).astimezone(BORN.tzinfo)
            at(max(on, BORN + HOUR), lambda now, one=paper: self.gives(one, now))

    def begins(self, one: Test, now: datetime) -> None:
        safety_actions.start_test(self.keeper, self.area, one.kind, now=now)

    def ends(self, one: Test, now: datetime) -> None:
        row = kept.SafetyTest.objects.select_related("area__place").get(
            area=self.area, kind=one.kind, ended_at__isnull=True
        )
        safety_actions.end_test(self.keeper, row, answered=one.seconds is not None, now=now)

    def hangs(self, one: Camera, now: datetime) -> None:
        row = kept.Camera(area=self.area)
        safety_actions.keep_camera(self.keeper, row, name=one.name, covers="门", recorder="录像机", keep_d=30, now=now)

    def _camera(self, one: Camera) -> kept.Camera:
        return kept.Camera.objects.select_related("area__place").get(area=self.area, name=one.name)

    def looks(self, one: Camera, seen: Look, now: datetime) -> None:
        today = now.astimezone(ZONE).date()
        earliest = None if seen.days is None else today - timedelta(days=seen.days)
        safety_actions.check_camera(self.keeper, self._camera(one), online=seen.online, earliest_on=earliest, now=now)

    def takes_down(self, one: Camera, now: datetime) -> None:
        safety_actions.retire_camera(self.keeper, self._camera(one), now=now)

    def writes_day(self, one: Thing, now: datetime) -> None:
        rows = kept.DueThing.objects.select_related("area__place").filter(area=self.area, kind=one.kind, name=one.name)
        row = rows.first() or kept.DueThing(area=self.area)
        on = next(on for when, on in one.days if when == now)
        due_things.keep_thing(self.keeper, row, kind=one.kind, name=one.name, due_on=on, now=now)

    def throws_away(self, one: Thing, now: datetime) -> None:
        row = kept.DueThing.objects.select_related("area__place").get(area=self.area, kind=one.kind, name=one.name)
        due_things.retire_thing(self.keeper, row, now=now)

    def drills(self, now: datetime) -> None:
        run = emergency_actions.plan_drill(self.keeper, self.area, "trapped", on=now.astimezone(ZONE).date(), now=now)
        emergency_actions.start_drill(self.keeper, run, now=now)
        emergency_actions.end(self.keeper, run, now=now + HOUR, note="演练完")

    def teaches(self, one: Taught, now: datetime) -> None:
        told: dict[str, Any] = {
            "at": one.at, "kind": one.kind, "subject": "灭火器", "minutes": 60, "teacher": "测试", "people": "测试",
            "present": 3, "result": "", "now": now,
        }  # fmt: skip
        row = book_actions.write_training(self.keeper, self.area, **told)
        if one.again:
            book_actions.write_training(self.keeper, self.area, **told | {"present": 4}, corrects=row, why="写错")

    def files(self, one: File, now: datetime) -> None:
        today = now.astimezone(ZONE).date()
        facts = asset_actions.Facts(
            name=one.terminal, owner=self.world.hall.bodies[one.owner], make="M1" if one.whole else "",
            bought_on=today - timedelta(days=30) if one.accepted is None else min(today, one.accepted),
        )  # fmt: skip
        asset_actions.register(
            self.keeper, code=f"ZC-{one.terminal}", kind="terminal", facts=facts, now=now,
            place=asset_actions.Place(self.area.code, one.terminal),
        )  # fmt: skip
        if one.accepted is not None:
            self.accepts(one, now)

    def accepts(self, one: File, now: datetime) -> None:
        assert one.accepted is not None
        asset = kept.Asset.objects.select_related("area__place").get(code=f"ZC-{one.terminal}")
        items = check_items("terminal")
        answers = {item.code: "yes" for item in items}
        notes = {}
        if not one.passed:
            answers["looks"], notes["looks"] = "no", "外壳有裂纹"
        asset_acceptance.accept(
            self.keeper, asset, accepted_on=one.accepted, passed=one.passed, answers=answers, notes=notes,
            people="测试甲、供应商", note="", files=(), now=now,
        )  # fmt: skip

    def stores(self, one: Stock) -> None:
        at, body = self.world.at, self.world.hall.bodies[one.owner]

        def comes(amount: int, now: datetime) -> stocked.StockMovement:
            return stock_actions.receive(
                self.keeper, organization=body, area=self.area.code, consumable="a4", amount=amount, now=now
            )

        def counts(less: bool, now: datetime) -> None:
            row = stocked.Stock.objects.select_related("area__place").get(organization=body, area=self.area)
            stock_actions.adjust(self.keeper, row, counted=row.balance - less, why="少一包" if less else "", now=now)

        at(one.came, lambda now: comes(50, now) and None)
        for when, less in one.counted:
            at(when, lambda now, gone=less: counts(gone, now))
        if one.mistyped is not None:
            at(one.mistyped, lambda now: stock_actions.correct(
                self.keeper, comes(5, now), why="多记了", now=now + HOUR) and None)  # fmt: skip

    def gives(self, one: Paper, now: datetime) -> None:
        clause = Clause.objects.get(code=one.clause)
        if one.what == "document":
            given_actions.give_document(
                SYSTEM, self.area.place, clause, title="文件", on=one.on, until_on=None, name="a.pdf", content=PDF,
                now=now,
            )  # fmt: skip
            return
        name, enough, less = NUMBERS[one.clause]
        given_actions.give_numbers(
            SYSTEM, self.area.place, clause, KINDS.get(one.clause, Kind.MEASUREMENT),
            values={name: enough if one.good else less}, on=one.on, source="试验", now=now,
        )  # fmt: skip
