"""E-licences: asked with consent, sealed to the journey, stored nowhere; a silent source is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from tests.center.services.the_counter import KEY, PERSON, Clock, Counter, Department, Kiosk, give_session
from tests.center.services_cast import SYSTEM

from budayang.center.platform.actions import Refused
from budayang.center.platform.models import AuditLine
from budayang.center.platform.sealing import center_keys, seal_field
from budayang.center.services import licence_line
from budayang.center.services.hearing import standing
from budayang.center.services.models import LicenceSource
from budayang.center.terminals.models import Terminal
from budayang.sandbox import licences as sandbox
from budayang.sandbox.citizens import find_citizen
from budayang.wire import journeys
from budayang.wire.sealing import licence_info, open_text, seal_text

pytestmark = pytest.mark.django_db(transaction=True)
CONSENT = {"version": "电子证照-2026-11", "at": "2026-11-23T18:14:00Z"}


@pytest.fixture
def source() -> sandbox.Licences:
    return sandbox.Licences()


@pytest.fixture
def kiosk(
    transactional_db: None, judged: datetime, jia: Terminal, source: sandbox.Licences, now: datetime
) -> Iterator[Kiosk]:
    transport = httpx.ASGITransport(Starlette(routes=source.routes()))

    async def carry(request: httpx.Request) -> httpx.Response:
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.send(client.build_request(
                request.method, request.url, headers=request.headers, content=request.content
            ))  # fmt: skip

    running = Counter(Clock(now), Department([carry]))
    licence_line.set_source(SYSTEM, "DEMO", name="市电子证照库", url="http://127.0.0.1:8810/licences", key=sandbox.KEY)
    give_session(jia, KEY, now, seal_field)
    yield Kiosk(running, jia)
    running.stop()


def ask(kiosk: Kiosk, person: dict[str, Any], kinds: list[str]) -> httpx.Response:
    sealed = seal_text(center_keys().seal_public, msgspec.json.encode(person), licence_info(kiosk.terminal.code))
    body = {"sealed": sealed, "reply_key": kiosk.reply_key, "item": "ZZ045", "kinds": kinds, "consent": CONSENT}
    return kiosk.post("/wire/v1/cases/licences", json.dumps(body).encode())


def opened(kiosk: Kiosk, answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return journeys.licences_of(open_text(kiosk.reply, answer.json()["sealed"], licence_info(kiosk.terminal.code)))


def known() -> dict[str, Any]:
    citizen = find_citizen("甲")
    assert citizen is not None
    return {"name": citizen.name, "id_number": citizen.id_number, "id_kind": "resident"}


def test_what_a_source_knows_comes_back_sealed_to_the_journey_and_stays_nowhere(
    kiosk: Kiosk, source: sandbox.Licences
) -> None:
    answer = ask(kiosk, known(), ["marriage", "insurance"])
    found = opened(kiosk, answer)
    assert [(one["kind"], one["source"]) for one in found] == [
        ("insurance", "市电子证照库"), ("marriage", "市电子证照库")
    ]  # fmt: skip
    assert found[1]["facts"]["spouse_name"] not in answer.text
    assert source.asked == {"marriage": 1, "insurance": 1}, "birth was not asked for"
    line = AuditLine.objects.get(action="services.ask_licences")
    assert line.details == {"kinds": ["marriage", "insurance"], "consent": CONSENT["version"], "outcome": "answered"}
    told = json.dumps([row.details | {"s": row.subject} for row in AuditLine.objects.all()], ensure_ascii=False)
    assert known()["id_number"] not in told
    assert known()["name"] not in told


def test_nobody_s_licences_are_an_empty_answer(kiosk: Kiosk) -> None:
    assert opened(kiosk, ask(kiosk, {**known(), "name": "别人"}, ["marriage"])) == []
    assert opened(kiosk, ask(kiosk, {**PERSON, "form": None}, ["marriage"])) == []


def test_a_source_that_is_down_is_told_and_nothing_is_known(kiosk: Kiosk, source: sandbox.Licences) -> None:
    source.down = True
    answer = ask(kiosk, known(), ["marriage"])
    assert (answer.status_code, answer.json()["error"]) == (424, "licences_unavailable")
    assert AuditLine.objects.get(action="services.ask_licences").details["outcome"] == "silent"


def test_without_a_source_or_with_a_wrong_key_nobody_answers(kiosk: Kiosk) -> None:
    licence_line.set_source(SYSTEM, "DEMO", name="市电子证照库", url="http://127.0.0.1:8810/licences", key="wrong")
    assert ask(kiosk, known(), ["marriage"]).status_code == 424
    LicenceSource.objects.update(active=False)
    assert ask(kiosk, known(), ["marriage"]).status_code == 424


def test_an_address_that_must_not_be_called_is_refused(db: None) -> None:
    with pytest.raises(Refused):
        licence_line.set_source(SYSTEM, "XX", name="x", url="http://169.254.169.254/", key="k")


def test_the_key_of_a_source_is_sealed(kiosk: Kiosk) -> None:
    assert sandbox.KEY.encode() not in bytes(LicenceSource.objects.get().key_sealed)
    (place,) = licence_line.sources()
    assert (place.name, place.url, place.key) == ("市电子证照库", "http://127.0.0.1:8810/licences", sandbox.KEY)


def test_an_empty_key_stays_with_its_address_and_never_follows_to_another(kiosk: Kiosk) -> None:
    url = "http://127.0.0.1:8810/licences"
    licence_line.set_source(SYSTEM, "DEMO", name="证照库", url=url, key="")
    assert licence_line.sources()[0].key == sandbox.KEY
    with pytest.raises(Refused):
        licence_line.set_source(SYSTEM, "DEMO", name="证照库", url="https://elsewhere.example/", key="")
    with pytest.raises(Refused):
        licence_line.set_source(SYSTEM, "NEW", name="另一家", url=url, key="")
    assert "key_sealed" not in str(AuditLine.objects.filter(action="services.set_licence_source").last().details)


def test_whether_a_source_answers_is_known_and_nothing_of_what_it_said(
    kiosk: Kiosk, source: sandbox.Licences, now: datetime
) -> None:
    def row() -> LicenceSource:
        return LicenceSource.objects.get()

    assert standing(row()) == "unknown"
    opened(kiosk, ask(kiosk, known(), ["marriage"]))
    assert (standing(row()), row().heard_at, row().why) == ("answers", now, "")
    source.down = True
    ask(kiosk, known(), ["marriage"])
    assert (standing(row()), row().failures, row().why) == ("stumbles", 1, "HTTP 503")
    ask(kiosk, known(), ["marriage"])
    ask(kiosk, known(), ["marriage"])
    assert standing(row()) == "silent"
    source.down = False
    ask(kiosk, known(), ["marriage"])
    assert (standing(row()), row().failures) == ("answers", 0)
