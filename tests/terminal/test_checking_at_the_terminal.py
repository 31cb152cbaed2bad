"""人证核对 at the terminal: three ways of equal weight, a consent of its own, and nothing of a face that stays.

The camera and its engine are the sandbox' own, reached through the real driver; the center keeps what it was told.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send
from terminal_stage import AVAILABILITY, CARD, CATALOGUE, Center, Stage, play, stage

from budayang.rules.person_check import FACE_TRIES
from budayang.sandbox.devices import facemarks
from budayang.sandbox.devices.facecamera import FaceCamera as Camera
from budayang.sandbox.devices.facecamera import Sight
from budayang.terminal.devices.facecamera import driver
from budayang.terminal.devices.facecamera.driver import FaceCamera
from budayang.terminal.errors import BadSetting
from budayang.terminal.settings import load
from budayang.uplink.clock import ManualClock

PHOTO = facemarks.photo_of(CARD.id_number)
HOLDER = replace(CARD, birth_on=date(1990, 3, 7), photo=PHOTO)
NOTICE = {
    "version": "face-test-1", "title": "刷脸比对，请您单独同意", "keeps": "比完就删",
    "lines": ["谁来比对", "为什么", "怎样比对"],
}  # fmt: skip
CHECKED = {
    "code": "ZZ088", "name": "出入境记录查询打印", "department": "RS", "department_name": "出入境",
    "needs": ["printer"], "after_hours": "全时可办", "calendar": "RS", "schema": None, "person_check": True,
}  # fmt: skip


class Wire:
    """The way to the camera and the engine; keeps every body that went over it, for the test to search."""

    def __init__(self, camera: Camera) -> None:
        self._app = Starlette(routes=camera.routes())
        self.frames: list[bytes] = []
        self.asked: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def hear() -> Message:
            message = await receive()
            self.asked.append(message.get("body", b""))
            return message

        async def tell(message: Message) -> None:
            if scope["path"].endswith("snapshot") and message["type"] == "http.response.body":
                self.frames.append(message["body"])
            await send(message)

        await self._app(scope, hear, tell)


def eyes(camera: Camera) -> tuple[FaceCamera, Wire]:
    """The real driver before the sandbox' camera."""
    wire = Wire(camera)

    def client(part: str) -> httpx.AsyncClient:
        base = f"http://127.0.0.1{camera.root}/{part}/"
        return httpx.AsyncClient(transport=httpx.ASGITransport(wire), base_url=base)

    built = FaceCamera(client("camera"), client("engine"))
    built.poll_s = 0.05
    return built, wire


def center() -> Center:
    built = Center()
    built.send("catalogue", {**CATALOGUE, "items": [*CATALOGUE["items"], CHECKED], "face_consent": NOTICE})
    built.send("availability", AVAILABILITY)
    return built


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "APART_S", 0.01)


async def at_the_check(s: Stage, card: Any = HOLDER) -> dict[str, Any]:
    """Choose, agree, lay the card: person and card are to be compared."""
    if s.terminal.peripherals.devices.get("camera") is not None:
        await s.until(lambda: s.terminal.peripherals.reading("camera", "device").state == "online")
    assert (await s.post("choose", {"item": "ZZ088"}))["ok"]
    assert (await s.post("agree"))["ok"]
    assert s.reader is not None
    s.reader.lay(card)
    return await s.state("check")


def scene(
    folder: Path, play_it: Callable[[Stage, Camera, Wire], Any], *, camera: bool = True, who: str = CARD.id_number
) -> None:
    async def whole() -> None:
        seen = Camera("/face/1", lambda: who)
        device, wire = eyes(seen)
        more = {"camera": device} if camera else {}
        async with stage(folder, center=center(), more=more) as s:
            await play_it(s, seen, wire)

    play(whole)


def test_the_face_after_a_consent_of_its_own(tmp_path: Path) -> None:
    async def run(s: Stage, camera: Camera, wire: Wire) -> None:
        view = await at_the_check(s)
        assert (view["check"]["phase"], view["check"]["face"]) == ("choose", True)
        assert not wire.frames, "nobody is looked at before the consent"
        assert (await s.post("check_face"))["ok"]
        page = (await s.browser.get("/")).text
        for word in ("刷脸比对，请您单独同意", "谁来比对", "比完就删", "face-test-1", "不同意，换一种办法"):
            assert word in page
        assert "checked" not in page, "nothing is ticked for the person"
        assert not (await s.post("check_agree"))["ok"], "without the tick there is no consent"
        assert s.view()["state"] == "check"
        assert not wire.frames
        assert (await s.post("check_agree", {"agree": "1"}))["ok"]
        await s.state("confirm")
        assert len(wire.frames) == driver.FRAMES
        assert "撤回同意" in (await s.browser.get("/")).text
        await s.post("submit")
        await s.until(lambda: s.center.cases)
        ((submit, private),) = s.center.cases.values()
        told = private["check"]
        assert (told["way"], told["score"], told["consent"]["version"]) == ("face", "high", "face-test-1")
        assert submit.consent.version == "2026-1", "the general notice is another"
        assert datetime.fromisoformat(told["consent"]["at"]) <= datetime.fromisoformat(told["at"])

    scene(tmp_path, run)


def test_the_ways_are_of_equal_weight(tmp_path: Path) -> None:
    async def run(s: Stage, camera: Camera, wire: Wire) -> None:
        await at_the_check(s)
        page = (await s.browser.get("/")).text
        kinds = [page.split(f'action="/journey/{one}"')[1].split('class="')[1].split('"')[0] for one in (
            "check_face", "check_staff", "check_window",
        )]  # fmt: skip
        assert kinds == ["btn same wide"] * 3

    scene(tmp_path, run)


def test_to_the_window_without_any_face(tmp_path: Path) -> None:
    async def run(s: Stage, camera: Camera, wire: Wire) -> None:
        await at_the_check(s)
        assert (await s.post("check_window"))["ok"]
        await s.state("confirm")
        page = (await s.browser.get("/")).text
        assert "提交以后到窗口核对" in page
        assert "撤回同意" not in page
        await s.post("submit")
        await s.until(lambda: s.center.cases)
        ((_submit, private),) = s.center.cases.values()
        assert private["check"]["way"] == "window"
        assert "consent" not in private["check"] or private["check"]["consent"] is None
        assert not wire.frames

    scene(tmp_path, run)


def test_somebody_of_the_staff_comes_and_looks(tmp_path: Path) -> None:
    async def run(s: Stage, camera: Camera, wire: Wire) -> None:
        await at_the_check(s)
        assert (await s.post("check_staff"))["ok"]
        await s.until(lambda: s.center.bodies("staff_check"))
        (call,) = s.center.bodies("staff_check")
        assert call["item"] == "ZZ088"
        assert set(call) == {"mark", "item"}, "nothing of the person"
        view = s.view()
        assert "/console/help/check/?c=KBS-01." in view["check"]["address"]
        s.center.send("person_check", {"mark": "of another journey", "same": True})
        await asyncio.sleep(0.3)
        assert s.view()["state"] == "check", "an answer to another call opens nothing"
        s.center.send("person_check", {"mark": call["mark"], "same": True})
        await s.state("confirm")
        await s.post("submit")
        await s.until(lambda: s.center.cases)
        ((_submit, private),) = s.center.cases.values()
        assert (private["check"]["way"], private["check"]["mark"]) == ("staff", call["mark"])
        assert not wire.frames

    scene(tmp_path, run)


def test_whom_the_staff_does_not_confirm_goes_no_further_that_way(tmp_path: Path) -> None:
    async def run(s: Stage, camera: Camera, wire: Wire) -> None:
        await at_the_check(s)
        await s.post("check_staff")
        await s.until(lambda: s.center.bodies("staff_check"))
        s.center.send("person_check", {"mark": s.center.bodies("staff_check")[0]["mark"], "same": False})
        await s.until(lambda: "没有确认" in s.view()["check"]["text"])
        assert s.view()["state"] == "check"
        assert not (await s.post("submit"))["ok"]

    scene(tmp_path, run)


def test_who_goes_away_is_waited_for_no_more(tmp_path: Path) -> None:
    async def run(s: Stage, camera: Camera, wire: Wire) -> None:
        await at_the_check(s)
        await s.post("check_staff")
        await s.until(lambda: s.center.bodies("staff_check"))
        mark = s.center.bodies("staff_check")[0]["mark"]
        await s.post("exit")
        await s.until(lambda: {"mark": mark, "over": True} in s.center.bodies("staff_check"))

    scene(tmp_path, run)


@pytest.mark.parametrize(
    ("sight", "who", "word"),
    [
        (Sight.OK, "999999198801010028", "不像"),
        (Sight.PAPER, CARD.id_number, "没有看清"),
        (Sight.EMPTY, CARD.id_number, "没有看清"),
        (Sight.BLACK, CARD.id_number, "没有拍好"),
        (Sight.FROZEN, CARD.id_number, "没有拍好"),
    ],
)
def test_what_does_not_pass_leads_back_to_the_choice(tmp_path: Path, sight: Sight, who: str, word: str) -> None:
    async def run(s: Stage, camera: Camera, wire: Wire) -> None:
        camera.sight = sight
        await at_the_check(s)
        for number in range(FACE_TRIES):
            assert (await s.post("check_face"))["ok"], number
            await s.post("check_agree", {"agree": "1"})
            await s.until(lambda: word in s.view()["check"]["text"])
            assert s.view()["check"]["phase"] == "choose"
        assert not s.view()["check"]["face"], "after three tries the other ways are left"
        assert not (await s.post("check_face"))["ok"]
        assert (await s.post("check_window"))["ok"]
        await s.state("confirm")

    scene(tmp_path, run, who=who)


@pytest.mark.parametrize(
    ("card", "camera", "why"),
    [
        (replace(HOLDER, birth_on=date(2016, 5, 1)), True, "未满 14 周岁"),
        (replace(HOLDER, birth_on=None), True, "没有刷身份证"),
        (replace(HOLDER, photo=bytes(1024)), True, "没有刷身份证"),
        (HOLDER, False, "现在不能刷脸"),
    ],
)
def test_where_no_face_may_be_taken_the_other_ways_stand(tmp_path: Path, card: Any, camera: bool, why: str) -> None:
    async def run(s: Stage, seen: Camera, wire: Wire) -> None:
        view = await at_the_check(s, card)
        assert not view["check"]["face"]
        assert why in view["check"]["why"]
        page = (await s.browser.get("/")).text
        assert "check_face" not in page
        assert ("监护人陪同" in page) == ("14" in why)
        assert not (await s.post("check_face"))["ok"]
        assert not (await s.post("check_agree", {"agree": "1"}))["ok"]
        assert not wire.frames
        assert (await s.post("check_window"))["ok"]

    scene(tmp_path, run, camera=camera)


def test_the_consent_is_taken_back_before_anything_is_handed_in(tmp_path: Path) -> None:
    async def run(s: Stage, camera: Camera, wire: Wire) -> None:
        await at_the_check(s)
        await s.post("check_face")
        await s.post("check_agree", {"agree": "1"})
        await s.state("confirm")
        assert (await s.post("check_withdraw"))["ok"]
        view = await s.state("check")
        assert "已撤回同意" in view["check"]["text"]
        assert not view["check"]["face"], "the picture of the card is gone, too"
        await s.post("check_window")
        await s.state("confirm")
        await s.post("submit")
        await s.until(lambda: s.center.cases)
        ((_submit, private),) = s.center.cases.values()
        assert private["check"]["way"] == "window"
        assert "face-test-1" not in str(private)

    scene(tmp_path, run)


@pytest.mark.parametrize("ends", ["confirm", "exit", "window", "different"])
def test_nothing_of_a_face_is_left(tmp_path: Path, ends: str, caplog: pytest.LogCaptureFixture, capfd: Any) -> None:
    """Not in a file, not in a log, not on the way to the center, not in the journey's memory."""
    caplog.set_level(logging.DEBUG)

    async def run(s: Stage, camera: Camera, wire: Wire) -> None:
        to_center: list[bytes] = []
        handle = s.center.handle

        async def listen(request: httpx.Request) -> httpx.Response:
            to_center.append(request.content)
            return await handle(request)

        s.terminal.client._transport = httpx.MockTransport(listen)
        await at_the_check(s)
        if ends != "window":
            await s.post("check_face")
            await s.post("check_agree", {"agree": "1"})
        if ends == "different":
            await s.until(lambda: s.view()["check"]["text"])
        if ends in ("window", "different"):
            await s.post("check_window")
        await s.state("confirm")
        check = s.terminal.attendant.journey.check
        assert check is not None
        assert check.photo == b""
        await s.post("submit" if ends != "exit" else "exit")
        if ends != "exit":
            await s.until(lambda: s.center.cases)
        await asyncio.sleep(0.2)
        assert len(wire.frames) == (0 if ends == "window" else driver.FRAMES)
        secrets = [PHOTO, base64.b64encode(PHOTO), *wire.frames, *(base64.b64encode(one) for one in wire.frames)]
        pieces = [one[len(one) // 3 :][:40] for one in secrets] + [facemarks.mark_of(CARD.id_number)]
        said = "".join(capfd.readouterr()).encode() + caplog.text.encode()
        files = b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
        for place, held in (("files", files), ("logs", said), ("center", b"".join(to_center))):
            assert not [one for one in pieces if one in held], place
        assert b"0.93" not in files + said, "not even the score"

    scene(tmp_path, run, who="999999198801010028" if ends == "different" else CARD.id_number)


def test_the_camera_tells_how_it_is(tmp_path: Path) -> None:
    async def run(s: Stage, camera: Camera, wire: Wire) -> None:
        def told() -> tuple[str, str]:
            reading = s.terminal.peripherals.reading("camera", "device")
            return reading.state, reading.raw

        await s.until(lambda: told() == ("online", ""))
        camera.sight = Sight.OFF
        await s.until(lambda: told() == ("hardwareError", "no signal"))
        camera.sight, camera.engine_down = Sight.OK, True
        await s.until(lambda: told() == ("offline", "engine"))
        await s.until(lambda: s.center.states.get("camera", {}).get("device") == "offline")

    scene(tmp_path, run)


@pytest.mark.parametrize(
    "answer",
    [
        {}, {"verdict": "same"}, {"verdict": "same", "score": 2, "live": True},
        {"verdict": "yes", "score": 1, "live": True},
        {"verdict": "same", "score": 0.9, "live": "true"}, {"verdict": "same", "score": "NaN", "live": True}, [],
    ],
)  # fmt: skip
def test_an_engine_that_answers_nonsense_has_not_answered(answer: Any) -> None:
    with pytest.raises(driver.DeviceError, match="refused"):
        driver.read_compared(httpx.Response(200, json=answer))


@pytest.mark.parametrize(
    "given",
    [
        {"face_camera_url": "http://192.168.1.5/", "face_engine_url": "http://127.0.0.1:1/"},
        {"face_camera_url": "http://127.0.0.1:1/", "face_engine_url": "https://engine.example/"},
        {"face_camera_url": "http://127.0.0.1:1/"},
        {"face_engine_url": "http://127.0.0.1:1/"},
    ],
)
def test_faces_never_leave_the_terminal_by_a_setting(given: dict[str, str]) -> None:
    with pytest.raises(BadSetting):
        load({}, **given)


def test_a_child_is_fourteen_on_the_day_in_the_areas_zone(tmp_path: Path) -> None:
    """22:00 UTC is already the birthday in Ordos."""

    async def whole() -> None:
        clock = ManualClock(datetime(2026, 11, 23, 22, 0, tzinfo=UTC))
        device, _wire = eyes(Camera("/face/1", lambda: CARD.id_number))
        async with stage(tmp_path, center=center(), clock=clock, more={"camera": device}) as s:
            view = await at_the_check(s, replace(HOLDER, birth_on=date(2012, 11, 24)))
            assert view["check"]["face"]

    play(whole)
