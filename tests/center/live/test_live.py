"""Live streams: who may listen, what is told, and that a stream ends with the session and with the program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import OperationalError, connections, transaction
from django.test import Client
from django.utils import timezone

from budayang.center.live import app as live
from budayang.center.live.app import LiveApplication, topics_of
from budayang.center.platform import actions
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Staff


def test_a_topic_is_the_first_word() -> None:
    assert topics_of(["terminals.status", "terminals.silent", "maintenance.order_closed"]) == {
        "terminals",
        "maintenance",
    }


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "POLL_S", 0.05)
    monkeypatch.setattr(live, "KEEPALIVE_S", 0.2)
    monkeypatch.setattr(live, "CHECK_S", 0.1)


class Listener:
    """A browser's end of a stream."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.status = 0
        self.gone = asyncio.Event()
        self.ended = False

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.parts.append(message.get("body", b"").decode())
            self.ended = not message.get("more_body", False)

    async def until(self, words: str) -> None:
        async with asyncio.timeout(10):
            while words not in "".join(self.parts):
                await asyncio.sleep(0.02)

    async def until_ended(self) -> None:
        async with asyncio.timeout(10):
            while not self.ended:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def listening(app: LiveApplication, path: str, cookie: str = "") -> AsyncIterator[Listener]:
    listener = Listener()
    headers = [(b"cookie", cookie.encode())] if cookie else []
    scope = {"type": "http", "path": path, "headers": headers}
    task = asyncio.create_task(app(scope, listener.receive, listener.send))
    try:
        yield listener
    finally:
        listener.gone.set()
        await asyncio.wait_for(task, 10)


def tell(kind: str) -> None:
    moment: datetime = timezone.now()
    with transaction.atomic():
        actions.emit(kind, subject="x", place_path="", payload={}, occurred_at=moment, now=moment)
    connections.close_all()


def sign_in() -> tuple[Staff, str]:
    person = actions.add_staff(Actor.system(), username="lin", name="林", password="a long enough word")
    client = Client()
    client.force_login(person)
    return person, f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


async def _play(path: str, *, stop_account: bool = False) -> Listener:
    person, cookie = await sync_to_async(sign_in)()
    app = LiveApplication()
    async with listening(app, path, cookie if path == "/live/" else "") as listener:
        await listener.until(": open")
        await asyncio.sleep(0.2)
        await sync_to_async(tell)("maintenance.incident_opened")
        await sync_to_async(tell)("terminals.status")
        await listener.until("data: terminals")
        if stop_account:
            await Staff.objects.filter(pk=person.pk).aupdate(is_active=False)
            await listener.until_ended()
        await app.shutdown()
        await listener.until_ended()
    await sync_to_async(connections.close_all)()
    return listener


@pytest.mark.django_db(transaction=True)
def test_staff_hear_every_topic_and_the_stream_ends_with_the_program(quick: None) -> None:
    listener = asyncio.run(_play("/live/"))
    assert "event: topic\ndata: maintenance\n\n" in "".join(listener.parts)


@pytest.mark.django_db(transaction=True)
def test_the_public_hears_what_the_public_page_shows_only(quick: None) -> None:
    listener = asyncio.run(_play("/live/public"))
    assert "maintenance" not in "".join(listener.parts)


@pytest.mark.django_db(transaction=True)
def test_a_stopped_account_hears_nothing_more(quick: None) -> None:
    asyncio.run(_play("/live/", stop_account=True))


@pytest.mark.django_db(transaction=True)
def test_nobody_listens_without_sign_in() -> None:
    async def play() -> Listener:
        async with listening(LiveApplication(), "/live/", "sessionid=guessed") as listener:
            await listener.until_ended()
        await sync_to_async(connections.close_all)()
        return listener

    assert asyncio.run(play()).status == 403


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_for_a_while_ends_no_stream_s_news(
    quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, failed = live._read_news, []

    def failing(since_s: float) -> list[tuple[int, str]]:
        if 0 < len(failed) < 4:
            failed.append(since_s)
            raise OperationalError("the database went away")
        return read(since_s)

    async def play() -> None:
        app = LiveApplication()
        async with listening(app, "/live/public") as listener:
            await listener.until(": open")
            await asyncio.sleep(0.2)
            failed.append(0.0)  # from here on it is away
            async with asyncio.timeout(10):
                while len(failed) < 4:
                    await asyncio.sleep(0.02)
            await sync_to_async(tell)("terminals.status")
            await listener.until("data: terminals")
            await app.shutdown()
        await sync_to_async(connections.close_all)()

    monkeypatch.setattr(live, "_read_news", failing)
    asyncio.run(play())
    assert failed[3] > failed[1] >= live.WINDOW_S, "what happened meanwhile is looked for too"


@pytest.mark.django_db(transaction=True)
def test_the_streams_of_the_public_have_a_ceiling_and_staff_do_not_share_it(
    quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PUBLIC_MOST", 1)

    async def play() -> list[int]:
        _person, cookie = await sync_to_async(sign_in)()
        app, seen = LiveApplication(), []
        async with listening(app, "/live/public") as first:
            await first.until(": open")
            async with listening(app, "/live/public") as second:
                await second.until_ended()
            async with listening(app, "/live/", cookie) as staff:
                await staff.until(": open")
            seen += [first.status, second.status, staff.status]
        async with listening(app, "/live/public") as third:
            await third.until(": open")
            seen.append(third.status)
        await app.shutdown()
        await sync_to_async(connections.close_all)()
        return seen

    assert asyncio.run(play()) == [200, 503, 200, 200]
