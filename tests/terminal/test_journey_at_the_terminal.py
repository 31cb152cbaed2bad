"""The journey from the touch to the cleared screen, through its own HTTP, with a center that checks every key."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from terminal_stage import (
    AVAILABILITY,
    CARD,
    CATALOGUE,
    NIGHT,
    PDF,
    RECEIPT,
    Center,
    HandPrinter,
    Stage,
    play,
    stage,
)

from budayang.terminal.submitting import RESULT_S
from budayang.uplink.clock import ManualClock
from budayang.wire.numbers import make_number

FORM = {"insurance": "all", "months": "12", "purpose": "loan"}


def test_a_matter_from_the_touch_to_the_cleared_screen(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.post("start")
            await s.identified()
            view = await s.state("fill")
            assert view["person"]["id_masked"] == "9999**********0012"
            assert "测试甲" not in str(view)
            assert (await s.post("filled", FORM))["ok"], s.view()["errors"]
            view = await s.state("confirm")
            assert view["has_form"]
            assert view["rows"]
            await s.post("submit")
            view = await s.state("take")
            assert view["result"]["rows"] == [["缴费月数", "86"]]
            assert view["result"]["head"]["seq"] == 7
            assert [document for _, document in s.printer.documents] == [PDF, RECEIPT]
            await s.post("taken")
            await s.state("rate")
            await s.post("rated", {"level": "very_satisfied"})
            view = await s.state("clear")
            assert view["person"] is None
            await s.until(lambda: s.center.bodies("session"))
            (number,) = s.center.cases
            assert s.center.cases[number][1] == {
                "name": "测试甲", "id_number": CARD.id_number, "id_kind": "resident", "form": FORM,
            }  # fmt: skip
            assert [b["state"] for b in s.center.bodies("case.paper")] == ["entitled", "sent", "confirmed", "taken"]
            assert s.center.bodies("rating.shown") == [{"number": number}]
            assert s.center.bodies("rating") == [
                {"number": number, "level": "very_satisfied", "reasons": [], "texts": "参照版-1"}
            ]
            (session,) = s.center.bodies("session")
            assert (session["end"], session["step"], session["item"]) == ("done", "rate", "ZZ001")
            assert session["steps"]["clear"] == 1

    play(scene)


def test_the_form_says_the_repair_and_keeps_what_was_typed(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.identified()
            await s.state("fill")
            answer = await s.post("filled", {**FORM, "months": "13"})
            assert not answer["ok"]
            view = await s.state("fill")
            assert set(view["errors"]) == {"months"}
            assert view["values"]["insurance"] == "all"

    play(scene)


def test_an_item_without_questions_goes_straight_to_confirm(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path, clock=ManualClock(NIGHT.replace(hour=2))) as s:
            await s.identified("ZZ031")
            view = await s.state("confirm")
            assert not view["has_form"]

    play(scene)


async def nothing_was_asked(s: Stage) -> None:
    """The journey is over, told, and no rating page ever stood there."""
    await s.state("clear")
    await s.until(lambda: s.center.bodies("session"))
    assert s.center.bodies("rating.shown") == []
    assert s.center.bodies("rating") == []
    assert s.center.bodies("session")[0]["end"] == "done"


@pytest.mark.parametrize(
    ("state", "kind"),
    [("working", "later"), ("review", "review"), ("lost", "review"), ("handed_in", "handed_in"), ("failed", "refused")],
)
def test_only_what_has_ended_is_asked_about(tmp_path: Path, state: str, kind: str) -> None:
    clock = ManualClock(NIGHT)

    async def scene() -> None:
        async with stage(tmp_path, clock=clock) as s:
            s.center.case_state, s.center.paper = "working" if state == "lost" else state, None
            await s.identified()
            await s.post("filled", FORM)
            await s.post("submit")
            await s.until(lambda: s.center.cases)
            if state == "lost":
                s.center.grants.clear()
            elif state == "working":
                clock.advance(RESULT_S)
            if state == "handed_in":
                await s.state("take")
                await s.post("taken")
            else:
                view = await s.state("outcome")
                assert view["outcome"]["kind"] == kind
                await s.post("finish")
            if state in ("handed_in", "failed"):
                await s.state("rate")
                await s.until(lambda: s.center.bodies("rating.shown"))
            else:
                await nothing_was_asked(s)

    play(scene)


def test_without_network_nothing_is_asked(tmp_path: Path) -> None:
    clock = ManualClock(NIGHT.replace(hour=2))

    async def scene() -> None:
        async with stage(tmp_path, clock=clock) as s:
            await s.identified("ZZ130")
            await s.state("confirm")
            s.center.down = True
            await s.post("submit")
            await s.until(lambda: s.terminal.outbox.unsent_cases())
            clock.advance(60)
            await s.state("outcome")
            await s.post("finish")
            s.center.down = False
            await nothing_was_asked(s)

    play(scene)


@pytest.mark.parametrize("end", ["exit", "idle", "skip"])
def test_leaving_the_rating_page_is_no_rating(tmp_path: Path, end: str) -> None:
    clock = ManualClock(NIGHT)

    async def scene() -> None:
        async with stage(tmp_path, clock=clock) as s:
            await s.identified()
            await s.post("filled", FORM)
            await s.post("submit")
            await s.state("take")
            await s.post("taken")
            await s.state("rate")
            if end == "idle":
                _warn_at, end_at = s.terminal.attendant.limits() or (0.0, 0.0)
                clock.advance(end_at)
            else:
                await s.post(end)
            await s.state("clear")
            await s.until(lambda: s.center.bodies("session"))
            assert len(s.center.bodies("rating.shown")) == 1
            assert s.center.bodies("rating") == []

    play(scene)


def test_a_matter_that_was_asked_about_is_not_asked_about_again(tmp_path: Path) -> None:
    """The person left without the paper and rated; the next day the paper is printed."""
    number = make_number("YJHL-01", "0123456789abcdef", 17)
    paper = {
        "number": number,
        "item": "ZZ001",
        "item_name": "参保证明",
        "at": NIGHT.isoformat(),
        "paper_state": "failed",
    }

    async def scene() -> None:
        async with stage(tmp_path, center=Center(papers=[paper], asked_about={number})) as s:
            await s.identified()
            await s.state("resume")
            await s.post("reprint", {"number": number})
            await s.state("take")
            await s.post("taken")
            await nothing_was_asked(s)
            (session,) = s.center.bodies("session")
            assert session["step"] == "take"

    play(scene)


def test_a_case_that_ends_another_day_is_asked_about_then(tmp_path: Path) -> None:
    number = make_number("YJHL-01", "0123456789abcdef", 18)
    case = {
        "number": number,
        "item": "ZZ001",
        "item_name": "参保证明",
        "at": NIGHT.isoformat(),
        "paper_state": "under_way",
    }

    async def scene() -> None:
        async with stage(tmp_path, center=Center(papers=[case])) as s:
            await s.identified()
            await s.state("resume")
            await s.post("reprint", {"number": number})
            await s.state("take")
            await s.post("taken")
            await s.state("rate")
            await s.until(lambda: s.center.bodies("rating.shown") == [{"number": number}])

    play(scene)


def test_a_try_that_failed_is_not_asked_about_after_the_next_one_is_left_open(tmp_path: Path) -> None:
    clock = ManualClock(NIGHT)

    async def scene() -> None:
        async with stage(tmp_path, clock=clock, center=Center(case_state="failed")) as s:
            await s.identified()
            await s.post("filled", FORM)
            await s.post("submit")
            await s.state("outcome")
            await s.post("again")
            await s.state("confirm")
            s.center.case_state = "working"
            await s.post("submit")
            await s.until(lambda: len(s.center.cases) == 2)
            clock.advance(RESULT_S)
            view = await s.state("outcome")
            assert view["outcome"]["kind"] == "later"
            await s.post("finish")
            await nothing_was_asked(s)

    play(scene)


@pytest.mark.parametrize("end", ["exit", "home", "decline"])
def test_leaving_forgets_the_person_and_tells_where_it_ended(tmp_path: Path, end: str) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            if end == "decline":
                await s.post("choose", {"item": "ZZ001"})
            else:
                await s.identified()
            await s.post(end)
            assert s.terminal.attendant.journey.person is None
            assert (await s.browser.get("/api/person")).status_code == 404
            await s.until(lambda: s.center.bodies("case.abandoned"))
            (abandoned,) = s.center.bodies("case.abandoned")
            assert abandoned == {"number": None, "step": "consent" if end == "decline" else "fill"}

    play(scene)


def test_a_refusal_of_the_department_is_an_outcome_and_prints_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path, center=Center(case_state="failed")) as s:
            await s.identified()
            await s.post("filled", FORM)
            await s.post("submit")
            view = await s.state("outcome")
            assert (view["outcome"]["kind"], view["outcome"]["text"], view["outcome"]["again"]) == (
                "refused", "未查到记录", True,
            )  # fmt: skip
            assert s.printer.documents == []
            await s.post("again")
            await s.state("confirm")
            await s.post("submit")
            await s.state("outcome")
            assert len(s.center.cases) == 2, "trying again is another case"

    play(scene)


def test_review_is_not_offered_again(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path, center=Center(case_state="review")) as s:
            await s.identified()
            await s.post("filled", FORM)
            await s.post("submit")
            view = await s.state("outcome")
            assert (view["outcome"]["kind"], view["outcome"]["again"]) == ("review", False)
            assert not (await s.post("again"))["ok"]

    play(scene)


def test_the_same_touch_twice_makes_one_case(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.identified()
            await s.post("filled", FORM)
            answers = await asyncio.gather(s.post("submit"), s.post("submit"), s.post("submit"))
            assert sorted(a["ok"] for a in answers) == [False, False, True]
            await s.state("take")
            assert len(s.center.cases) == 1
            assert len(s.printer.documents) == 2

    play(scene)


def test_paper_out_in_the_middle_goes_on_by_itself(tmp_path: Path) -> None:
    printer = HandPrinter()
    printer.paper = 1

    async def scene() -> None:
        async with stage(tmp_path, printer=printer) as s:
            await s.identified()
            await s.post("filled", FORM)
            await s.post("submit")
            await s.until(lambda: (s.view().get("printing") or {}).get("trouble") == "paper_out")
            view = s.view()
            assert (view["printing"]["done"], view["printing"]["documents"]) == (1, 2)
            assert view["printing"]["can_leave"]
            assert not view["printing"]["can_retry"]
            await s.until(lambda: s.center.states.get("printer", {}).get("paper.upper") == "out")
            assert s.terminal.catalogue.item("ZZ001")["truth"] == "stopped"
            printer.paper = 50
            await s.state("take")
            assert len(printer.documents) == 2
            assert [b["state"] for b in s.center.bodies("case.paper")][-1:] != ["failed"]

    play(scene)


def test_a_jam_fails_the_attempt_and_retry_prints_only_what_is_missing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.identified()
            await s.post("filled", FORM)
            s.printer.jam = True
            await s.post("submit")
            await s.until(lambda: (s.view().get("printing") or {}).get("can_retry"))
            assert s.view()["printing"]["trouble"] == "jam"
            s.printer.jam = False
            await s.post("retry")
            await s.state("take")
            names = [name.split("/", 1)[1] for name, _ in s.printer.documents]
            assert names == ["1/1", "2/1", "2/2"]
            await s.until(lambda: len(s.center.bodies("case.paper")) >= 5)
            states = [(b["state"], b.get("reason")) for b in s.center.bodies("case.paper")]
            assert states == [
                ("entitled", None), ("sent", None), ("failed", "jam"), ("sent", None), ("confirmed", None),
            ]  # fmt: skip

    play(scene)


def test_leaving_while_it_prints_cancels_the_job_and_keeps_the_right(tmp_path: Path) -> None:
    printer = HandPrinter()
    printer.slow = True

    async def scene() -> None:
        async with stage(tmp_path, printer=printer) as s:
            await s.identified()
            await s.post("filled", FORM)
            await s.post("submit")
            await s.until(lambda: printer.documents)
            await s.post("exit")
            await s.until(lambda: [b for b in s.center.bodies("case.paper") if b["state"] == "failed"])
            assert printer.canceled == [1], "nothing may come out before the next person"
            assert s.center.bodies("case.paper")[-1]["reason"] == "left"
            (number,) = s.center.cases
            assert s.terminal.printing.may_print(number)

    play(scene)


def test_the_paper_that_was_not_taken_is_offered_after_the_card(tmp_path: Path) -> None:
    number = make_number("YJHL-01", "0123456789abcdef", 17)
    paper = {
        "number": number,
        "item": "ZZ001",
        "item_name": "参保证明",
        "at": NIGHT.isoformat(),
        "paper_state": "failed",
    }

    async def scene() -> None:
        async with stage(tmp_path, center=Center(papers=[paper])) as s:
            await s.identified()
            view = await s.state("resume")
            assert [p["number"] for p in view["papers"]] == [number]
            assert not (await s.post("reprint", {"number": "KBS01-0000-000001-0"}))["ok"]
            await s.post("reprint", {"number": number})
            await s.state("take")
            assert not s.center.cases, "a reprint is no new case"
            await s.post("taken")
            await s.until(lambda: s.center.bodies("case.paper")[-1:] == [{"number": number, "state": "taken"}])

    play(scene)


def test_a_case_under_way_is_waited_for_not_handed_in_again(tmp_path: Path) -> None:
    number = make_number("YJHL-01", "0123456789abcdef", 18)
    case = {
        "number": number,
        "item": "ZZ001",
        "item_name": "参保证明",
        "at": NIGHT.isoformat(),
        "paper_state": "under_way",
    }

    async def scene() -> None:
        async with stage(tmp_path, center=Center(papers=[case])) as s:
            s.center.case_state = "working"
            await s.identified()
            view = await s.state("resume")
            assert view["papers"][0]["text"] == "部门正在办理"
            await s.post("reprint", {"number": number})
            await s.state("submit")
            s.center.case_state = "done"
            await s.state("take")
            assert not s.center.cases

    play(scene)


def test_a_paper_that_is_not_whole_may_be_printed_twice_again(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.identified()
            await s.post("filled", FORM)
            await s.post("submit")
            for left in (2, 1):
                view = await s.state("take")
                assert view["take"]["misprint_left"] == left
                assert (await s.post("misprint"))["ok"]
            await s.state("take")
            assert not (await s.post("misprint"))["ok"]
            assert len(s.printer.documents) == 6

    play(scene)


def test_without_network_the_case_is_kept_and_sent_later_once(tmp_path: Path) -> None:
    clock = ManualClock(NIGHT.replace(hour=2))

    async def scene() -> None:
        async with stage(tmp_path, clock=clock) as s:
            await s.identified("ZZ130")
            await s.state("confirm")
            s.center.down = True
            await s.post("submit")
            await s.until(lambda: s.terminal.outbox.unsent_cases())
            clock.advance(60)
            view = await s.state("outcome")
            assert view["outcome"]["kind"] == "later"
            await s.post("exit")
            s.center.down = False
            await s.until(lambda: s.center.cases, 20)
            await s.until(lambda: not s.terminal.outbox.unsent_cases())
            assert len(s.center.cases) == 1

    play(scene)


def test_a_slow_sending_of_stored_cases_holds_up_no_heartbeat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, under_way = asyncio.Event(), [0, 0]

    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.identified()
            await s.post("filled", FORM)
            s.center.down = True
            await s.post("submit")
            await s.until(lambda: s.terminal.outbox.unsent_cases())
            await s.post("exit")
            at_once = s.center._cases

            async def slow(request: httpx.Request) -> httpx.Response:
                under_way[0] += 1
                under_way[1] = max(under_way)
                await gate.wait()
                under_way[0] -= 1
                return await at_once(request)

            monkeypatch.setattr(s.center, "_cases", slow)
            s.center.down = False
            await s.until(lambda: under_way[0], 20)
            for _turn in range(3):
                before = len(s.center.syncs)
                s.terminal.uplink.wake()
                await s.until(lambda before=before: len(s.center.syncs) > before)
            assert under_way == [1, 1], "one sending at a time"
            gate.set()
            await s.until(lambda: not s.terminal.outbox.unsent_cases())
            assert len(s.center.cases) == 1

    play(scene)


def test_a_code_on_a_card_where_there_is_no_reader(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path, reader=False, center=Center(unknown_codes={"WRONG-1"})) as s:
            assert (await s.post("choose", {"item": "ZZ001"}))["ok"], "the reader is not needed here"
            await s.post("agree")
            view = await s.state("identity")
            assert (view["identity"]["phase"], view["identity"]["can_type_code"]) == ("no_reader", True)
            await s.post("card_code", {"code": "wrong-1"})
            await s.until(lambda: s.view()["error"])
            assert s.view()["state"] == "identity"
            await s.post("card_code", {"code": " kb 2c-9q4t "})
            view = await s.state("fill")
            assert view["person"]["kind"] == "card_code"
            await s.post("filled", FORM)
            await s.post("submit")
            await s.state("take")
            ((_, private),) = s.center.cases.values()
            assert (private["id_kind"], private["id_number"]) == ("card_code", "KB2C-9Q4T")

    play(scene)


def test_whoever_guesses_codes_begins_again(tmp_path: Path) -> None:
    async def scene() -> None:
        codes = {f"CODE-{n}" for n in range(9)}
        async with stage(tmp_path, reader=False, center=Center(unknown_codes=codes)) as s:
            await s.post("choose", {"item": "ZZ001"})
            await s.post("agree")
            for n in range(6):
                await s.post("card_code", {"code": f"CODE-{n}"})
                await s.until(lambda: s.view()["error"] or s.terminal.attendant.state != "identity")
            assert s.terminal.attendant.state == "choose"

    play(scene)


def test_idle_warns_then_clears_and_prefs_go_with_the_person(tmp_path: Path) -> None:
    clock = ManualClock(NIGHT)

    async def scene() -> None:
        async with stage(tmp_path, clock=clock) as s:
            await s.post("prefs", {"name": "low", "value": "on"})
            await s.identified()
            await s.state("fill")
            assert s.view()["prefs"]["low"]
            clock.advance(91)
            s.terminal.attendant.tick()
            assert s.view()["idle"] == {"warning": True, "ends_in_s": 14, "total_s": 105}
            await s.post("stay")
            assert not s.view()["idle"]["warning"]
            clock.advance(106)
            s.terminal.attendant.tick()
            assert s.terminal.attendant.state == "clear"
            assert s.view()["clear"]["after"] == "idle"
            clock.advance(4)
            s.terminal.attendant.tick()
            assert s.view()["state"] == "attract"
            assert not s.view()["prefs"]["low"]
            await s.until(lambda: s.center.bodies("session"))
            assert s.center.bodies("session")[0]["end"] == "idle"

    play(scene)


def test_care_mode_waits_twice_as_long(tmp_path: Path) -> None:
    clock = ManualClock(NIGHT)

    async def scene() -> None:
        async with stage(tmp_path, clock=clock) as s:
            await s.post("prefs", {"name": "care", "value": "on"})
            clock.advance(149)
            s.terminal.attendant.tick()
            assert s.view()["state"] == "choose"
            clock.advance(11)
            s.terminal.attendant.tick()
            assert s.view()["state"] == "clear"

    play(scene)


def test_who_touches_the_clearing_page_finds_no_settings_of_the_person_before(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.post("prefs", {"name": "care", "value": "on"})
            await s.post("help", {"kind": "help"})
            await s.post("exit")
            await s.post("start")
            view = s.view()
            assert (view["state"], view["prefs"]["care"], view["help"]) == ("choose", False, None)

    play(scene)


def test_live_answers_when_the_page_changes(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            page = s.view()["page"]
            held = asyncio.ensure_future(s.browser.get("/api/live", params={"page": page, "wait": 10}))
            await asyncio.sleep(0.2)
            await s.post("start")
            answer = (await asyncio.wait_for(held, 2)).json()
            assert answer["state"] == "choose"
            assert answer["page"] > page

    play(scene)


def test_out_of_service_by_command_and_its_end(tmp_path: Path, quick: None) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            out = s.center.order("out_of_service", arguments={"text": "正在检修"})
            await s.until(lambda: s.center.told(out) == [("running", ""), ("done", "")])
            assert s.view()["service"]["level"] == "suspended"
            assert s.view()["service"]["text"] == "正在检修"
            assert not (await s.post("choose", {"item": "ZZ001"}))["ok"]
            s.center.order("into_service")
            await s.until(lambda: s.view()["service"]["level"] == "ok")
            assert (await s.post("choose", {"item": "ZZ001"}))["ok"]

    play(scene)


@pytest.mark.parametrize(("paper", "ok", "reason"), [(10, True, ""), (0, False, "paper_out")])
def test_a_test_print_by_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None, paper: int, ok: bool, reason: str
) -> None:
    monkeypatch.setattr("budayang.terminal.commands.service.TEST_PRINT_S", 0.3)
    printer = HandPrinter()
    printer.paper = paper

    async def scene() -> None:
        async with stage(tmp_path, printer=printer) as s:
            number = s.center.order("test_print", arguments={"order": "GD-2026-7"})
            await s.until(lambda: len(s.center.told(number)) == 2)
            assert s.center.told(number) == [("running", ""), ("done" if ok else "failed", reason)]
            assert s.center.bodies("command.state")[-1]["result"] == {"order": "GD-2026-7"}
            assert printer.documents[0][1].startswith(b"%PDF-")
            await asyncio.sleep(0.3)
            assert len(printer.documents) == 1, "a command is carried out once"
            assert printer.canceled == ([] if ok else [1])

    play(scene)


def test_help_is_told_with_the_step_and_nothing_of_the_person(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.identified()
            await s.post("help", {"kind": "sos"})
            assert s.view()["help"]["kind"] == "sos"
            await s.until(lambda: s.center.bodies("help"))
            (told,) = s.center.bodies("help")
            assert told == {"kind": "sos", "step": "fill", "item": "ZZ001", "call": told["call"]}
            assert len(told["call"]) == 16, "drawn for this call, and says nothing of the person"
            await s.post("help", {"kind": "off"})
            assert s.view()["help"] is None

    play(scene)


def test_messages_that_cannot_be_read_leave_the_former_ones_in_force(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            s.center.send("availability", {**AVAILABILITY, "stops": [{"start": "soon"}]})
            s.center.send("notice", {"id": "n1", "title": "通知", "text": "今晚检修"})
            await s.until(lambda: s.view()["notices"])
            assert s.terminal.catalogue.item("ZZ001")["truth"] == "doable"
            s.center.send("catalogue", {**CATALOGUE, "items": CATALOGUE["items"][:1]})
            await s.until(lambda: len(s.terminal.catalogue) == 1)

    play(scene)
