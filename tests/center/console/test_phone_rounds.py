"""The phone's day of rounds and what comes back: under one name, twice is once, one refused holds back no other."""

from __future__ import annotations

import io
import json
from copy import copy
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from tests.center.console.the_desk import Desk
from tests.center.hall import SYSTEM

from budayang.center.console import phone_rounds
from budayang.center.maintenance import round_day as days
from budayang.center.maintenance import round_jobs as jobs
from budayang.center.maintenance import round_plan_actions as planning
from budayang.center.maintenance.models import Round, RoundAnswer, RoundPhoto, RoundPlan, RoundTrace
from budayang.center.maintenance.round_keeping import RETENTION
from budayang.center.terminals import actions as terminals
from budayang.center.terminals import watching_actions
from budayang.center.terminals import watching_queries as watching
from budayang.rules.rounds import Plan, Rhythm

pytestmark = pytest.mark.django_db
DAY, SYNC, PHOTO = (f"/console/my-rounds/{name}" for name in ("day/", "sync/", "photos/"))
ROWS: list[dict[str, object]] = [
    {"code": "door", "text": "门能开", "severity": "urgent", "bucket": "site"},
    {"code": "expires", "text": "灭火器有效期", "kind": "date", "low": 60},
    {"code": "print", "text": "试打", "about": "terminal", "photo": "on_fault"},
]


def make_plan(desk: Desk, now: datetime, window: tuple[time, time], **more: Any) -> RoundPlan:
    return planning.set_plan(
        SYSTEM, None, area=desk.hall.area, code="daily", who=more.pop("who", "keeper"), now=now,
        plan=Plan(Rhythm.DAILY, (window,), timezone.localdate()), **more,
    )  # fmt: skip


@pytest.fixture
def walk(desk: Desk, today: datetime) -> Round:
    """A round that is open at any hour at which the tests run."""
    on = timezone.localdate(today)
    planning.write_edition(
        SYSTEM, place=desk.hall.city, code="daily", name="每日巡查", basis="WH-02", rows=ROWS, valid_from=on, now=today,
        today=on,
    )  # fmt: skip
    make_plan(desk, today - timedelta(days=1), (time(0), time(0)))
    jobs.open_rounds(today)
    return Round.objects.get()


def day_of(client: Client, query: str = "") -> dict[str, Any]:
    answer = client.get(DAY + query)
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def piece(client_id: str, key: str, **more: Any) -> dict[str, Any]:
    return {"kind": "answer", "id": f"phone-item-{client_id}", "round": key, "at": timezone.now().isoformat(), **more}


def send(client: Client, *items: dict[str, Any], owner: str = "lin", status: int = 200) -> list[tuple[str, str]]:
    letter = {"owner": owner, "device": "phone-one", "items": list(items)}
    answer = client.post(SYNC, json.dumps(letter), content_type="application/json")
    assert answer.status_code == status
    return [(one["state"], one["reason"]) for one in answer.json().get("results", [])]


def key(walk: Round) -> str:
    return days.key_of(walk.plan_id, walk.opens_at)


def test_the_day_holds_all_that_is_asked_for_whom_it_is(desk: Desk, walk: Round) -> None:
    told = day_of(desk.client("lin"))
    assert told["person"] == {"username": "lin", "name": "测试甲"}
    one, tomorrow = told["rounds"]
    assert (tomorrow["number"], tomorrow["stops"][1]["code"]) == (None, "KBS-01"), "for a day without a network"
    assert (one["key"], one["number"], one["state"]) == (key(walk), walk.pk, "open")
    assert [stop["code"] for stop in one["stops"]] == ["", "KBS-01", "KBS-02"]
    door, expires = one["stops"][0]["asked"]
    assert [option["word"] for option in door["options"]] == ["正常", "异常", "不适用"]
    assert door["bounds"] == {"bad": ["no"]}
    assert expires["bounds"]["low"] == (walk.on + timedelta(days=60)).isoformat()
    for who in ("zhu", "ou", "ren"):
        assert day_of(desk.client(who))["rounds"] == [], "not theirs to walk"
    assert len(day_of(desk.client("zhu"), f"?round={key(walk)}")["rounds"]) == 1, "taken for somebody else"
    assert day_of(desk.client("ou"), f"?round={key(walk)}")["rounds"] == [], "out of scope stays out"


def test_the_rounds_of_four_hundred_others_leave_ones_own_on_the_phone(
    desk: Desk, walk: Round, today: datetime
) -> None:
    own = [one["key"] for one in day_of(desk.client("lin"))["rounds"]]
    assert own[0] == key(walk)
    theirs = make_plan(desk, today, (time(0), time(0)), person=desk.hall.staff["zhu"])
    assert theirs.next_at is not None
    begins = walk.opens_at - timedelta(hours=1)
    Round.objects.bulk_create(
        Round(
            plan=theirs, area=walk.area, edition=walk.edition, place_path=walk.place_path, on=walk.on, stops=[],
            opens_at=begins + timedelta(seconds=number), closes_at=walk.closes_at - timedelta(minutes=1),
        )
        for number in range(401)
    )  # fmt: skip
    theirs.next_at -= timedelta(minutes=1)
    copies = [copy(theirs) for _number in range(401)]
    for one in copies:
        one.pk = None
    RoundPlan.objects.bulk_create(copies)
    assert [one["key"] for one in day_of(desk.client("lin"))["rounds"]] == own
    assert len(day_of(desk.client("zhu"))["rounds"]) == days.MOST, "and no more than anybody walks"


def test_a_round_that_falls_due_later_is_on_the_phone_before_the_center_opens_it(
    desk: Desk, walk: Round, today: datetime
) -> None:
    local = timezone.localtime(today).replace(second=0, microsecond=0)
    plan = make_plan(desk, today, ((local + timedelta(hours=2)).time(), (local + timedelta(hours=3)).time()))
    begins = plan.next_at
    assert begins is not None
    client, later = desk.client("lin"), days.key_of(plan.pk, begins)
    told = {one["key"]: one for one in day_of(client)["rounds"]}
    assert told[later]["number"] is None
    said = piece("early", later, question="door", value="yes")
    ((state, reason),) = send(client, said)
    assert (state, RoundAnswer.objects.count()) == ("later", 0)
    assert "还没有开出" in reason
    jobs.open_rounds(begins)
    assert send(client, said) == [("kept", "")]
    planning.end_plan(SYSTEM, plan, on=timezone.localdate(today), now=today)
    gone = piece("gone", days.key_of(plan.pk, begins + timedelta(days=3)), question="door", value="yes")
    assert send(client, gone)[0][0] == "refused"


def test_twice_is_once_and_one_refused_holds_back_no_other(desk: Desk, walk: Round) -> None:
    client, where = desk.client("lin"), key(walk)
    said = [
        piece("1", where, question="expires", value="soon"),
        {"id": "phone-item-2", "kind": "nonsense"},
        piece("3", where, question="door", value="no", note="推不动"),
        piece("4", where, question="door", value="yes", replaces="phone-item-3"),
        piece("5", "99999-20260101T000000Z", question="door", value="yes"),
    ]
    first = send(client, *said)
    assert [state for state, _reason in first] == ["refused", "refused", "kept", "kept", "refused"]
    assert "请填日期" in first[0][1]
    assert send(client, *said) == first
    told = RoundAnswer.objects.filter(source="person").order_by("pk")
    assert [(one.value, one.state, one.received, one.device) for one in told] == [
        ("no", "replaced", 2, "phone-one"),
        ("yes", "current", 2, "phone-one"),
    ]
    assert [one.event for one in RoundTrace.objects.exclude(event="opened")] == ["edited"]


def test_another_answer_comes_back_as_a_conflict_with_both_names(desk: Desk, walk: Round) -> None:
    send(desk.client("zhu"), piece("a", key(walk), question="door", value="yes"), owner="zhu")
    assert send(desk.client("lin"), piece("b", key(walk), question="door", value="no")) == [("conflict", "")]
    one = day_of(desk.client("lin"))["rounds"][0]
    door = one["stops"][0]["asked"][0]
    assert (one["conflicts"], door["answer"]["by"], door["conflicts"]) == (
        1, "测试zhu", [{"word": "异常", "by": "测试甲"}],
    )  # fmt: skip


def test_what_one_said_is_not_taken_under_another_name(desk: Desk, walk: Round) -> None:
    said = piece("1", key(walk), question="door", value="yes")
    send(desk.client("zhu"), said, owner="lin", status=409)
    answer = desk.client("zhu").post(PHOTO, {"owner": "lin", "id": "phone-photo", "round": key(walk)})
    assert answer.status_code == 409
    assert not RoundAnswer.objects.filter(source="person").exists()
    answer = desk.client("ren").post(
        SYNC, json.dumps({"owner": "ren", "device": "d", "items": [said]}), content_type="application/json"
    )
    assert answer.json()["results"][0]["state"] == "refused", "not this body's round"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"owner": "lin"}', b'{"owner":"lin","device":"\x00","items":[]}'])
def test_what_is_no_letter_is_refused(desk: Desk, walk: Round, body: bytes) -> None:
    assert desk.client("lin").post(SYNC, body, content_type="application/json").status_code == 400


def test_a_photograph_comes_by_itself_and_once(desk: Desk, walk: Round) -> None:
    raw = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(raw, "JPEG")
    client = desk.client("lin")
    told = {
        "owner": "lin", "id": "phone-photo-1", "round": key(walk), "stop": "KBS-01", "question": "print",
        "at": timezone.now().isoformat(),
    }  # fmt: skip

    def post(content: bytes, **changes: str) -> str:
        sent = {**told, **changes, "photo": SimpleUploadedFile("p.jpg", content, "image/jpeg")}
        state: str = client.post(PHOTO, sent).json()["results"][0]["state"]
        return state

    assert [post(raw.getvalue()), post(raw.getvalue())] == ["kept", "kept"]
    assert RoundPhoto.objects.count() == 1
    assert post(b"no picture", id="phone-photo-2") == "refused"
    assert post(raw.getvalue(), id="phone-photo-3", at="yesterday") == "refused"
    assert day_of(client)["rounds"][0]["stops"][1]["asked"][0]["photos"] == 1


def test_beside_a_fixed_label_the_position_is_kept_as_a_word_and_goes_in_time(
    desk: Desk, walk: Round, today: datetime
) -> None:
    machine = terminals.register_terminal(
        SYSTEM, code="KBS-11", name="社保自助机", area="KBS", owner="RS", kind="watched", now=today
    )
    watching_actions.set_relay(SYSTEM, machine.pk, None, today)
    profile = watching.profile_of(machine.pk)
    assert profile is not None
    Round.objects.filter(pk=walk.pk).update(stops=["KBS-01", "KBS-11"])
    client, where = desk.client("lin"), {"latitude": 39.6081234567, "longitude": 109.78, "accuracy_m": 12.4}
    said = piece("p1", key(walk), kind="presence", stop="KBS-11", code=profile.qr, position=where)
    wrong = piece("p2", key(walk), kind="presence", stop="KBS-01", code=profile.qr, position=where)
    nowhere = piece(
        "p3", key(walk), kind="presence", stop="KBS-11", code=profile.qr, position={**where, "latitude": 91}
    )
    assert [state for state, _reason in send(client, said, wrong, nowhere)] == ["kept"] * 3
    kept = [(one.verdict, one.latitude, one.accuracy_m) for one in walk.presences.order_by("pk")]
    assert kept == [("said", 39.60812, 12), ("wrong", None, None), ("said", None, None)]
    stop = day_of(client)["rounds"][0]["stops"][2]
    assert (stop["watched"], stop["proof"], len(stop["label"])) == (True, "said", 64)
    assert profile.qr not in json.dumps(stop), "the phone knows the label when it is read, and cannot say it by itself"
    rule = next(one for one in RETENTION if one.name == "maintenance.round_positions")
    late = today + timedelta(days=401)
    assert rule.erase(rule.due(rule.held(), late)) == 1
    assert walk.presences.filter(latitude__isnull=False).count() == 0
    assert walk.presences.count() == 3


def test_the_end_waits_for_nothing_and_comes_twice_as_once(desk: Desk, walk: Round) -> None:
    client, end = desk.client("lin"), piece("end", key(walk), kind="finish", note="")
    assert "没有作答" in send(client, end)[0][1]
    assert send(client, {**end, "note": "雪大"}, {**end, "note": "雪大"}) == [("kept", ""), ("kept", "")]
    walk.refresh_from_db()
    assert (walk.state, walk.note, walk.finished_by) == ("done", "雪大", "lin")


def test_the_page_and_its_worker_hold_nothing_of_anybody(desk: Desk) -> None:
    page = desk.client("lin").get("/console/my-rounds/")
    assert page["X-Rounds-Version"] == phone_rounds.version()
    assert "测试甲" not in page.content.decode()
    assert 'type="module"' in page.content.decode()
    nobody = Client()
    assert nobody.get("/console/my-rounds/").status_code == 302
    worker = nobody.get("/console/my-rounds/worker.js")
    assert worker["Service-Worker-Allowed"] == "/console/"
    kept = json.loads(worker.content.decode().partition("\n")[0].removeprefix("const KEPT = ").rstrip(";"))
    assert kept["shell"] == reverse("console:my_rounds")
    scripts = {f"/static/{name}" for name in phone_rounds.FILES}
    assert set(kept["files"]) == scripts
    manifest = nobody.get("/console/my-rounds/manifest.webmanifest").json()
    assert (manifest["start_url"], manifest["display"]) == ("/console/my-rounds/", "standalone")
    assert desk.client("sys").get("/console/my-rounds/").status_code == 403
