"""A code on a card, where no reader is or no card can be read: what the person sees whatever the center says."""

from __future__ import annotations

from pathlib import Path

import pytest
from terminal_stage import CARD, Center, Stage, play, stage

from budayang.terminal.outbox import CaseRowState

FORM = {"insurance": "all", "months": "12"}


async def at_the_code(s: Stage) -> None:
    assert (await s.post("choose", {"item": "ZZ001"}))["ok"]
    await s.post("agree")
    await s.state("identity")


async def type_code(s: Stage, code: str) -> str:
    """Type a code that leads nowhere; give what the person reads."""
    await s.post("card_code", {"code": code})
    await s.until(lambda: s.view()["error"])
    return str(s.view()["error"])


def test_the_holder_is_shown_masked_and_travels_as_the_code(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path, reader=False) as s:
            await at_the_code(s)
            page = (await s.browser.get("/")).text
            assert "请输入卡上的码" in page
            assert "读卡器" not in page
            await s.post("card_code", {"code": "yst y586-vc4k4"})
            view = await s.state("fill")
            assert (view["person"]["name_masked"], view["person"]["label"]) == ("测**", "演示身份卡")
            await s.post("filled", FORM)
            await s.post("submit")
            await s.state("take")
            ((_, private),) = s.center.cases.values()
            assert (private["name"], private["id_kind"]) == ("", "card_code")

    play(scene)


def test_three_wrong_codes_lead_back(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path, reader=False, center=Center(unknown_codes={"WRONG-1"})) as s:
            await at_the_code(s)
            assert "两次" in await type_code(s, "wrong-1")
            assert (await s.post("card_code", {"code": "?"}))["error"], "no code at all is no try"
            assert "一次" in await type_code(s, "wrong-1")
            assert "没有核对上" in (await s.browser.get("/")).text
            assert "三次" in await type_code(s, "wrong-1")
            assert s.view()["state"] == "choose"
            assert "三次" in (await s.browser.get("/")).text

    play(scene)


@pytest.mark.parametrize(
    ("refused", "words"), [("identity_unavailable", "现在核对不了"), ("too_many_codes", "过十分钟才能再输")]
)
def test_nobody_goes_on_by_a_code_that_was_not_checked(tmp_path: Path, refused: str, words: str) -> None:
    async def scene() -> None:
        async with stage(tmp_path, center=Center(codes_refused=refused)) as s:
            await at_the_code(s)
            for _again in range(4):
                assert words in await type_code(s, "YSTY586VC4K4")
            assert s.view()["state"] == "identity"
            assert s.reader is not None
            s.reader.lay(CARD)
            view = await s.state("fill")
            assert view["person"]["kind"] == "id_card"

    play(scene)


def test_a_code_is_not_taken_on_trust_while_the_line_is_down(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path, reader=False) as s:
            await at_the_code(s)
            s.center.down = True
            assert "什么都没有提交" in await type_code(s, "YSTY586VC4K4")
            assert s.view()["state"] == "identity"

    play(scene)


def test_a_case_that_the_center_could_not_check_is_not_sent_behind_the_persons_back(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path, reader=False) as s:
            await at_the_code(s)
            await s.post("card_code", {"code": "YSTY586VC4K4"})
            await s.state("fill")
            await s.post("filled", FORM)
            s.center.refuse_case = "identity_unavailable"
            await s.post("submit")
            view = await s.state("outcome")
            assert "没有提交" in view["outcome"]["text"]
            assert view["outcome"]["again"]
            number = s.terminal.attendant.journey.number
            stored = s.terminal.outbox.find_case(number)
            assert stored is not None
            assert stored.state is CaseRowState.REFUSED
            assert not s.terminal.outbox.unsent_cases()
            s.center.refuse_case = ""
            await s.post("again")
            await s.state("confirm")
            await s.post("submit")
            await s.state("take")
            assert list(s.center.cases) != [number]
            assert len(s.center.cases) == 1

    play(scene)
