from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from terminal_stage import CATALOGUE, Center, play, stage

from budayang.rules.terminals import state_hash


def test_enrolment_needs_the_code_once_and_the_key_is_private(tmp_path: Path) -> None:
    async def scene() -> None:
        center = Center()
        async with stage(tmp_path, center=center) as s:
            assert s.terminal.code == "KBS-01"
        assert (tmp_path / "terminal.key").stat().st_mode & 0o077 == 0
        assert (tmp_path / "enrolment.json").stat().st_mode & 0o077 == 0
        async with stage(tmp_path, center=center, enrolment_code="") as s:
            await s.until(lambda: s.terminal.uplink.line.level == "ok")
            assert center.requests.count("/wire/v1/enrol") == 1
            assert center.agreements == 2

    play(scene)


def test_a_used_code_leaves_the_terminal_out_of_service_not_dead(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path, center=Center(public_key="taken"), ready=False) as s:
            await asyncio.sleep(0.3)
            assert s.view()["service"]["level"] == "suspended"
            health = (await s.browser.get("/healthz")).json()
            assert (health["status"], health["enrolled"]) == ("ok", False)

    play(scene)


def test_states_are_told_on_change_and_the_hash_agrees(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.until(lambda: s.center.states.get("printer", {}).get("paper.upper") == "full")
            await s.until(lambda: s.center.syncs[-1].state_hash == state_hash(s.center.states))
            told = len(s.center.bodies("status"))
            await asyncio.sleep(0.3)
            assert len(s.center.bodies("status")) == told, "nothing changed, nothing is told"
            s.printer.paper = 0
            await s.until(lambda: s.center.states["printer"]["paper.upper"] == "out")
            assert s.center.bodies("status")[-1]["kind"] == "printer"

    play(scene)


def test_a_restart_tells_no_state_twice(tmp_path: Path) -> None:
    async def scene() -> None:
        center = Center()
        async with stage(tmp_path, center=center) as s:
            # how the terminal itself is comes a look later than its devices
            own = {"catalogue": "here", "clock": "right"}
            await s.until(lambda: center.states.get("terminal") == own and not s.terminal.outbox.waiting())
        told = len(center.bodies("status"))
        async with stage(tmp_path, center=center) as s:
            await asyncio.sleep(0.4)
            assert len(center.bodies("status")) == told
            assert center.syncs[-1].state_hash == state_hash(center.states)

    play(scene)


def test_what_happens_while_a_sync_is_held_is_sent_at_once(tmp_path: Path) -> None:
    async def scene() -> None:
        center = Center(hold=True)
        async with stage(tmp_path, center=center) as s:
            await s.until(lambda: center.syncs[-1].wait_s == 25)
            await asyncio.sleep(0.5)
            await s.post("help", {"kind": "help"})
            await s.until(lambda: center.bodies("help"), 1.0)
            assert center.counters == sorted(set(center.counters))

    play(scene)


def test_a_message_ends_the_held_sync_and_is_acknowledged(tmp_path: Path) -> None:
    async def scene() -> None:
        center = Center(hold=True)
        async with stage(tmp_path, center=center) as s:
            await s.until(lambda: center.syncs[-1].wait_s == 25)
            center.send("notice", {"id": "n1", "title": "通知", "text": "t"})
            await s.until(lambda: s.view()["notices"] and not center.unacked, 2.0)

    play(scene)


def test_who_called_for_help_is_told_that_somebody_answers_and_nobody_else_is(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            for _person in range(2):
                await s.post("help", {"kind": "sos"})
            await s.until(lambda: len(s.center.bodies("help")) == 2)
            first, second = s.center.bodies("help")
            assert first["call"] != second["call"]
            s.center.send("help", {"call": first["call"]})
            await s.until(lambda: not s.center.unacked)
            assert s.view()["help"]["text"] == "已通知帮办，请稍候", "that was another person's call"
            page = s.terminal.attendant.page
            s.center.send("help", {"call": second["call"]})
            await s.until(lambda: "已有人应答" in s.view()["help"]["text"])
            assert s.terminal.attendant.page == page + 1, "the screen is drawn anew"
            await s.post("help", {"kind": "off"})
            s.center.send("help", {"call": second["call"]})
            await s.until(lambda: not s.center.unacked)
            assert s.view()["help"] is None

    play(scene)


@pytest.mark.parametrize("error", ["bad_mac", "no_session", "counter_reused"])
def test_a_lost_session_is_agreed_anew_above_the_floor(tmp_path: Path, error: str) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            s.center.floor = max(s.center.counters) + 1000
            s.center.sync_error, s.center.error_once = error, True
            await s.until(lambda: s.center.agreements == 2)
            await s.until(lambda: s.center.counters[-1] > s.center.floor)
            await s.post("help", {"kind": "help"})
            await s.until(lambda: s.center.bodies("help"))

    play(scene)


def test_a_center_that_lost_a_week_gets_it_again(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            for _ in range(3):
                await s.post("help", {"kind": "help"})
            await s.until(lambda: len(s.center.bodies("help")) == 3)
            s.center.acked, s.center.epoch = 1, 2
            s.center.events, before = [], list(s.center.events)
            await s.until(lambda: [e.seq for e in s.center.events] == [e.seq for e in before[1:]])
            assert s.terminal.outbox.center_epoch == 2

    play(scene)


@pytest.mark.parametrize("error", ["suspended", "revoked", "older_epoch"])
def test_a_terminal_that_may_not_work_says_so(tmp_path: Path, error: str) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            s.center.sync_error = error
            await s.until(lambda: s.view()["service"]["level"] == "suspended")
            assert not (await s.post("choose", {"item": "ZZ001"}))["ok"]
            s.center.sync_error = None
            await s.until(lambda: s.view()["service"]["level"] == "ok")

    play(scene)


def test_the_line_is_told_in_words_and_comes_back(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            s.center.down = True
            await s.until(lambda: s.view()["network"]["level"] == "offline", 10)
            assert s.view()["network"]["since"]
            assert s.terminal.catalogue.item("ZZ001")["text"] == "网络中断，暂时不能联网办理"
            await s.post("help", {"kind": "help"})
            s.center.down = False
            await s.until(lambda: s.center.bodies("help"), 20)
            assert s.view()["network"]["level"] == "ok"

    play(scene)


def test_an_event_that_the_center_cannot_read_does_not_stop_the_others(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.until(lambda: not s.terminal.outbox.waiting())
            s.center.sync_error = "malformed"
            first = s.terminal.outbox.append("poison", {})
            s.terminal.uplink.wake()
            # What the machine itself reports meanwhile may be given up after it, too.
            await s.until(lambda: s.terminal.outbox.lost_seq >= first)
            s.center.sync_error = None
            s.terminal.outbox.append("rating", {"number": "n", "level": "satisfied", "reasons": []})
            await s.until(lambda: s.center.bodies("rating"))

    play(scene)


def test_the_audit_head_is_kept_as_a_witness(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.until(lambda: s.terminal.outbox.heads())
            assert s.terminal.outbox.heads()[0]["seq"] == 7

    play(scene)


def test_a_session_that_another_signed_is_not_used(tmp_path: Path) -> None:
    async def scene() -> None:
        center = Center()
        async with stage(tmp_path, center=center):
            pass
        center.audit = Ed25519PrivateKey.generate()  # a relay in the middle
        async with stage(tmp_path, center=center, ready=False) as s:
            await asyncio.sleep(0.8)
            syncs = len(center.syncs)
            assert s.terminal.uplink.line.level == "offline"
            await asyncio.sleep(0.3)
            assert len(center.syncs) == syncs

    play(scene)


def test_the_catalogue_is_there_without_a_network(tmp_path: Path) -> None:
    async def scene() -> None:
        center = Center()
        async with stage(tmp_path, center=center):
            pass
        center.down = True
        async with stage(tmp_path, center=center, ready=False) as s:
            assert len(s.terminal.catalogue) == len(CATALOGUE["items"])

    play(scene)
