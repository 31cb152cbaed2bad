"""The row that says how a terminal is now: whatever the messages say, in whatever order, it follows the intervals."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from budayang.center.areas import actions as areas
from budayang.center.platform import actions as platform
from budayang.center.platform.actions import emit
from budayang.center.platform.actors import Actor, Grant, Role
from budayang.center.platform.deliveries import deliver
from budayang.center.platform.models import Transition
from budayang.center.terminals import actions, jobs, queries, summary_actions
from budayang.center.terminals.models import IngestLease, StatusInterval, Terminal, TerminalNow
from budayang.center.terminals.summary_queries import count_by_level, summary_of

SYSTEM = Actor.system()
NOW_CONSUMER = jobs.CONSUMERS[0]


@pytest.fixture
def hall(now: datetime, db: None) -> list[Terminal]:
    """Forty terminals in one area."""
    city = platform.add_place(SYSTEM, code="150600", name="鄂尔多斯市", kind="region", parent=None)
    platform.add_organization(SYSTEM, code="RS", name="RS", kind="owner", place=city)
    areas.create_area(SYSTEM, code="KBS", name="KBS", parent=city)
    made = [
        actions.register_terminal(SYSTEM, code=f"KBS-{n:02}", name="x", area="KBS", owner="RS", now=now)
        for n in range(1, 41)
    ]
    Terminal.objects.update(state="active", last_seen_at=now)
    return made


def say(terminal: Terminal, since: datetime, kind: str, prop: str, state: str) -> None:
    """What ingest writes when a property changes."""
    mine = StatusInterval.objects.filter(terminal=terminal, subject=kind, property=prop, until__isnull=True)
    mine.update(until=since)
    if state != "removed":
        StatusInterval.objects.create(
            terminal=terminal, subject=kind, property=prop, kind=kind, state=state, since=since, received_at=since
        )


def news(*terminals: Terminal, kind: str = "terminals.status", **payload: Any) -> list[Transition]:
    return [Transition(kind=kind, payload={"terminal": one.code, **payload}) for one in terminals]


def summary(terminal: Terminal) -> tuple[str, str, int, list[str]]:
    row = TerminalNow.objects.get(pk=terminal.pk)
    return row.level, row.application, row.rank, [reason["state"] for reason in row.reasons]


def test_a_registered_terminal_is_unknown_at_once(hall: list[Terminal]) -> None:
    assert summary(hall[0])[:3] == ("unknown", "", 2)


def test_messages_that_lie_repeat_or_come_late_lead_to_the_same_row(hall: list[Terminal], now: datetime) -> None:
    jia = hall[0]
    say(jia, now, "printer", "device", "online")
    say(jia, now, "printer", "paper.upper", "out")
    # the news of the older "full" arrives last, twice, after that of "out"
    for state in ("out", "full", "full"):
        summary_actions.take_news(news(jia, property="paper.upper", state=state), now)
        assert summary(jia) == ("fault", "", 0, ["out"])
    reason = TerminalNow.objects.get(pk=jia.pk).reasons[0]
    assert reason == {
        "subject": "printer", "property": "paper.upper", "state": "out", "level": "fault", "text": "打印机缺纸",
        "action": "补充A4打印纸", "code": "clear",
    }  # fmt: skip
    say(jia, now + timedelta(seconds=1), "printer", "paper.upper", "full")
    summary_actions.take_news(news(jia, kind="terminals.corrected"), now + timedelta(seconds=2))
    assert summary(jia) == ("ok", "", 4, [])
    assert TerminalNow.objects.get(pk=jia.pk).updated_at == now + timedelta(seconds=2)
    summary_actions.take_news(news(jia), now + timedelta(seconds=9))
    assert TerminalNow.objects.get(pk=jia.pk).updated_at == now + timedelta(seconds=2), "nothing changed"


def test_program_and_devices_are_two_facts(hall: list[Terminal], now: datetime) -> None:
    jia, yi = hall[:2]
    for one in (jia, yi):
        say(one, now, "printer", "device", "online")
        say(one, now, "terminal", "link", "online")
    say(jia, now, "terminal", "application", "pageDead")
    say(yi, now, "terminal", "application", "inService")
    say(yi, now, "printer", "paper.upper", "low")
    summary_actions.take_news(news(jia, yi), now)
    assert summary(jia) == ("ok", "pageDead", 0, []), "the screen is dead, the devices are well"
    assert summary(yi) == ("warning", "inService", 1, ["low"])
    assert queries.health_of([jia.pk])[jia.pk].level == "ok"


def test_three_facts_in_three_queries(hall: list[Terminal], now: datetime, django_assert_num_queries: Any) -> None:
    jia, yi, bing = hall[:3]
    IngestLease.objects.create(pk=1, beat_at=now)
    say(jia, now, "terminal", "application", "error")
    say(jia, now, "printer", "device", "online")
    Terminal.objects.filter(pk=yi.pk).update(silent_since=now)
    say(yi, now, "printer", "device", "offline")
    with django_assert_num_queries(3):
        facts = queries.three_facts_of([one.pk for one in hall], now)
    found = [(facts[one.pk].liveness, facts[one.pk].application.state, facts[one.pk].health.level) for one in hall[:3]]
    assert found == [("online", "error", "ok"), ("silent", "unknown", "fault"), ("online", "unknown", "unknown")]
    assert facts[bing.pk].application.level == "unknown", "never told is not known, and no fault"


def test_one_batch_is_the_same_number_of_queries_for_one_and_for_forty(hall: list[Terminal], now: datetime) -> None:
    counts = []
    for some in (hall[:1], hall):
        for one in some:
            say(one, now + timedelta(seconds=len(counts)), "printer", "device", "online" if len(counts) else "offline")
        with CaptureQueriesContext(
            connection,
        ) as caught:
            summary_actions.take_news([*news(*some), *news(*some, kind="terminals.heard")], now)
        counts.append(len([q for q in caught.captured_queries if "SAVEPOINT" not in q["sql"]]))
    assert counts == [6, 6]


def test_missing_rows_are_repaired_and_all_can_be_made_anew(hall: list[Terminal], now: datetime) -> None:
    for one in hall:
        say(one, now, "printer", "device", "online")
    TerminalNow.objects.filter(pk__in=[one.pk for one in hall[:7]]).delete()
    assert summary_actions.repair(now, limit=5) == 5
    assert summary_actions.repair(now) == 2
    assert summary_actions.repair(now) == 0
    assert summary(hall[6])[0] == "ok"
    assert summary_actions.rebuild(now) == len(hall) - 7, "those that were registered before anything was told"
    assert set(TerminalNow.objects.values_list("level", flat=True)) == {"ok"}


def test_it_reads_its_news_as_a_consumer(hall: list[Terminal], now: datetime) -> None:
    say(hall[3], now, "idReader", "security", "notReady")
    emit(
        "terminals.status", subject="terminal:KBS-04", place_path="/150600/A-KBS/", payload={"terminal": "KBS-04"},
        occurred_at=now, now=now,
    )  # fmt: skip
    while deliver(NOW_CONSUMER, now):
        pass
    assert summary(hall[3])[:3] == ("fault", "", 0)


def test_lists_sort_by_it_and_the_overview_counts_by_it(
    hall: list[Terminal], now: datetime, django_assert_num_queries: Any
) -> None:
    for number, state in enumerate(("online", "hardwareError", "deviceBusy", "x-vendor-9")):
        say(hall[number], now, "printer", "device", state)
    summary_actions.rebuild(now)
    worst = Terminal.objects.order_by("now__rank", "code").values_list("code", flat=True)
    assert worst[0] == "KBS-02"
    assert list(worst)[-2:] == ["KBS-03", "KBS-01"], "busy and well come last"
    Terminal.objects.filter(pk=hall[1].pk).update(silent_since=now)
    Terminal.objects.filter(pk=hall[4].pk).update(state="suspended")
    Terminal.objects.filter(pk=hall[5].pk).update(state="registered")
    Terminal.objects.filter(pk=hall[6].pk).update(state="retired", silent_since=now)
    keeper = Actor("staff", "lin", (Grant(Role.AREA_KEEPER, "/150600/A-KBS/", None),))
    stranger = Actor("staff", "ou", (Grant(Role.AREA_KEEPER, "/150600/A-HJ/", None),))
    with django_assert_num_queries(1):
        counted = count_by_level(keeper)
    assert counted == {
        "registered": 1, "suspended": 1, "silent": 1, "fault": 0, "warning": 0, "unknown": 34, "busy": 1, "ok": 1,
    }  # fmt: skip
    assert sum(count_by_level(stranger).values()) == 0
    with django_assert_num_queries(1):
        assert summary_of([hall[0].pk])[hall[0].pk].level == "ok"


@pytest.mark.django_db(transaction=True)
def test_the_slower_of_two_workers_does_not_write_the_older_picture(
    hall: list[Terminal], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """甲 reads the intervals and stands still; 乙 has news of a newer one. Without the lock 甲 would write last."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one writer in at a time; run with BUDAYANG_TEST_PG for the race of two")
    jia = hall[0]
    say(jia, now, "printer", "device", "offline")
    has_read, go_on = threading.Event(), threading.Event()
    whole = queries.facts_of

    def slow(ids: Sequence[int]) -> Any:
        found = whole(ids)
        if threading.current_thread().name == "jia":
            has_read.set()
            assert go_on.wait(10)
        return found

    monkeypatch.setattr(summary_actions, "facts_of", slow)

    def work() -> None:
        try:
            summary_actions.recompute([jia.pk], now)
        finally:
            connections.close_all()

    first, second = threading.Thread(target=work, name="jia"), threading.Thread(target=work, name="yi")
    first.start()
    assert has_read.wait(10)
    say(jia, now + timedelta(seconds=1), "printer", "device", "online")
    second.start()
    second.join(0.3)
    assert second.is_alive(), "waits for the lock of the first"
    go_on.set()
    first.join(10)
    second.join(10)
    assert summary(jia)[0] == "ok"
