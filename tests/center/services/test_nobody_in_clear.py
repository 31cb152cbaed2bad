"""Two hundred journeys with every outcome, then a dump: no name, number, phone or face stands in the database or the
logs.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import datetime
from typing import Any

import httpx
import pytest
from django.db import connection
from tests.center.services.the_counter import DONE, FORMS, KEY, Clock, Counter, Department, Kiosk, give_session
from tests.stories.traces import forms

from budayang.center.platform.actors import Actor
from budayang.center.platform.sealing import seal_field
from budayang.center.services import case_actions
from budayang.center.services.connector_actions import declare_items
from budayang.center.services.models import Case, PersonCheck
from budayang.center.terminals.models import Terminal
from budayang.sandbox.devices.facemarks import mark_of, photo_of

pytestmark = pytest.mark.django_db(transaction=True)

JOURNEYS = 200
AT_ONCE = 10
SURNAMES, GIVEN = "测试仿真演示合成", "甲乙丙丁戊己庚辛壬癸"


def person(number: int) -> dict[str, Any]:
    """A synthetic citizen: region 999999, which is given to nobody."""
    digits = f"9999991990{number % 12 + 1:02d}{number % 28 + 1:02d}{number:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    check = "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11]
    name = SURNAMES[number % 4 * 2 : number % 4 * 2 + 2] + GIVEN[number // 10 % 10] + GIVEN[number % 10]
    found = {"name": name, "id_number": digits + check, "id_kind": "resident", "phone": f"1390000{number:04d}"}
    return {**found, "face": base64.b64encode(photo_of(digits + check)).decode("ascii")}


def face_check(who: dict[str, Any]) -> dict[str, Any]:
    """人证核对 by the face, from a terminal that says more than it may: the photo and the score itself."""
    consent = {"version": "face-2026-11", "at": "2026-11-23T18:12:00+00:00"}
    told = {"way": "face", "at": "2026-11-23T18:13:00+00:00", "consent": consent, "score": "high"}
    return {**told, "photo": who["face"], "score_value": 0.93125}


def _named(who: dict[str, Any]) -> dict[str, Any]:
    message = f"{who['name']}您好，{who['id_number']}的证明已出具"
    return DONE | {"message": message, "rows": [["姓名", who["name"]]]}


def _handed_in(who: dict[str, Any]) -> dict[str, Any]:
    return {"outcome": "handed_in", "message": f"已收件，结果发到{who['phone']}", "department_ref": "SF-1"}


ANSWERS: tuple[Callable[[dict[str, Any]], Any], ...] = (
    lambda who: DONE,
    _named,
    _handed_in,
    lambda who: {"outcome": "refused", "message": f"未查到{who['name']}的记录"},
    lambda who: httpx.ReadTimeout(f"no answer for {who['name']}"),
    lambda who: json.dumps({"outcome": who["name"], "rows": who["id_number"]}).encode(),
    lambda who: (503, {"Retry-After": "600"}),
    lambda who: (500, {"X-Person": who["id_number"]}),
    lambda who: (409, {}),
)
"""What departments do, over and over: also what they should not, such as naming the person in a message."""


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def department() -> Department:
    return Department()


@pytest.fixture
def kiosk(
    transactional_db: None, judged: datetime, clock: Clock, department: Department, jia: Terminal, now: datetime
) -> Iterator[Kiosk]:
    give_session(jia, KEY, now, seal_field)
    counter = Counter(clock, department)
    yield Kiosk(counter, jia)
    counter.stop()


def _speak(department: Department, people: dict[str, dict[str, Any]]) -> None:
    """Each person gets the same kind of answer however often it is asked."""
    chosen = {number: ANSWERS[place % len(ANSWERS)] for place, number in enumerate(people)}

    async def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        who = people[body["person"]["id_number"]]
        step = chosen[who["id_number"]](who)
        if isinstance(step, Exception):
            raise step
        if isinstance(step, tuple):
            return httpx.Response(step[0], headers=step[1], json={"detail": who["name"]})
        if isinstance(step, bytes):
            return httpx.Response(200, content=step)
        return httpx.Response(200, json=step)

    department.script = [answer]


def _cells() -> Iterator[tuple[str, bytes]]:
    """Every cell of every table, as bytes."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    if value is not None:
                        raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                        yield f"{table}.{name}", raw


def _traces(people: list[dict[str, Any]], where: Iterator[tuple[str, bytes]]) -> set[str]:
    """Places that hold anything of anybody. The needles of all are looked for in one text for each place."""
    words = [word for who in people for word in (who["name"], who["id_number"], who["phone"])]
    needles = {form for word in [*words, "0.93125"] for form in forms(word)}
    needles |= {one for who in people for one in (who["face"][:40].encode(), mark_of(who["id_number"]))}
    texts: dict[str, list[bytes]] = {}
    for place, value in where:
        texts.setdefault(place, []).append(value)
    joined = {place: b"\n".join(values) for place, values in texts.items()}
    return {place for place, text in joined.items() if any(needle in text for needle in needles)}


@pytest.mark.long
def test_two_hundred_journeys_leave_nobody_in_clear(
    kiosk: Kiosk, department: Department, capfd: pytest.CaptureFixture[str], now: datetime
) -> None:
    people = [person(number) for number in range(JOURNEYS)]
    _speak(department, {who["id_number"]: who for who in people})
    declare_items(
        Actor.system(), "RS", {"contract": "1", "items": {"ZZ001": {"kind": "query_print", "person_check": True}}}, now
    )
    running: list[Future[httpx.Response]] = []
    for count, who in enumerate(people, start=1):
        item = "ZZ130" if count % 3 == 0 else "ZZ001"
        form = FORMS[item] | ({"phone": who["phone"]} if item == "ZZ130" else {})
        sent = {"name": who["name"], "id_number": who["id_number"], "id_kind": who["id_kind"], "form": form}
        if item == "ZZ001":
            sent["check"] = face_check(who)
        body = kiosk.submit_body(kiosk.number(count), item, sent)
        running.append(kiosk.later("/wire/v1/cases/", body))
        if len(running) == AT_ONCE:
            assert {one.result(60).status_code for one in running} == {202}
            running.clear()
        if count % 20 == 0:
            kiosk.pending(who["id_number"])
    kiosk.counter.run(asyncio.sleep(0.5))
    answers = [kiosk.wait(count, wait_s=5) for count in range(1, JOURNEYS + 1)]
    assert {answer.status_code for answer in answers} == {200}
    states = set(Case.objects.values_list("state", flat=True))
    assert {"done", "handed_in", "failed", "review"} <= states
    assert Case.objects.count() == JOURNEYS
    assert PersonCheck.objects.filter(way="face", score_class="high").count() == JOURNEYS - JOURNEYS // 3
    reviewed = Case.objects.filter(state="review")[:3]
    for case in reviewed:
        case_actions.ask_again(Actor.system(), case.number, now)

    out, err = capfd.readouterr()
    logs = iter([("stdout", out.encode()), ("stderr", err.encode())])
    assert _traces(people, _cells()) == set()
    assert _traces(people, logs) == set()


def test_the_dump_would_find_somebody(kiosk: Kiosk) -> None:
    """What is looked for is found where it lies: else the silence above would prove nothing."""
    who = person(7)
    Terminal.objects.update(name=f"给{who['name']}")
    assert _traces([who], _cells()) == {"terminals_terminal.name"}
    Terminal.objects.update(name=who["face"][:60])
    assert _traces([who], _cells()) == {"terminals_terminal.name"}
