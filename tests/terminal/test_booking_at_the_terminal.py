"""A time is booked at the terminal: asked fresh, chosen by touch, taken once; what went meanwhile is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from terminal_stage import AVAILABILITY, CATALOGUE, Center, Stage, good, play, stage

from budayang import data
from budayang.terminal import booking
from budayang.wire import journeys

NOTARY = {
    "code": "ZZ132", "name": "公证业务预约办理", "department": "RS", "department_name": "司法", "needs": ["printer"],
    "after_hours": "全时可办", "calendar": "RS", "schema": data.form("ZZ132"),
}  # fmt: skip
PLACE = "演示市公证处一楼"


def slot(name: str, left: int = 2) -> journeys.Slot:
    day, hour = name.split()
    end = f"{day}T{hour[:2]}:50:00+08:00"
    return journeys.Slot(id=name, start=f"{day}T{hour}:00+08:00", end=end, left=left, place=PLACE)


@dataclass
class Notary(Center):
    """A center whose department lets people book. `silent`: it cannot be asked; `full`: it refuses these slots."""

    slots: list[journeys.Slot] = field(
        default_factory=lambda: [slot("2026-11-25 09:00"), slot("2026-11-25 10:00"), slot("2026-11-26 09:00")]
    )
    silent: bool = False
    full: set[str] = field(default_factory=set)
    asked: int = 0

    async def handle(self, request: httpx.Request) -> httpx.Response:
        if not self.down and request.url.path == "/wire/v1/cases/slots":
            self.asked += 1
            assert msgspec.json.decode(request.content, type=journeys.SlotsAsk).item == "ZZ132"
            state = "silent" if self.silent else "known"
            return good(journeys.SlotsTold(state=state, slots=[] if self.silent else self.slots))
        return await super().handle(request)

    def _wait(self, number: str, asked: Any) -> httpx.Response:
        chosen = self.cases[number][1]["form"]["slot"]
        self.case_state = "failed" if chosen in self.full else "done"
        return super()._wait(number, asked)

    def fill(self, name: str) -> None:
        """Somebody else took the last places."""
        self.full.add(name)
        self.slots = [slot(one.id, 0 if one.id in self.full else one.left) for one in self.slots]


def center(**more: Any) -> Notary:
    built = Notary(**more)
    built.send("catalogue", {**CATALOGUE, "items": [*CATALOGUE["items"], NOTARY]})
    built.send("availability", AVAILABILITY)
    return built


async def at_the_times(s: Stage, phase: str = "known") -> dict[str, Any]:
    await s.post("start")
    await s.identified("ZZ132")
    await s.state("fill")
    await s.until(lambda: (s.view()["slots"] or {}).get("phase") == phase)
    found: dict[str, Any] = s.view()["slots"]
    return found


async def to_the_summary(s: Stage) -> dict[str, Any]:
    chosen = s.view()["slots"]["slot"]
    assert (await s.post("filled", {"slot": chosen}))["ok"]
    assert (await s.post("filled", {"subject": "will"}))["ok"]
    assert (await s.post("filled", {"phone": "13800000000"}))["ok"]
    return await s.state("confirm")


def test_a_day_then_an_hour_and_the_time_is_booked_once(tmp_path: Path) -> None:
    async def scene() -> None:
        built = center()
        async with stage(tmp_path, center=built) as s:
            shown = await at_the_times(s)
            assert [(one["key"], one["free"], one["shown"]) for one in shown["days"]] == [
                ("2026-11-25", 2, True),
                ("2026-11-26", 1, False),
            ]
            assert [(one["word"], one["left"]) for one in shown["times"]] == [("上午9:00", 2), ("上午10:00", 2)]
            assert (await s.post("slot_day", {"day": "2026-11-26"}))["ok"]
            assert (await s.post("slot", {"slot": "2026-11-26 09:00"}))["ok"]
            page = (await s.browser.get("/")).text
            assert "2026年11月26日（星期四）上午9:00至9:50" in page
            assert PLACE in page
            view = await to_the_summary(s)
            assert view["answers"][0]["value"] == "2026年11月26日（星期四）上午9:00至9:50"
            await s.post("submit")
            await s.state("take")
            (case,) = built.cases.values()
            assert case[1]["form"] == {"slot": "2026-11-26 09:00", "subject": "will", "phone": "13800000000"}

    play(scene)


def test_nobody_goes_on_without_a_time(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path, center=center()) as s:
            await at_the_times(s)
            refused = await s.post("filled", {"slot": ""})
            assert (refused["ok"], refused["error"]) == (False, "请选择“预约时间”")
            assert not (await s.post("filled", {"slot": "2030-01-01 09:00"}))["ok"], "a time that was never told"
            assert not (await s.post("slot", {"slot": "2030-01-01 09:00"}))["ok"]
            assert s.view()["state"] == "fill"

    play(scene)


def test_a_department_that_cannot_be_asked_is_not_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(booking, "AGAIN_S", 0.3)

    async def scene() -> None:
        built = center(silent=True)
        async with stage(tmp_path, center=built) as s:
            shown = await at_the_times(s, "silent")
            assert shown["days"] == []
            assert "现在问不到部门还有哪些时间" in (await s.browser.get("/")).text
            built.silent = False
            await s.until(lambda: s.view()["slots"]["phase"] == "known")
            assert built.asked >= 2

    play(scene)


def test_a_department_without_a_free_time_says_so(tmp_path: Path) -> None:
    async def scene() -> None:
        built = center(slots=[slot("2026-11-25 09:00", 0)])
        async with stage(tmp_path, center=built) as s:
            await at_the_times(s, "none")
            assert "都约满了" in (await s.browser.get("/")).text
            asked = built.asked
            assert (await s.post("slots_again"))["ok"]
            await s.until(lambda: built.asked > asked)

    play(scene)


def test_a_time_that_went_while_it_was_looked_at_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(booking, "FRESH_S", 0.3)

    async def scene() -> None:
        built = center()
        async with stage(tmp_path, center=built) as s:
            await at_the_times(s)
            assert (await s.post("slot", {"slot": "2026-11-25 09:00"}))["ok"]
            built.fill("2026-11-25 09:00")
            await s.until(lambda: s.view()["slots"]["lost"])
            shown = s.view()["slots"]
            assert (shown["slot"], shown["gone"]) == ("", "2026年11月25日（星期三）上午9:00至9:50")
            assert "没有约上，也没有收费" in (await s.browser.get("/")).text
            assert (await s.post("slot", {"slot": "2026-11-25 10:00"}))["ok"]
            assert not s.view()["slots"]["lost"]

    play(scene)


def test_a_time_that_went_before_it_was_handed_in_leads_back_to_what_is_left(tmp_path: Path) -> None:
    async def scene() -> None:
        built = center()
        async with stage(tmp_path, center=built) as s:
            await at_the_times(s)
            assert (await s.post("slot", {"slot": "2026-11-25 09:00"}))["ok"]
            await to_the_summary(s)
            built.fill("2026-11-25 09:00")
            await s.post("submit")
            await s.until(lambda: len(built.cases) == 1)
            view = await s.state("fill")
            assert view["slots"]["lost"]
            assert [one["left"] for one in view["slots"]["times"]] == [0, 2]
            assert "刚刚约满" in (await s.browser.get("/")).text
            assert (await s.post("slot", {"slot": "2026-11-25 10:00"}))["ok"]
            assert (await s.post("filled", {"slot": "2026-11-25 10:00"}))["ok"]
            view = await s.state("confirm")
            await s.post("submit")
            await s.state("take")
            forms = [private["form"]["slot"] for _asked, private in built.cases.values()]
            assert forms == ["2026-11-25 09:00", "2026-11-25 10:00"], "a new number for the new time"

    play(scene)


def test_another_refusal_is_no_lost_time(tmp_path: Path) -> None:
    async def scene() -> None:
        built = center(full={"2026-11-25 09:00"})  # the department refuses, and its list still has the time
        async with stage(tmp_path, center=built) as s:
            await at_the_times(s)
            assert (await s.post("slot", {"slot": "2026-11-25 09:00"}))["ok"]
            await to_the_summary(s)
            await s.post("submit")
            view = await s.state("outcome")
            assert view["outcome"]["kind"] == "refused"

    play(scene)
