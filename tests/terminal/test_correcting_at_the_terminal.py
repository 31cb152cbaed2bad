"""补正 at the terminal: by number and code, the card of the case, the sheets and answers that were asked for, once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
from journey_center import HandCamera, JourneyCenter
from terminal_stage import CARD, Center, Stage, good, play, refusal, stage

from budayang.terminal.devices.idreader.card import Card
from budayang.wire import journeys, paying
from budayang.wire import messages as wire
from budayang.wire.sealing import identity_info, open_text

CASE, CODE = "KBS01-7F3A-000017-C", "7KQ2M-9XD7K-Q2M9X-D7KQ2"
OTHER = Card("resident", "测试乙", "999999198505050026", "2", None)
PROGRESS = paying.Progress(
    number=CASE, item="行政复议申请提交", department="司法", state="correction", word="待补正", law="补齐以前不受理",
    missing=["决定书", "对方的全称"], missing_until="2026-12-03", may_correct=True,
)  # fmt: skip
SCHEMA: dict[str, Any] = {
    "title": "补正", "type": "object", "required": ["other_party"], "additionalProperties": False,
    "properties": {"other_party": {"title": "对方是谁", "type": "string", "minLength": 2, "description": "对方的全称"}},
    "x-materials": [{"kind": "c1", "title": "决定书", "most": 9, "required": True}], "x-pages": "each",
}  # fmt: skip


@dataclass
class Clerk(JourneyCenter):
    """A center with a case in correction. `told`: what it lets be handed in; `mine`: whose card opens it."""

    mine: str = CARD.id_number
    refuse_open: str = ""
    schema: dict[str, Any] = field(default_factory=lambda: SCHEMA)
    opened: int = 0
    after: str = "handed_in"

    async def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if not self.down and path.endswith("/cases/progress"):
            asked = msgspec.json.decode(request.content, type=paying.ProgressAsk)
            return good(PROGRESS) if (asked.number, asked.code) == (CASE, CODE) else refusal("unknown_code", 404)
        if not self.down and path.endswith("/cases/correction"):
            return self._correction(msgspec.json.decode(request.content, type=journeys.CorrectionAsk))
        return await super().handle(request)

    def _correction(self, asked: journeys.CorrectionAsk) -> httpx.Response:
        identity = msgspec.json.decode(open_text(self.seal, asked.sealed, identity_info("KBS-01")))
        if self.refuse_open:
            return refusal(self.refuse_open, 409)
        if identity["id_number"] != self.mine:
            return refusal("not_yours", 403)
        self.opened += 1
        self.grants.setdefault(CASE, set()).add(asked.reply_key)
        return good(
            journeys.CorrectionTold(
                number=CASE, item="ZZ137", item_name="行政复议申请提交", department="司法",
                items=["决定书", "对方的全称"], asked_at_ms=1_764_120_000_000, until="2026-12-03", schema=self.schema,
            )
        )  # fmt: skip

    def _wait(self, number: str, asked: wire.CaseWait) -> httpx.Response:
        self.case_state = self.after
        self.paper = None
        return super()._wait(number, asked)


async def at_the_list(s: Stage, card: Card = CARD) -> None:
    await s.post("start")
    await s.post("progress")
    await s.post("ask_progress", {"number": CASE, "code": CODE})
    await s.until(lambda: s.view()["progress"]["found"])
    assert "现在补正" in (await s.browser.get("/")).text
    assert (await s.post("correct"))["ok"]
    assert s.view()["state"] == "consent"
    assert "行政复议申请提交" in (await s.browser.get("/")).text
    assert (await s.post("agree"))["ok"]
    assert s.reader is not None
    s.reader.lay(card)


async def hand_in(s: Stage) -> None:
    assert (await s.post("begin_correction"))["ok"]
    assert s.view()["state"] == "fill"
    assert (await s.post("filled", {"other_party": "演示建筑有限公司"}))["ok"]
    view = await s.state("sheets")
    assert view["sheets"]["title"] == "决定书"
    assert not (await s.post("sheets_next"))["ok"], "what was asked for is not left out"
    assert (await s.post("shoot"))["ok"]
    await s.until(lambda: s.view()["sheets"]["list"])
    assert (await s.post("sheets_next"))["ok"]
    view = await s.state("confirm")
    assert view["given"] == [{"kind": "c1", "title": "决定书", "count": 1}]
    assert "送出后不能再补第二次" in view["truth"]
    await s.post("submit")


def with_camera(s: Stage) -> None:
    s.terminal.attendant.sheets.camera = HandCamera()


def test_what_was_asked_is_handed_in_once_with_the_card_of_the_case(tmp_path: Path) -> None:
    async def scene() -> None:
        clerk = Clerk()
        async with stage(tmp_path, center=clerk) as s:
            with_camera(s)
            await at_the_list(s)
            view = await s.state("correct")
            assert (view["correct"]["items"], view["correct"]["until"]) == (["决定书", "对方的全称"], "2026年12月3日")
            page = (await s.browser.get("/")).text
            assert "请在2026年12月3日前补齐" in page
            assert "测试甲" not in page
            await hand_in(s)
            view = await s.state("take")
            (number,) = clerk.cases
            submit, private = clerk.cases[number]
            assert number != CASE
            assert (submit.item, private["corrects"]) == ("ZZ137", CASE)
            assert private["form"] == {"other_party": "演示建筑有限公司"}
            assert [(at, head.kind, head.name) for at, (head, _c) in clerk.sheets.items()] == [
                ((number, 0), "c1", "决定书")
            ]
            assert view["take"]["number"] == CASE, "on the screen it is the person's case"
            assert view["take"]["matter"] == "receipt"
            await s.post("taken")
            await s.state("rate")
            await s.post("skip")
            await s.state("clear")
            assert s.terminal.attendant.journey.correction is None
            assert s.terminal.attendant.schema() == {}

    play(scene)


def test_another_card_opens_nothing_and_the_right_one_still_does(tmp_path: Path) -> None:
    async def scene() -> None:
        clerk = Clerk()
        async with stage(tmp_path, center=clerk) as s:
            await at_the_list(s, OTHER)
            await s.until(lambda: "不是这件办件" in s.view()["error"])
            assert (s.view()["state"], clerk.opened) == ("identity", 0)
            assert "测试乙" not in (await s.browser.get("/")).text
            await s.until(lambda: s.reader is not None and s.reader.waiting)
            assert s.reader is not None
            s.reader.lay(CARD)
            await s.state("correct")

    play(scene)


def test_the_day_that_passed_and_a_lost_line_are_told(tmp_path: Path) -> None:
    async def scene() -> None:
        clerk = Clerk(refuse_open="correction_late")
        async with stage(tmp_path, center=clerk) as s:
            await at_the_list(s)
            await s.until(lambda: "期限已经过了" in s.view()["error"])
            clerk.down = True
            await s.until(lambda: s.reader is not None and s.reader.waiting)
            assert s.reader is not None
            s.reader.lay(CARD)
            await s.until(lambda: "网络不通" in s.view()["error"])
            assert not clerk.cases

    play(scene)


def test_sheets_alone_need_no_questions_and_the_way_back_leads_to_the_list(tmp_path: Path) -> None:
    async def scene() -> None:
        plain = {**SCHEMA, "properties": {}, "required": []}
        plain.pop("x-pages")
        async with stage(tmp_path, center=Clerk(schema=plain)) as s:
            await at_the_list(s)
            await s.state("correct")
            await s.post("begin_correction")
            await s.state("sheets")
            await s.post("sheets_back")
            await s.state("correct")

    play(scene)


def test_a_department_that_does_not_say_leaves_it_to_a_person(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path, center=Clerk(after="correction")) as s:
            with_camera(s)
            await at_the_list(s)
            await s.state("correct")
            await hand_in(s)
            view = await s.state("outcome")
            assert (view["outcome"]["kind"], view["outcome"]["again"]) == ("review", False)
            assert "不用再交一次" in view["outcome"]["text"]

    play(scene)


def test_a_card_that_lay_there_before_opens_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path, center=Clerk()) as s:
            began = s.terminal.clock.monotonic()
            await at_the_list(s)
            await s.state("correct")
            assert s.terminal.attendant.journey.started_s >= began

    play(scene)


def test_nothing_is_to_be_corrected_where_the_progress_does_not_say_so(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path, center=Center()) as s:
            await s.post("start")
            await s.post("progress")
            assert not (await s.post("correct"))["ok"]
            assert s.view()["state"] == "progress"

    play(scene)
