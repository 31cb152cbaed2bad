"""A round from its plan to its end: opened once, answered by two phones, handed over; its findings become orders."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image
from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance import round_actions as actions
from budayang.center.maintenance import round_findings as findings
from budayang.center.maintenance import round_jobs as jobs
from budayang.center.maintenance import round_plan_actions as planning
from budayang.center.maintenance import round_queries as queries
from budayang.center.maintenance.models import (
    Incident,
    NoticeLine,
    Round,
    RoundAnswer,
    RoundPlan,
    RoundTrace,
    WorkOrder,
)
from budayang.center.maintenance.round_actions import Given
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.terminals.models import Credential
from budayang.rules.rounds import Plan, Rhythm
from budayang.wire.mac import public_text, sign
from budayang.wire.presence import make_presence

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)  # 08:30 in the hall, a Monday
MINUTE = timedelta(minutes=1)
ROWS: list[dict[str, object]] = [
    {"code": "door", "text": "门能开", "severity": "urgent", "bucket": "site", "joins": ["door_locked"]},
    {"code": "seconds", "text": "求助应答", "kind": "number", "high": 30, "unit": "秒", "severity": "serious"},
    {"code": "opinion", "text": "意见", "kind": "text", "severity": ""},
    {"code": "on", "text": "开机", "about": "terminal", "known": "link", "severity": "serious", "bucket": "device"},
    {"code": "print", "text": "试打", "about": "terminal", "photo": "on_fault", "joins": ["paper_jam"]},
]


def at(minutes: float) -> datetime:
    """Minutes after the window began."""
    return MORNING + timedelta(minutes=minutes)


@pytest.fixture
def plan(hall: Hall) -> RoundPlan:
    before = MORNING - timedelta(days=1)
    planning.write_edition(
        SYSTEM, place=hall.city, code="daily", name="每日巡查", basis="WH-02", rows=ROWS, valid_from=date(2026, 11, 22),
        now=before, today=date(2026, 11, 22),
    )  # fmt: skip
    return planning.set_plan(
        SYSTEM, None, area=hall.area, code="daily", who="keeper", now=before, stops=["KBS-02"],
        person=hall.staff["lin"],
        plan=Plan(Rhythm.DAILY, ((time(8, 30), time(11, 30)),), date(2026, 11, 23)),
    )  # fmt: skip


@pytest.fixture
def walk(hall: Hall, plan: RoundPlan) -> Round:
    hall.listen(MORNING)
    assert jobs.open_rounds(MORNING) == 1
    return Round.objects.get()


def give(client_id: str, question: str, value: str, minutes: float = 5, stop: str = "", **more: Any) -> Given:
    return Given(f"client-{client_id}", stop, question, value, at(minutes), **more)


def say(hall: Hall, walk: Round, given: Given, minutes: float | None = None, who: str = "lin") -> RoundAnswer:
    now = given.answered_at if minutes is None else at(minutes)
    return actions.record_answer(hall.actor(who), walk, given, now=now)


def traces(walk: Round) -> list[str]:
    return [one.event for one in RoundTrace.objects.filter(round=walk).order_by("pk")]


def found() -> list[Incident]:
    return list(Incident.objects.filter(kind__in=findings.FOUND.values()).order_by("pk"))


# --- plans and time


def test_a_round_is_opened_at_its_window_once_with_what_was_in_force(hall: Hall, plan: RoundPlan) -> None:
    assert plan.next_at == MORNING
    assert jobs.open_rounds(MORNING - MINUTE) == 0
    assert jobs.open_rounds(MORNING) == 1
    assert jobs.open_rounds(MORNING + MINUTE) == 0
    walk = Round.objects.get()
    assert (walk.on, walk.opens_at, walk.closes_at) == (date(2026, 11, 23), MORNING, at(180))
    assert walk.stops == ["KBS-02", "KBS-01"], "in the plan's order; what it does not name follows"
    plan.refresh_from_db()
    assert plan.next_at == MORNING + timedelta(days=1)


def test_windows_that_began_while_nothing_ran_are_opened_too(plan: RoundPlan) -> None:
    assert jobs.open_rounds(MORNING + timedelta(days=2)) == 3
    assert Round.objects.count() == 3


def test_a_worker_that_read_the_same_plan_gets_nothing(plan: RoundPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    real, rival = jobs.next_round, []
    opened: list[RoundPlan] = []
    open_one = jobs._open
    monkeypatch.setattr(jobs, "_open", lambda row, *rest: (opened.append(row), open_one(row, *rest))[1])

    def meanwhile(*args: Any) -> Any:
        if not rival:
            rival.append(1)
            assert jobs.open_rounds(MORNING) == 1
        return real(*args)

    monkeypatch.setattr(jobs, "next_round", meanwhile)
    assert jobs.open_rounds(MORNING) == 0
    assert Round.objects.count() == 1
    assert len(opened) == 1, "held off by the moment that was taken, not only by the constraint behind it"


def test_it_is_reminded_then_missed_exactly_once_and_the_next_walk_closes_it(hall: Hall, walk: Round) -> None:
    assert jobs.watch_rounds(at(149)) == 0
    assert jobs.watch_rounds(at(150)) == 1
    assert jobs.watch_rounds(at(151)) == 0
    news = Transition.objects.get(kind="maintenance.round_reminded")
    jobs.hear_reminders([news], at(150))
    assert NoticeLine.objects.get().staff == hall.staff["lin"]
    assert jobs.watch_rounds(at(194)) == 0
    assert jobs.watch_rounds(at(195)) == 1
    assert jobs.watch_rounds(at(300)) == 0
    walk.refresh_from_db()
    incident = Incident.objects.get(kind="round_missed")
    assert (walk.state, incident.opened_at, incident.severity) == ("missed", walk.closes_at, "serious")
    assert WorkOrder.objects.filter(incident=incident).count() == 1
    tomorrow = MORNING + timedelta(days=1)
    jobs.open_rounds(tomorrow)
    following = Round.objects.latest("opens_at")
    actions.finish_round(hall.actor("lin"), following, note="人手不足", at=tomorrow + MINUTE, now=tomorrow + MINUTE)
    incident.refresh_from_db()
    assert incident.state == "closed"


def test_a_round_that_is_handed_over_at_the_same_moment_is_not_missed(
    hall: Hall, walk: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = jobs.parameter

    def meanwhile(*args: Any) -> Any:
        actions.finish_round(hall.actor("lin"), walk, note="走过", at=at(179), now=at(195))
        return real(*args)

    monkeypatch.setattr(jobs, "parameter", meanwhile)
    assert jobs.watch_rounds(at(195)) == 0
    assert not Incident.objects.filter(kind="round_missed").exists()


# --- answers


def test_the_same_answer_again_is_one_answer_that_was_counted(hall: Hall, walk: Round) -> None:
    first = say(hall, walk, give("a", "door", "no", note="推不动"))
    again = say(hall, walk, give("a", "door", "no", note="推不动"), 60)
    assert (first.pk, again.received, RoundAnswer.objects.filter(source="person").count()) == (again.pk, 2, 1)
    assert len(found()) == 1
    assert WorkOrder.objects.count() == 1


def test_two_devices_that_say_the_same_agree(hall: Hall, walk: Round) -> None:
    say(hall, walk, give("a", "door", "yes"))
    other = say(hall, walk, give("b", "door", "yes", 6))
    assert (other.state, traces(walk)[-1]) == ("agreed", "agreed")


def test_two_devices_that_differ_wait_for_a_person_and_both_stay(hall: Hall, walk: Round) -> None:
    kept = say(hall, walk, give("a", "door", "yes", device="phone 1"))
    other = say(hall, walk, give("b", "door", "no", 6, device="phone 2"))
    walk.refresh_from_db()
    assert (other.state, walk.conflicts, walk.failed) == ("conflict", 1, 0)
    assert len(found()) == 1, "a fault that anybody saw is not forgotten meanwhile"
    with pytest.raises(Refused, match="依据"):
        actions.settle_conflict(hall.actor("lin"), walk, other.pk, take=True, note=" ", now=at(20))
    actions.settle_conflict(hall.actor("lin"), walk, other.pk, take=True, note="回去看过", now=at(20))
    kept.refresh_from_db()
    other.refresh_from_db()
    walk.refresh_from_db()
    assert (kept.state, other.state, walk.conflicts, walk.failed) == ("dropped", "current", 0, 1)
    assert traces(walk)[-1] == "settled"
    with pytest.raises(Refused, match="裁定过"):
        actions.settle_conflict(hall.actor("lin"), walk, other.pk, take=True, note="再来", now=at(21))
    assert AuditLine.objects.filter(action="maintenance.settle_round_conflict").count() == 1


def test_who_means_to_change_an_answer_changes_it_and_the_old_one_stays(hall: Hall, walk: Round) -> None:
    say(hall, walk, give("a", "door", "no"))
    new = say(hall, walk, give("b", "door", "yes", 8, replaces="client-a"))
    old = RoundAnswer.objects.get(client_id="client-a")
    assert (new.state, old.state) == ("current", "replaced")
    trace = RoundTrace.objects.get(round=walk, event="edited")
    assert (trace.details["old"], trace.details["new"]) == ("no", "yes")
    assert found()[0].state == "closed", "its own later answer says that it is well"
    # the first phone comes late with the same change of a row that is replaced already
    third = say(hall, walk, give("c", "door", "no", 9, replaces="client-a"))
    assert third.state == "conflict"


def test_time_of_answering_and_of_receipt_are_both_kept_and_late_leaves_a_trace(hall: Hall, walk: Round) -> None:
    row = say(hall, walk, give("a", "door", "yes", 10), 240)
    assert (row.answered_at, row.received_at) == (at(10), at(240))
    assert traces(walk)[1:] == ["offline"]
    say(hall, walk, give("b", "seconds", "9", 190), 191)
    assert traces(walk)[2:] == ["late"]
    say(hall, walk, give("c", "opinion", "好", 500), 192)
    assert traces(walk)[3:] == ["clock_ahead", "late"]
    assert RoundAnswer.objects.get(client_id="client-c").answered_at == at(192)
    say(hall, walk, give("d", "print", "yes", -30, stop="KBS-01"), 193)
    assert traces(walk)[5:] == ["offline", "early"]


def test_another_s_answer_leaves_a_trace(hall: Hall, walk: Round) -> None:
    say(hall, walk, give("a", "door", "yes"), who="ning")
    trace = RoundTrace.objects.get(round=walk, event="other_person")
    assert (trace.by, trace.details) == ("ning", {"expected": "lin"})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (give("a", "door", "perhaps"), "正常"),
        (give("a", "seconds", "soon"), "数字"),
        (give("a", "nothing", "yes"), "没有这个问题"),
        (give("a", "print", "yes"), "没有这个问题"),
        (give("a", "print", "yes", stop="XX-09"), "不在这次巡查里"),
        (Given("", "", "door", "yes", at(5)), "编号"),
    ],
)
def test_what_is_no_answer_is_refused_with_the_repair(hall: Hall, walk: Round, given: Given, told: str) -> None:
    with pytest.raises(Refused, match=told):
        say(hall, walk, given)
    assert not RoundAnswer.objects.filter(source="person").exists()


def test_strangers_and_other_bodies_cannot_answer(hall: Hall, walk: Round) -> None:
    for name in ("ou", "ren", "mo", "sys"):
        with pytest.raises(Forbidden):
            say(hall, walk, give("a", "door", "yes"), who=name)
    assert not queries.rounds_visible_to(hall.actor("ou")).exists()
    assert not queries.rounds_visible_to(hall.actor("ren")).exists()


# --- what telemetry knows


def test_what_telemetry_knows_is_there_marked_and_gives_way_to_a_person(hall: Hall, walk: Round) -> None:
    known = RoundAnswer.objects.get(stop="KBS-01", question="on")
    assert (known.source, known.value, known.by) == ("telemetry", "yes", "telemetry")
    mine = say(hall, walk, give("a", "on", "no", stop="KBS-01"))
    known.refresh_from_db()
    assert (mine.state, known.state) == ("current", "replaced")
    assert traces(walk)[-1] == "edited"
    assert found()[0].terminal == hall.terminal


def test_what_fell_silent_meanwhile_is_no_answer_any_more(hall: Hall, walk: Round) -> None:
    type(hall.terminal).objects.filter(pk=hall.terminal.pk).update(silent_since=at(1))
    hall.listen(at(10))
    actions.finish_round(hall.actor("lin"), walk, note="没走完", at=at(10), now=at(10))
    assert not RoundAnswer.objects.filter(stop="KBS-01", question="on", state="current").exists()
    blanks = RoundTrace.objects.filter(round=walk, event="blank").values_list("stop", "question")
    assert ("KBS-01", "on") in set(blanks)
    assert ("KBS-02", "on") not in set(blanks)


# --- faults


def test_each_failed_answer_has_its_own_incident_and_order(hall: Hall, walk: Round) -> None:
    say(hall, walk, give("a", "door", "no"))
    say(hall, walk, give("b", "seconds", "45", 6))
    row = say(hall, walk, give("c", "print", "no", 7, stop="KBS-01", note="有条纹"))
    say(hall, walk, give("d", "opinion", "太冷", 8))
    told = [(one.severity, one.bucket, one.subject, one.terminal_id) for one in found()]
    assert told == [
        ("urgent", "site", "round:KBS/door", None),
        ("serious", "undetermined", "round:KBS/seconds", None),
        ("general", "undetermined", "round:KBS-01/print", hall.terminal.pk),
    ]
    assert WorkOrder.objects.count() == 3
    assert found()[2] == row.incident
    assert found()[2].opened_at == at(7)
    assert "有条纹" in found()[2].evidence[0]["text"]
    walk.refresh_from_db()
    assert walk.failed == 3


def test_a_failed_answer_joins_what_is_open_for_the_same_thing(hall: Hall, walk: Round) -> None:
    hall.tell(hall.terminal, "printer", "media", "jammed", at(1), at(1))
    jam = Incident.objects.filter(kind="paper_jam").first()
    if jam is None:  # the table's own words for a jam
        jam = Incident.objects.create(
            kind="paper_jam", subject="terminal:KBS-01/printer", title="卡纸", component="printer",
            place_path=hall.area.place.path, area=hall.area, terminal=hall.terminal, severity="serious",
            bucket="device", opened_at=at(1), noticed_at=at(1),
        )  # fmt: skip
    row = say(hall, walk, give("a", "print", "no", stop="KBS-01"))
    assert row.incident == jam
    assert found() == []
    jam.refresh_from_db()
    assert jam.evidence[-1]["word"] == "round"
    say(hall, walk, give("b", "print", "no", 6, stop="KBS-02"))
    assert [one.subject for one in found()] == ["round:KBS-02/print"], "another machine's jam is another fault"


def test_the_next_round_that_finds_it_well_closes_it_an_older_answer_does_not(hall: Hall, walk: Round) -> None:
    say(hall, walk, give("a", "door", "no", 20))
    tomorrow = MORNING + timedelta(days=1)
    jobs.open_rounds(tomorrow)
    following = Round.objects.latest("opens_at")
    stale = Given("client-old", "", "door", "yes", at(10))
    actions.record_answer(hall.actor("lin"), following, stale, now=tomorrow)
    assert found()[0].state == "open"
    fresh = Given("client-new", "", "door", "yes", tomorrow + MINUTE, replaces="client-old")
    actions.record_answer(hall.actor("lin"), following, fresh, now=tomorrow + MINUTE)
    assert (found()[0].state, found()[0].closed_at) == ("closed", tomorrow + MINUTE)
    assert WorkOrder.objects.get().state == "repaired", "a person accepts it"


def test_a_fault_that_arrives_after_a_later_round_found_it_well_opens_nothing(hall: Hall, walk: Round) -> None:
    tomorrow = MORNING + timedelta(days=1)
    jobs.open_rounds(tomorrow)
    following = Round.objects.latest("opens_at")
    actions.record_answer(hall.actor("lin"), following, Given("client-new", "", "door", "yes", tomorrow), now=tomorrow)
    say(hall, walk, give("late", "door", "no", 20), 24 * 60 + 5)
    assert found() == []
    assert "outdated" in traces(walk)


# --- the end


def test_blanks_need_a_reason_and_leave_a_trace_each(hall: Hall, walk: Round) -> None:
    hall.listen(at(30))
    with pytest.raises(Refused, match="5 项"):
        actions.finish_round(hall.actor("lin"), walk, note="", at=at(30), now=at(30))
    say(hall, walk, give("a", "print", "no", stop="KBS-01"))
    done = actions.finish_round(hall.actor("lin"), walk, note="雪大，没走完", at=at(30), now=at(30.2))
    assert (done.state, done.finished_at, done.received_at, done.finished_by) == ("done", at(30), at(30.2), "lin")
    events = traces(walk)
    assert events.count("blank") == 4
    assert events.count("no_proof") == 2
    assert events.count("no_photo") == 1
    again = actions.finish_round(hall.actor("lin"), walk, note="又来", at=at(40), now=at(40))
    assert (again.finished_at, again.note) == (at(30), "雪大，没走完")


def test_walked_in_time_without_a_network_is_believed_with_a_terminal_s_code(hall: Hall, walk: Round) -> None:
    key = Ed25519PrivateKey.generate()
    Credential.objects.create(terminal=hall.terminal, public_key=public_text(key), enrolled_at=at(-600))
    code = make_presence(lambda message: sign(key, message), "KBS-01", at(20))
    jobs.watch_rounds(at(150))
    jobs.watch_rounds(at(200))
    proof = actions.record_presence(
        hall.actor("lin"), walk, client_id="presence-1", stop="KBS-01", code=code, at=at(21), now=at(300)
    )
    assert proof.verdict == "proved"
    done = actions.finish_round(hall.actor("lin"), walk, note="离线", at=at(60), now=at(301))
    assert done.state == "done"
    assert Incident.objects.get(kind="round_missed").state == "closed"


def test_without_a_code_a_missed_round_is_done_late_whatever_the_phone_says(hall: Hall, walk: Round) -> None:
    jobs.watch_rounds(at(150))
    jobs.watch_rounds(at(200))
    done = actions.finish_round(hall.actor("lin"), walk, note="离线", at=at(60), now=at(301))
    assert done.state == "done_late"


def test_what_comes_after_a_round_ended_is_told_with_the_day_since_when_it_counts(hall: Hall, walk: Round) -> None:
    told = Transition.objects.filter(kind="maintenance.round_answered")
    say(hall, walk, give("a", "door", "no"))
    assert not told.exists(), "its end is told"
    jobs.watch_rounds(at(196))
    say(hall, walk, give("b", "seconds", "9"), 300)
    later = say(hall, walk, give("c", "door", "yes", 301), 302)
    assert later.state == "conflict"
    actions.settle_conflict(hall.actor("lin"), walk, later.pk, take=True, note="看过", now=at(303))
    assert [one.payload["bears_since"] for one in told.order_by("pk")] == [MORNING.isoformat()] * 3


def test_codes_are_judged_by_key_machine_and_minute(hall: Hall, walk: Round) -> None:
    key = Ed25519PrivateKey.generate()
    Credential.objects.create(terminal=hall.terminal, public_key=public_text(key), enrolled_at=at(-600))

    def judged(number: int, code: str, minutes: float, stop: str = "KBS-01") -> str:
        now = at(minutes)
        return actions.record_presence(
            hall.actor("lin"), walk, client_id=f"presence-{number}", stop=stop, code=code, at=now, now=now
        ).verdict

    good = make_presence(lambda message: sign(key, message), "KBS-01", at(20))
    stranger = Ed25519PrivateKey.generate()
    assert judged(1, good, 20) == "proved"
    assert judged(2, good, 22.5) == "proved", "two clocks may differ"
    assert judged(3, good, 40) == "expired", "a photograph of the screen"
    assert judged(4, good, 20, stop="KBS-02") == "wrong"
    assert judged(5, make_presence(lambda message: sign(stranger, message), "KBS-01", at(20)), 20) == "wrong"
    assert judged(6, "hello", 20) == "wrong"
    assert judged(1, "anything", 20) == "proved", "the same id again is the same proof"


def test_a_cancelled_round_takes_nothing_more(hall: Hall, walk: Round) -> None:
    with pytest.raises(Refused, match="为什么"):
        actions.cancel_round(hall.actor("lin"), walk, reason=" ", now=at(5))
    with pytest.raises(Forbidden):
        actions.cancel_round(hall.actor("ning"), walk, reason="施工", now=at(5))
    actions.cancel_round(hall.actor("lin"), walk, reason="全天施工", now=at(5))
    with pytest.raises(Refused, match="全天施工"):
        say(hall, walk, give("a", "door", "yes", 6))
    assert jobs.watch_rounds(at(300)) == 0
    assert traces(walk)[-1] == "cancelled"


def test_a_photograph_is_written_anew_and_taken_once(hall: Hall, walk: Round) -> None:
    picture = Image.new("RGB", (64, 48), "red")
    exif = Image.Exif()
    exif[0x010F] = "PHONE-OF-LIN"
    raw = io.BytesIO()
    picture.save(raw, "JPEG", exif=exif)
    assert b"PHONE-OF-LIN" in raw.getvalue()
    for _again in range(2):
        kept = actions.add_photo(
            hall.actor("lin"), walk, client_id="photo-0001", stop="KBS-01", question="print", content=raw.getvalue(),
            taken_at=at(5), now=at(6),
        )  # fmt: skip
    assert walk.photos.count() == 1
    content = queries.read_photo(kept)
    assert content is not None
    assert content[:2] == b"\xff\xd8"
    assert b"PHONE-OF-LIN" not in content
    with pytest.raises(Refused):
        actions.add_photo(
            hall.actor("lin"), walk, client_id="photo-0002", stop="KBS-01", question="print", content=b"%PDF-1.4",
            taken_at=at(5), now=at(6),
        )  # fmt: skip


# --- editions and plans


def test_an_edition_stands_from_its_day_on(hall: Hall, plan: RoundPlan) -> None:
    def write(on: date, today: date = date(2026, 11, 23)) -> Any:
        return planning.write_edition(
            SYSTEM, place=hall.city, code="daily", name="每日巡查", basis="", rows=ROWS[:2], valid_from=on, now=MORNING,
            today=today,
        )  # fmt: skip

    for on in (date(2026, 11, 22), date(2026, 11, 23)):
        with pytest.raises(Refused, match="不能改"):
            write(on)
    first = write(date(2026, 11, 25))
    assert write(date(2026, 11, 25)).pk == first.pk, "until its day it can be written anew"
    path = hall.area.place.path
    before, after = (queries.edition_in_force("daily", path, date(2026, 11, day)) for day in (24, 25))
    assert before is not None
    assert after is not None
    assert (len(before.questions), len(after.questions)) == (5, 2)
    # a round keeps the edition of its own day
    jobs.open_rounds(MORNING + timedelta(days=2))
    assert [len(one.edition.questions) for one in Round.objects.order_by("opens_at")] == [5, 5, 2]


def test_the_nearest_place_s_edition_counts(hall: Hall, plan: RoundPlan) -> None:
    own = planning.write_edition(
        SYSTEM, place=hall.area.place, code="daily", name="本区巡查", basis="", rows=ROWS[:1],
        valid_from=date(2026, 11, 23), now=MORNING, today=date(2026, 11, 23),
    )  # fmt: skip
    assert queries.edition_in_force("daily", hall.area.place.path, date(2026, 11, 23)) == own
    far = queries.edition_in_force("daily", hall.far_area.place.path, date(2026, 11, 23))
    assert far is not None
    assert far.place == hall.city


def test_the_lists_that_ship_are_adopted_once(hall: Hall) -> None:
    assert planning.adopt_check_lists(SYSTEM, hall.city, now=MORNING, today=date(2026, 11, 23)) == 13
    assert planning.adopt_check_lists(SYSTEM, hall.city, now=MORNING, today=date(2026, 11, 23)) == 0
    with pytest.raises(Forbidden):
        planning.adopt_check_lists(hall.actor("lin"), hall.city, now=MORNING, today=date(2026, 11, 23))


def test_an_owner_unit_s_plan_is_about_its_own_machines_and_its_people_walk_it(hall: Hall, plan: RoundPlan) -> None:
    own = planning.set_plan(
        SYSTEM, None, area=hall.area, code="daily", who="owner", organization=hall.bodies["RS"], now=MORNING - MINUTE,
        plan=Plan(Rhythm.DAILY, ((time(8, 30), time(11, 30)),), date(2026, 11, 23)),
    )  # fmt: skip
    jobs.open_rounds(MORNING)
    walk = Round.objects.get(plan=own)
    assert walk.stops == ["KBS-01"]
    assert list(queries.rounds_visible_to(hall.actor("ren"))) == [walk]
    assert say(hall, walk, give("a", "print", "yes", stop="KBS-01"), who="ren").state == "current"
    with pytest.raises(Forbidden):
        say(hall, walk, give("b", "print", "yes", stop="KBS-01"), who="shui")
    assert queries.open_rounds_of(hall.actor("ren"), at(5)) == [walk]


def test_a_plan_that_cannot_be_is_refused(hall: Hall, plan: RoundPlan) -> None:
    good = Plan(Rhythm.DAILY, ((time(8), time(9)),), date(2026, 11, 23))
    common: dict[str, Any] = {"area": hall.area, "now": MORNING}
    with pytest.raises(Refused, match="还没有这份检查表"):
        planning.set_plan(SYSTEM, None, code="nightly", who="keeper", plan=good, **common)
    with pytest.raises(Refused, match="哪个单位"):
        planning.set_plan(SYSTEM, None, code="daily", who="owner", plan=good, **common)
    with pytest.raises(Refused, match="KBS-77"):
        planning.set_plan(SYSTEM, None, code="daily", who="keeper", plan=good, stops=["KBS-77"], **common)
    with pytest.raises(Forbidden):
        planning.set_plan(hall.actor("ning"), None, code="daily", who="keeper", plan=good, **common)
    assert RoundPlan.objects.count() == 1


def test_a_plan_that_ended_opens_no_more_and_what_it_opened_stays(hall: Hall, walk: Round) -> None:
    planning.end_plan(hall.actor("lin"), walk.plan, on=date(2026, 11, 23), now=at(10))
    assert jobs.open_rounds(MORNING + timedelta(days=3)) == 0
    assert Round.objects.get().state == "open"
