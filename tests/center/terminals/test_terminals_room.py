"""The terminals room through its doors: who may do what, what is written, what is read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from budayang.center.areas import actions as areas
from budayang.center.platform import actions as platform
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden, Grant, Role
from budayang.center.platform.models import AuditLine, Organization, Place
from budayang.center.terminals import actions, jobs, queries
from budayang.center.terminals.models import Inbox, IngestLease, IngestNotice, Outgoing, StatusInterval, Terminal

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


def staff(name: str, role: Role, path: str, organization: Organization | None = None) -> Actor:
    return Actor("staff", name, (Grant(role, path, organization.pk if organization else None),))


@pytest.fixture
def cast(now: datetime) -> dict[str, Any]:
    """Two areas; 甲 of 人社 and 乙 of 医保 in one of them; 林 keeps it, 欧 the other, 莫 is the vendor's man."""
    city = platform.add_place(SYSTEM, code="150600", name="鄂尔多斯市", kind="region", parent=None)
    bodies = {
        code: platform.add_organization(SYSTEM, code=code, name=code, kind=kind, place=city)
        for code, kind in (("RS", "owner"), ("YB", "owner"), ("VN1", "vendor"))
    }
    for code in ("KBS", "HJ"):
        areas.create_area(SYSTEM, code=code, name=code, parent=city)

    def register(code: str, owner: str, vendor: str | None) -> Terminal:
        return actions.register_terminal(
            SYSTEM, code=code, name=code, area="KBS", owner=owner, vendor=vendor, now=now, is_demo=True
        )

    return {
        "city": city,
        "jia": register("KBS-01", "RS", "VN1"),
        "yi": register("KBS-02", "YB", None),
        "lin": staff("lin", Role.AREA_KEEPER, "/150600/A-KBS/"),
        "ou": staff("ou", Role.AREA_KEEPER, "/150600/A-HJ/"),
        "mo": staff("mo", Role.VENDOR_ENGINEER, "/150600/", bodies["VN1"]),
        "ren": staff("ren", Role.OWNER_UNIT, "/150600/", bodies["RS"]),
        "zhu": staff("zhu", Role.SUPERVISOR, "/150600/"),
    }


def test_everybody_sees_their_own_machines(cast: dict[str, Any]) -> None:
    def seen(name: str) -> list[str]:
        return [one.code for one in queries.visible_to(cast[name])]

    assert seen("lin") == seen("zhu") == ["KBS-01", "KBS-02"]
    assert seen("mo") == seen("ren") == ["KBS-01"]
    assert seen("ou") == []
    assert list(queries.visible_to(Actor.public())) == []
    assert [one.code for one in queries.visible_to(Actor.terminal("KBS-02", "/150600/A-KBS/"))] == ["KBS-02"]
    with pytest.raises(Terminal.DoesNotExist):
        queries.get_terminal(cast["ou"], "KBS-01")
    assert queries.find_terminal(cast["ren"], "KBS-02") is None


def test_a_stranger_and_an_owner_may_not_suspend_and_a_keeper_may(cast: dict[str, Any], now: datetime) -> None:
    Terminal.objects.update(state="active")
    for name in ("ou", "ren", "mo"):
        with pytest.raises(Forbidden):
            actions.suspend(cast[name], cast["jia"].pk, now)
    lines = AuditLine.objects.count()
    assert actions.suspend(cast["lin"], cast["jia"].pk, now, reason="检修").state == "suspended"
    assert AuditLine.objects.count() == lines + 1
    with pytest.raises(Refused):
        actions.suspend(cast["lin"], cast["jia"].pk, now)
    actions.resume(cast["lin"], cast["jia"].pk, now)
    assert queries.get_terminal(cast["lin"], "KBS-01").state == "active"
    assert IngestNotice.objects.filter(terminal=cast["jia"]).count() == 3, "registered, suspended, resumed"


def test_registration_refuses_what_cannot_be(cast: dict[str, Any], now: datetime) -> None:
    def register(actor: Actor, code: str) -> Terminal:
        return actions.register_terminal(actor, code=code, name="x", area="KBS", owner="RS", now=now)

    with pytest.raises(Refused):
        register(SYSTEM, "KBS-01")
    with pytest.raises(Refused):
        register(SYSTEM, "kbs 03")
    with pytest.raises(Exception, match="does not exist"):
        register(cast["ou"], "KBS-03")
    assert register(cast["lin"], "KBS-03").state == "registered"


def test_a_vendors_engineer_may_send_to_his_machines_only(cast: dict[str, Any], now: datetime) -> None:
    actions.send(cast["mo"], cast["jia"].pk, "command", {"name": "test_print"}, now)
    with pytest.raises(Forbidden):
        actions.send(cast["mo"], cast["yi"].pk, "command", {"name": "test_print"}, now)
    assert AuditLine.objects.get(action="terminals.send").details == {"kind": "command", "name": "test_print"}


def test_only_the_newest_of_what_replaces_is_waiting(cast: dict[str, Any], now: datetime) -> None:
    both = [cast["jia"].pk, cast["yi"].pk]
    for revision in range(3):
        actions.send_to_many(SYSTEM, both, "catalogue", {"revision": revision}, now)
        actions.send_to_many(SYSTEM, both, "notice", {"id": revision}, now)
    waiting = [(row.terminal_id, row.kind, row.body) for row in queries.waiting_outgoing(both[:1], now)]
    assert waiting == [
        (both[0], "notice", {"id": 0}),
        (both[0], "notice", {"id": 1}),
        (both[0], "catalogue", {"revision": 2}),
        (both[0], "notice", {"id": 2}),
    ]


def test_liveness_says_unknown_when_nobody_listens(cast: dict[str, Any], now: datetime) -> None:
    jia = cast["jia"]
    assert queries.liveness(jia.pk, now) == "unknown"
    Terminal.objects.update(state="active", last_seen_at=now)
    assert queries.liveness(jia.pk, now) == "unknown", "ingest never ran"
    IngestLease.objects.create(pk=1, beat_at=now)
    assert queries.liveness(jia.pk, now) == "online"
    assert queries.liveness(jia.pk, now + timedelta(seconds=21)) == "unknown"
    Terminal.objects.update(silent_since=now)
    assert queries.liveness(jia.pk, now) == "silent"
    Terminal.objects.update(state="suspended")
    assert queries.liveness(jia.pk, now) == "suspended"


def test_states_history_and_health(cast: dict[str, Any], now: datetime) -> None:
    def status(prop: str, state: str, since: datetime, until: datetime | None = None, subject: str = "printer") -> None:
        StatusInterval.objects.create(
            terminal=cast["jia"], subject=subject, property=prop, kind=subject, state=state, since=since, until=until,
            received_at=since,
        )  # fmt: skip

    hour = timedelta(hours=1)
    status("paper.upper", "full", now - 3 * hour, now - 2 * hour)
    status("paper.upper", "out", now - 2 * hour)
    status("link", "silent", now - hour, subject="terminal")
    current = queries.current_states([cast["jia"].pk, cast["yi"].pk])
    assert current[cast["yi"].pk] == {}
    assert current[cast["jia"].pk]["printer", "paper.upper"].since == now - 2 * hour
    rows = queries.history(cast["jia"].pk, now - 2 * hour, now - hour)
    assert [(row.state, row.until) for row in rows] == [("out", None)], "half-open at both ends"
    health = queries.health(cast["jia"].pk)
    assert (health.level, [one.subject for one in health.reasons]) == ("fault", ["printer"])
    assert queries.health(cast["yi"].pk).level == "unknown"
    with pytest.raises(IntegrityError), transaction.atomic():
        status("paper.upper", "low", now)


def add_event(cast: dict[str, Any], seq: int, kind: str, now: datetime) -> Inbox:
    return Inbox.objects.create(
        terminal=cast["jia"], epoch="0" * 16, seq=seq, kind=kind, body={"n": seq}, at=now, received_at=now
    )


def test_inbox_events_are_handled_once_in_order_by_kind(cast: dict[str, Any], now: datetime) -> None:
    for seq, kind in enumerate(("rating", "case.paper", "rating"), 1):
        add_event(cast, seq, kind, now)
    handled: list[int] = []
    assert actions.consume_inbox(("rating",), lambda row: handled.append(row.seq), now) == 2
    assert actions.consume_inbox(("rating",), lambda row: handled.append(row.seq), now) == 0
    assert handled == [1, 3]
    seen: list[actions.InboxRow] = []
    actions.consume_inbox(("case.paper",), seen.append, now)
    assert (seen[0].terminal, seen[0].place_path, seen[0].body) == ("KBS-01", "/150600/A-KBS/", {"n": 2})


def test_an_event_that_fails_is_kept_and_holds_up_no_other(cast: dict[str, Any], now: datetime) -> None:
    add_event(cast, 1, "rating", now)
    add_event(cast, 2, "rating", now)

    def handle(row: actions.InboxRow) -> None:
        Outgoing.objects.create(terminal_id=row.terminal_id, kind="written", created_at=now)
        if row.seq == 1:
            raise RuntimeError("broken")

    assert actions.consume_inbox(("rating",), handle, now) == 1
    assert Outgoing.objects.count() == 1, "what the failed one wrote is rolled back"
    assert actions.consume_inbox(("rating",), handle, now) == 0, "not again at once"
    assert actions.consume_inbox(("rating",), lambda _row: None, now + timedelta(minutes=1)) == 1
    assert not Inbox.objects.filter(done_at=None).exists()


def test_a_worker_that_was_too_slow_leaves_no_second_trace(cast: dict[str, Any], now: datetime) -> None:
    row = add_event(cast, 1, "rating", now)

    def handle(one: actions.InboxRow) -> None:
        Outgoing.objects.create(terminal_id=one.terminal_id, kind="written", created_at=now)
        Inbox.objects.filter(pk=row.pk).update(done_at=now)  # the rival, whose lease replaced ours, was first

    assert actions.consume_inbox(("rating",), handle, now) == 0
    assert not Outgoing.objects.exists()


def test_tidying_keeps_what_is_waiting(cast: dict[str, Any], now: datetime) -> None:
    add_event(cast, 1, "rating", now)
    done = add_event(cast, 2, "rating", now)
    Inbox.objects.filter(pk=done.pk).update(done_at=now)
    later = now + timedelta(days=jobs.INBOX_DAYS + 1)
    assert jobs.tidy(later - timedelta(days=2)) == 0
    assert jobs.tidy(later) == 1
    assert Inbox.objects.get().seq == 1


def test_places_of_terminals_are_those_of_their_areas(cast: dict[str, Any]) -> None:
    assert Place.objects.get(path="/150600/A-KBS/").pk == cast["jia"].area.place_id
