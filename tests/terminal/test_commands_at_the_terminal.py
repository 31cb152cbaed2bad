"""The center's commands at the terminal: who may order, when it is done, once, and what is told of it."""

from __future__ import annotations

import asyncio
import io
import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from terminal_stage import Center, HandPrinter, Stage, play, stage

from budayang.rules.commands import BY_NAME
from budayang.wire.messages import OutgoingMessage

DONE = [("running", ""), ("done", "")]


def tool(folder: Path, name: str, script: str) -> str:
    """A small program in the terminal's settings, as a desktop's tool would be."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


async def told(s: Stage, number: int, expected: list[tuple[str, str]], seconds: float = 6) -> None:
    await s.until(lambda: s.center.told(number) == expected, seconds)


def test_what_is_not_signed_for_this_terminal_is_not_obeyed(tmp_path: Path, quick: None) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            forger = Center()
            forger.audit = Ed25519PrivateKey.generate()
            for message in _forged(forger):
                s.center.sent_ids += 1
                s.center.unacked[s.center.sent_ids] = message(s.center.sent_ids)
            other = s.center.order("show_notice", terminal="KBS-02", arguments={"text": "不是给我的"})
            late = s.center.order("show_notice", expires_in_s=-130, arguments={"text": "过期"})
            early = s.center.order(
                "show_notice",
                arguments={"text": "太早"},
                not_before_ms=int(s.center.now().timestamp() * 1000) + 3_600_000,
            )
            unknown = s.center.order("make_coffee")
            await told(s, late, [("failed", "expired")])
            await told(s, unknown, [("failed", "unknown")])
            await told(s, early, [("failed", "not_yet")])
            assert s.center.told(other) == [], "whose message it is not is told nothing"
            assert s.view()["notices"] == []
            assert s.center.told(1) == s.center.told(2) == [("failed", "bad_signature")]

    play(scene)


def _forged(forger: Center) -> list[Any]:
    """Two messages signed by another key."""
    forger.sent_numbers = 0
    forger.order("show_notice", arguments={"text": "假的"})
    forger.order("show_notice", arguments={"text": "假的"})
    bodies = [one.body for one in forger.unacked.values()]
    return [lambda sent, body=body: OutgoingMessage(id=sent, kind="command", body=body) for body in bodies]


def test_a_changed_command_and_a_replayed_one_do_nothing(tmp_path: Path, quick: None) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            number = s.center.order("show_notice", arguments={"text": "今晚 23:00 停电检修"})
            body = json.loads(bytes(s.center.unacked[s.center.sent_ids].body))
            await told(s, number, DONE)
            assert s.view()["notices"][0]["text"] == "今晚 23:00 停电检修"
            cleared = s.center.order("clear_notice")
            await told(s, cleared, DONE)
            s.center.send("command", body)  # byte for byte, under a new message id
            changed = {**body, "id": 77, "arguments": {"text": "改过的"}}
            s.center.send("command", changed)
            last = s.center.order("into_service")
            await told(s, last, DONE)
            assert s.view()["notices"] == []
            assert s.center.told(number) == DONE, "it was told once"
            assert s.center.told(77) == [("failed", "bad_signature")]

    play(scene)


def test_a_disruptive_command_waits_for_the_person_and_announces_itself(
    tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.identified()
            number = s.center.order("out_of_service", arguments={"text": "检修"}, reason="更换打印机")
            quiet = s.center.order("show_notice", arguments={"text": "通知"})
            await told(s, quiet, DONE)  # what disturbs nobody is not held up by what waits
            await asyncio.sleep(0.6)
            assert s.center.told(number) == []
            assert s.view()["announcement"] is None, "nobody is disturbed in the middle of a journey"
            await s.post("exit")
            await s.state("clear")
            await s.until(lambda: s.view()["announcement"] is not None)
            said = s.view()["announcement"]
            assert (said["text"], said["reason"]) == (BY_NAME["out_of_service"].announcement, "更换打印机")
            page = (await s.browser.get("/")).text
            assert "更换打印机" in page
            await told(s, number, DONE)
            assert s.view()["announcement"] is None
            assert s.view()["service"]["text"] == "检修"

    play(scene)


def test_who_begins_during_the_announcement_is_not_thrown_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            number = s.center.order("out_of_service", arguments={"text": "检修"})
            await s.until(lambda: s.view()["announcement"] is not None)
            assert s.view()["announcement"]["seconds"] == 30
            assert (await s.post("start"))["ok"]
            await s.until(lambda: s.view()["announcement"] is None)
            assert s.center.told(number) == []

    play(scene)


def test_an_emergency_does_not_wait(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.post("start")
            number = s.center.order("out_of_service", arguments={"text": "漏水"}, emergency=True)
            await told(s, number, DONE)
            assert s.view()["service"]["level"] == "suspended"

    play(scene)


def test_what_waits_can_be_cancelled_and_what_is_done_cannot(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.post("start")
            number = s.center.order("out_of_service", arguments={"text": "检修"})
            await s.until(lambda: not s.center.unacked)
            s.center.order("cancel", arguments={"id": number})
            await told(s, number, [("cancelled", "")])
            done = s.center.order("into_service")
            await told(s, done, DONE)
            s.center.order("cancel", arguments={"id": done})
            await s.until(lambda: not s.center.unacked)
            await asyncio.sleep(0.3)
            assert s.center.told(done) == DONE
            await s.post("exit")
            await asyncio.sleep(0.5)
            assert s.view()["service"]["level"] == "ok"

    play(scene)


def test_a_term_that_ends_while_it_waits_ends_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.post("start")
            number = s.center.order("out_of_service", arguments={"text": "检修"}, expires_in_s=-119)
            await asyncio.sleep(0.3)
            assert s.center.told(number) == []
            await told(s, number, [("failed", "expired")], 4)

    play(scene)


def test_a_picture_only_of_the_first_page_and_only_with_a_tool(tmp_path: Path, quick: None) -> None:
    grab = tool(tmp_path, "grab", "printf 'PNG of the glass'")

    async def scene() -> None:
        async with stage(tmp_path / "a", screenshot=grab) as s:
            number = s.center.order("screenshot")
            await told(s, number, DONE)
            assert s.center.files[number] == b"PNG of the glass"
            await s.post("start")
            busy = s.center.order("screenshot")
            await told(s, busy, [("running", ""), ("failed", "journey_open")])
            assert busy not in s.center.files
        async with stage(tmp_path / "b") as s:
            number = s.center.order("screenshot")
            await told(s, number, [("running", ""), ("failed", "not_available")])

    play(scene)


def test_a_picture_taken_while_somebody_began_is_thrown_away(tmp_path: Path) -> None:
    slow = tool(tmp_path, "grab", "sleep 0.8; printf PNG")

    async def scene() -> None:
        async with stage(tmp_path / "a", screenshot=slow) as s:
            number = s.center.order("screenshot")
            await s.until(lambda: s.center.told(number) == [("running", "")])
            await s.post("start")
            await told(s, number, [("running", ""), ("failed", "journey_open")])
            assert not s.center.files

    play(scene)


def test_diagnostics_say_what_there_is_and_nothing_of_the_person(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stage(tmp_path) as s:
            await s.identified()
            number = s.center.order("collect_diagnostics")
            await told(s, number, DONE)
            with zipfile.ZipFile(io.BytesIO(s.center.files[number])) as archive:
                texts = {name: archive.read(name).decode() for name in archive.namelist()}
            assert set(texts) == {"program.json", "devices.json", "profile.json", "machine.json", "log.jsonl"}
            assert json.loads(texts["devices.json"])["printer"]["paper.upper"]["state"] == "full"
            whole = "".join(texts.values())
            assert "测试甲" not in whole
            assert "999999199003070012" not in whole

    play(scene)


def test_the_machine_restarts_by_the_settings_word_only(tmp_path: Path, quick: None) -> None:
    failing = tool(tmp_path, "reboot", "exit 3")

    async def scene() -> None:
        async with stage(tmp_path / "a") as s:
            number = s.center.order("restart_machine")
            await told(s, number, [("running", ""), ("failed", "not_available")])
        async with stage(tmp_path / "b", reboot=failing) as s:
            number = s.center.order("restart_machine")
            await told(s, number, [("running", ""), ("failed", "tool_failed")])
            assert (await s.post("choose", {"item": "ZZ001"}))["ok"], "people can go on"

    play(scene)


def test_a_restart_is_told_by_the_start_that_follows_and_not_repeated(tmp_path: Path, quick: None) -> None:
    codes: list[int] = []

    async def scene() -> None:
        center = Center()
        async with stage(tmp_path, center=center) as s:
            s.terminal.orders.on_end = codes.append
            number = s.center.order("restart_application")
            await s.until(lambda: codes)
            assert s.center.told(number) == [("running", "")]
            assert not (await s.post("choose", {"item": "ZZ001"}))["ok"], "no journey begins in the last seconds"
        async with stage(tmp_path, center=center, ready=False) as s:
            await told(s, number, DONE)
            await asyncio.sleep(0.5)
            assert codes == [75]
            assert s.center.bodies("stopping")[0] == {"by": "command"}
            assert s.center.bodies("started")[1]["by"] == "command"

    play(scene)


def test_a_test_print_that_came_out_before_a_kill_is_not_printed_again(tmp_path: Path, quick: None) -> None:
    printer = HandPrinter()
    printer.slow = True

    async def scene() -> None:
        center = Center()
        async with stage(tmp_path, center=center, printer=printer) as s:
            number = s.center.order("test_print", arguments={"order": "GD-1"})
            await s.until(lambda: printer.documents)
            commands = s.terminal.commands
        printer.slow = False
        assert commands.busy(), "cut off in the middle"
        async with stage(tmp_path, center=center, printer=printer, ready=False) as s:
            await told(s, number, [("running", ""), ("running", ""), ("done", "")])
            assert len(printer.documents) == 1

    play(scene)


def test_the_profile_is_in_force_at_once_and_after_a_restart(tmp_path: Path) -> None:
    shown = tool(tmp_path, "light", f'echo "$1" >> {tmp_path}/set')
    values = {
        "idle_warn_s": 30, "idle_clear_s": 5, "helper_phone_shown": False, "languages": ["zh"],
        "night_window": "00:00-23:59", "brightness": "00:00 40%", "log_level": "detailed",
        "from_the_future": 1, "volume": "loud",
    }  # fmt: skip

    async def scene() -> None:
        center = Center()
        async with stage(tmp_path / "a", center=center, brightness=f"{shown} {{percent}}") as s:
            assert s.view()["terminal"]["keeper_phone"]
            s.center.send("profile", {"values": values})
            await s.until(lambda: s.view()["terminal"]["keeper_phone"] == "")
            assert s.view()["theme"] == "night"
            assert "English" not in (await s.browser.get("/")).text
            await s.post("start")
            assert s.view()["idle"]["total_s"] == 35
            await s.until(lambda: (tmp_path / "set").exists())
            assert (tmp_path / "set").read_text() == "40\n"
            assert s.terminal.orders.profile["volume"] == "", "a value that cannot be is not used"
            assert s.terminal.orders.profile.silence_s() == 60
        async with stage(tmp_path / "a", center=center, ready=False) as s:
            assert s.view()["terminal"]["keeper_phone"] == ""
            assert s.terminal.orders.profile["log_level"] == "detailed"

    play(scene)
