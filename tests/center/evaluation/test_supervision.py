"""Supervision visits: planned, hidden while they have to be, handed in, each finding replied to in time."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from tests.center.evaluation.the_visit import NAME, ROLE, adopt, picture, planned, sheet
from tests.center.hall import SYSTEM, Hall

from budayang.center.evaluation import improvement_actions
from budayang.center.evaluation import supervision_actions as actions
from budayang.center.evaluation import supervision_findings as findings
from budayang.center.evaluation import supervision_queries as queries
from budayang.center.evaluation.models import SupervisionEvent, SupervisionFinding, SupervisionVisit
from budayang.center.evaluation.supervision_actions import Given
from budayang.center.evaluation.supervision_keeping import RETENTION
from budayang.center.maintenance.models import NoticeLine
from budayang.center.platform import actions as platform
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden, Role
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.platform.queries import audit_visible_to
from budayang.rules.evaluation.supervision import Score
from budayang.rules.evaluation.supervision import score as scored

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# `now` is Tuesday, 24 November 2026, 02:14 in Ordos.
TODAY = date(2026, 11, 24)


@pytest.fixture
def lists(hall: Hall, now: datetime) -> Hall:
    adopt(hall, now, TODAY)
    return hall


@pytest.fixture
def done(lists: Hall, zhu: Actor, now: datetime) -> SupervisionVisit:
    """Handed in: a machine that does not work, and one finding in the visitor's own words."""
    row, _token = planned(zhu, lists, now, TODAY)
    faults = {"visit_devices": Given("no", "一号机黑屏", "KBS-01"), "own1": Given("厕所没有灯")}
    actions.save_sheet(row, sheet(row, **faults), "总的不错", now)
    return actions.hand_in(row, now)


def test_from_the_plan_to_the_accepted_reply(done: SupervisionVisit, lists: Hall, zhu: Actor, now: datetime) -> None:
    assert (done.state, done.well, done.failed, done.words) == ("done", 9, 1, "总的不错")
    machine, own = done.findings.order_by("pk")
    assert "一号机黑屏" in machine.text
    assert (machine.owner, machine.terminal) == (lists.bodies["RS"], lists.terminal)
    assert (own.text, own.owner) == ("厕所没有灯", lists.bodies["ZW1"])
    # Five working days after Tuesday: the end of Tuesday, 1 December, in Ordos.
    assert machine.due_at == datetime(2026, 12, 1, 16, tzinfo=UTC)
    ren = lists.actor("ren")
    with pytest.raises(Refused, match="写明"):
        findings.reply(ren, machine, text=" ", now=now)
    findings.reply(ren, machine, text="电源松了，已插紧", now=now + DAY)
    with pytest.raises(Refused):
        findings.reply(ren, machine, text="再答一次", now=now + DAY)
    findings.judge(lists.actor("ning"), machine, "accept", text="", now=now + 2 * DAY)
    assert machine.state == "closed"
    told = [one.what for one in SupervisionEvent.objects.order_by("pk")]
    assert told == ["planned", "saved", "done", "reply", "accept"]
    lines = set(AuditLine.objects.filter(action__startswith="evaluation.supervision").values_list("action", flat=True))
    assert lines == {f"evaluation.supervision_{one}" for one in told}


def test_nobody_accepts_the_reply_of_his_own(done: SupervisionVisit, zhu: Actor, now: datetime) -> None:
    row = done.findings.order_by("pk")[0]
    findings.reply(zhu, row, text="已改", now=now)
    with pytest.raises(Refused, match="不能自己认可"):
        findings.judge(zhu, row, "accept", text="", now=now)


def test_a_returned_reply_has_a_new_clock(done: SupervisionVisit, lists: Hall, zhu: Actor, now: datetime) -> None:
    row = done.findings.order_by("pk")[0]
    findings.reply(lists.actor("ren"), row, text="在查", now=now)
    with pytest.raises(Refused, match="理由"):
        findings.judge(zhu, row, "return", text="", now=now)
    findings.judge(zhu, row, "return", text="没有说哪天修好", now=now + DAY)
    assert (row.state, row.due_at, row.replied_at) == ("open", datetime(2026, 12, 2, 16, tzinfo=UTC), None)


def in_time_and_late(hall: Hall, now: datetime) -> tuple[int, int]:
    """Of the replies to the visits of these days, as the report tells."""
    found = queries.sums(hall.city.path, datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), now)
    return sum(one.in_time for one in found), sum(one.late for one in found)


@pytest.mark.parametrize("watched", [True, False])
def test_a_reply_that_was_late_stays_late(
    done: SupervisionVisit, lists: Hall, zhu: Actor, now: datetime, watched: bool
) -> None:
    due, much_later = datetime(2026, 12, 1, 16, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
    machine, own = done.findings.order_by("pk")
    assert in_time_and_late(lists, due - HOUR) == (0, 0)
    if watched:
        findings.watch(due)
    findings.reply(lists.actor("ren"), machine, text="在查", now=much_later)
    findings.judge(zhu, machine, "return", text="没有说哪天修好", now=much_later)
    findings.reply(lists.actor("ren"), machine, text="已修好", now=much_later + HOUR)
    findings.assign(zhu, own, lists.bodies["SW"], much_later)
    findings.reply(lists.actor("shui"), own, text="已改", now=much_later + HOUR)
    assert {row.overdue_at for row in SupervisionFinding.objects.all()} == {due}, "the first clock that broke"
    assert in_time_and_late(lists, much_later + DAY) == (0, 2)


def test_a_reply_in_time_that_was_returned_is_held_to_its_new_clock(
    done: SupervisionVisit, lists: Hall, zhu: Actor, now: datetime
) -> None:
    row = done.findings.order_by("pk")[0]
    findings.reply(lists.actor("ren"), row, text="在查", now=now)
    assert in_time_and_late(lists, now) == (1, 0)
    findings.judge(zhu, row, "return", text="没有说哪天修好", now=now + DAY)
    assert in_time_and_late(lists, now + DAY) == (0, 0)
    findings.reply(lists.actor("ren"), row, text="已修好", now=now + 2 * DAY)
    assert in_time_and_late(lists, now + 2 * DAY) == (1, 0)


def test_who_may_reply_and_who_may_not(done: SupervisionVisit, lists: Hall, now: datetime) -> None:
    machine, own = done.findings.order_by("pk")
    for name in ("shui", "mo", "ou"):
        with pytest.raises(Forbidden):
            findings.reply(lists.actor(name), machine, text="x", now=now)
    with pytest.raises(Forbidden):
        findings.reply(lists.actor("ren"), own, text="x", now=now)
    with pytest.raises(Forbidden):
        findings.judge(lists.actor("lin"), machine, "dismiss", text="x", now=now)
    assert queries.findings_visible_to(lists.actor("ren")).count() == 1
    assert queries.visits_visible_to(lists.actor("ren")).count() == 1
    assert queries.visits_visible_to(lists.actor("shui")).count() == 0


def test_a_late_reply_is_seen_and_told_once(done: SupervisionVisit, lists: Hall, zhu: Actor, now: datetime) -> None:
    due = datetime(2026, 12, 1, 16, tzinfo=UTC)
    first = NoticeLine.objects.filter(kind="visit").values_list("staff__username", flat=True)
    assert sorted(first) == ["lin", "lin", "ren"], "the owner unit of its own, the keeper of both"
    assert findings.watch(due - timedelta(seconds=1)) == 0
    assert (findings.watch(due), findings.watch(due + HOUR)) == (2, 0)
    row = done.findings.order_by("pk")[0]
    assert row.overdue_at == due
    told = set(NoticeLine.objects.filter(kind="visit", topic=f"supervision:late:{row.pk}:1201")
               .values_list("staff__username", flat=True))  # fmt: skip
    assert told == {"zhu", "lin", "ren"}
    assert queries.overdue(queries.findings_visible_to(zhu), due).count() == 2
    findings.reply(lists.actor("ren"), row, text="已改", now=due + HOUR)
    assert queries.overdue(queries.findings_visible_to(zhu), due + HOUR).count() == 1


def test_an_unannounced_visit_is_nowhere_seen_by_the_area_until_done(lists: Hall, zhu: Actor, now: datetime) -> None:
    row, _token = planned(zhu, lists, now, TODAY, "unannounced")
    actions.save_sheet(row, sheet(row, visit_tidy=Given("no", "地上有水")), "", now)
    insiders = [lists.actor(name) for name in ("lin", "ren", "mo", "shui", "ou")]
    here = platform.add_staff(SYSTEM, username="here", name="测试壬", password="night-shift-2026")
    platform.grant_role(SYSTEM, here, Role.SUPERVISOR, lists.area.place, now=now)
    lists.staff["here"] = here
    insiders.append(lists.actor("here"))
    for actor in insiders:
        assert not queries.visits_visible_to(actor).exists(), actor.name
        assert not audit_visible_to(actor).filter(action__startswith="evaluation.supervision").exists(), actor.name
    assert not NoticeLine.objects.filter(kind="visit").exists()
    assert not Transition.objects.filter(payload__icontains=row.number).exists()
    for name in ("zhu", "ning"):
        assert queries.visits_visible_to(lists.actor(name)).count() == 1
    with pytest.raises(Refused, match="以上"):
        planned(lists.actor("here"), lists, now, TODAY, "unannounced")
    actions.hand_in(row, now)
    for name, seen in (("lin", 1), ("here", 1), ("ren", 0), ("ou", 0)):
        assert queries.visits_visible_to(lists.actor(name)).count() == seen, name


def test_who_keeps_the_area_and_inspects_the_city_does_not_see_it_either(
    lists: Hall, zhu: Actor, now: datetime
) -> None:
    platform.grant_role(SYSTEM, lists.staff["lin"], Role.INSPECTOR, lists.city, now=now)
    planned(zhu, lists, now, TODAY, "unannounced")
    assert not queries.visits_visible_to(lists.actor("lin")).exists()


def test_a_hidden_one_that_was_missed_or_called_off_stays_hidden(lists: Hall, zhu: Actor, now: datetime) -> None:
    missed, _token = planned(zhu, lists, now, TODAY, "unannounced")
    gone, _token = planned(zhu, lists, now, TODAY, "unannounced")
    actions.cancel(zhu, gone, why="下雪", now=now)
    # The day itself, and three days to hand it in late.
    assert findings.watch(datetime(2026, 11, 27, 15, 59, tzinfo=UTC)) == 0
    assert findings.watch(datetime(2026, 11, 27, 16, 0, tzinfo=UTC)) == 1
    missed.refresh_from_db()
    assert missed.state == "missed"
    assert not queries.visits_visible_to(lists.actor("lin")).exists()
    with pytest.raises(Refused, match="到期"):
        actions.save_sheet(missed, {}, "", now)


def test_a_link_opens_one_visit_until_another_is_made(lists: Hall, zhu: Actor, now: datetime) -> None:
    row, token = planned(zhu, lists, now, TODAY)
    assert len(token) >= 27
    assert token not in str(list(SupervisionVisit.objects.values()))
    assert queries.find_by_link(token, now) == row
    assert queries.find_by_link("", now) is None
    second = actions.renew_link(zhu, row, now)
    assert queries.find_by_link(token, now) is None
    assert queries.find_by_link(second, now) == row
    assert queries.find_by_link(second, now + 92 * DAY) is None
    with pytest.raises(Forbidden):
        actions.renew_link(lists.actor("lin"), row, now)


def test_the_visitors_name_is_sealed_read_with_a_trace_and_goes(lists: Hall, zhu: Actor, now: datetime) -> None:
    row, _token = planned(zhu, lists, now, TODAY)
    lying = str([list(model.objects.values()) for model in (SupervisionVisit, SupervisionEvent, AuditLine)])
    assert NAME not in lying
    assert ROLE in lying
    assert actions.show_name(zhu, SupervisionVisit.objects.get(pk=row.pk), now) == NAME
    assert row.events.filter(what="name", by="测试主管").exists()
    (rule,) = [one for one in RETENTION if one.name == "evaluation.supervision_names"]
    assert not rule.due(rule.held(), now + 364 * DAY).exists()
    assert rule.erase(rule.due(rule.held(), now + 365 * DAY)) == 1
    assert actions.show_name(zhu, SupervisionVisit.objects.get(pk=row.pk), now) == ""


def test_a_photograph_is_sealed_once_and_goes(lists: Hall, zhu: Actor, now: datetime) -> None:
    row, _token = planned(zhu, lists, now, TODAY)
    given = {"visit_tidy": Given("no", "有水", photo=picture())}
    actions.save_sheet(row, given, "", now)
    actions.save_sheet(row, given, "", now)
    photo = row.photos.get()
    assert queries.read_photo(photo) == picture()
    assert b"SECRET" not in bytes(photo.content_sealed or b"")
    (rule,) = [one for one in RETENTION if one.name == "evaluation.supervision_photos"]
    assert rule.erase(rule.due(rule.held(), now + 730 * DAY)) == 1
    photo.refresh_from_db()
    assert queries.read_photo(photo) is None


def test_a_sheet_is_handed_in_whole_and_then_stands(lists: Hall, zhu: Actor, now: datetime) -> None:
    row, _token = planned(zhu, lists, now, TODAY)
    with pytest.raises(Refused, match="正常"):
        actions.save_sheet(row, {"visit_tidy": Given("perhaps")}, "", now)
    assert not row.answers.exists()
    actions.save_sheet(row, {"visit_tidy": Given("na")}, "", now)
    with pytest.raises(Refused, match="还有 9 题"):
        actions.hand_in(row, now)
    actions.save_sheet(row, sheet(row, visit_tidy=Given("na"), own2=Given("灯暗")), "", now)
    actions.save_sheet(row, {"own2": Given("")}, "", now)
    actions.hand_in(row, now)
    assert (row.well, row.failed, row.findings.count()) == (9, 0, 0), (
        "不适用 is not counted, what was taken back is gone"
    )
    for again in (lambda: actions.hand_in(row, now), lambda: actions.save_sheet(row, {}, "", now)):
        with pytest.raises(Refused, match="已经交上"):
            again()


def test_what_cannot_be_planned(lists: Hall, zhu: Actor, now: datetime) -> None:
    for more, said in (
        ({"closes_on": TODAY - DAY}, "日期"),
        ({"list_code": "nothing"}, "还没有生效"),
        ({"list_code": "after_work"}, "没有问整个自助区"),
        ({"role": " "}, "谁去"),
    ):
        with pytest.raises(Refused, match=said):
            planned(zhu, lists, now, TODAY, **more)
    with pytest.raises(Refused, match="种"):
        planned(zhu, lists, now, TODAY, "friendly")
    with pytest.raises(Forbidden):
        planned(lists.actor("lin"), lists, now, TODAY)
    row, _token = planned(zhu, lists, now, TODAY, opens_on=TODAY + DAY, closes_on=TODAY + 2 * DAY)
    with pytest.raises(Refused, match="2026-11-25"):
        actions.save_sheet(row, {}, "", now)


def test_one_press_makes_an_improvement_item_or_an_order_once(
    done: SupervisionVisit, lists: Hall, zhu: Actor, now: datetime
) -> None:
    machine, own = done.findings.order_by("pk")
    order = findings.to_order(lists.actor("lin"), machine, now)
    assert (order.incident.kind, order.incident.terminal) == ("supervision_finding", lists.terminal)
    item = findings.to_improvement(zhu, own, now)
    assert (item.owner, item.due_on, item.problem) == (lists.bodies["ZW1"], date(2026, 12, 1), "厕所没有灯")
    for again in (findings.to_order, findings.to_improvement):
        row = SupervisionFinding.objects.get(pk=(machine if again is findings.to_order else own).pk)
        with pytest.raises(Refused, match="已经"):
            again(zhu, row, now)
    assert improvement_actions.MAKERS == findings.SENDERS


def test_another_body_replies_with_a_clock_of_its_own(
    done: SupervisionVisit, lists: Hall, zhu: Actor, now: datetime
) -> None:
    row = done.findings.order_by("pk")[0]
    findings.assign(zhu, row, lists.bodies["SW"], now + DAY)
    assert (row.owner, row.due_at) == (lists.bodies["SW"], datetime(2026, 12, 2, 16, tzinfo=UTC))
    findings.reply(lists.actor("shui"), row, text="已改", now=now + DAY)
    with pytest.raises(Refused, match="先退回"):
        findings.assign(zhu, row, lists.bodies["RS"], now + DAY)


def test_the_sums_for_a_report_are_those_of_plain_loops(lists: Hall, zhu: Actor, now: datetime) -> None:
    for n, kind in enumerate(("delegate", "experience", "experience", "unannounced")):
        row, _token = planned(zhu, lists, now, TODAY, kind)
        faults = {code: Given("no") for code in ("visit_tidy", "visit_find", "visit_enter")[:n]}
        actions.save_sheet(row, sheet(row, **faults), "", now)
        actions.hand_in(row, now + n * HOUR)
    planned(zhu, lists, now, TODAY, "inspection")
    findings.watch(now + 10 * DAY)
    first, second, *_rest = SupervisionFinding.objects.order_by("pk")
    findings.judge(zhu, second, "dismiss", text="看错了", now=now + 10 * DAY)
    findings.reply(lists.actor("lin"), first, text="已改", now=now + 10 * DAY)
    start, end, later = now - DAY, now + 5 * DAY, now + 11 * DAY
    found = {one.kind: one for one in queries.sums(lists.city.path, start, end, later)}
    for kind, sums in found.items():
        visits = [one for one in SupervisionVisit.objects.all() if one.kind == kind]
        handed = [one for one in visits if one.state == "done" and one.handed_at and start <= one.handed_at < end]
        scores = [100 * one.well / (one.well + one.failed) for one in handed]
        rows = [one for visit in handed for one in visit.findings.all() if one.state != "dismissed"]
        in_time = [one for one in rows if one.replied_at and one.replied_at <= one.due_at]
        late = [one for one in rows if (one.replied_at or later) > one.due_at]
        assert (sums.done, sums.findings, sums.in_time, sums.late) == (len(handed), len(rows), len(in_time), len(late))
        assert sums.score == (pytest.approx(sum(scores) / len(scores)) if scores else None)
    assert [(one.done, one.findings, one.late) for one in found.values()] == [
        (1, 0, 0), (0, 0, 0), (2, 2, 2), (1, 3, 3),
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_what_another_page_saves_while_it_is_handed_in_is_counted_or_refused(
    lists: Hall, zhu: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, _token = planned(zhu, lists, now, TODAY)
    actions.save_sheet(row, sheet(row), "", now)
    fault, counted = Given("no", "地上有水"), scored
    told: list[str] = []

    def save() -> None:
        try:
            actions.save_sheet(SupervisionVisit.objects.get(pk=row.pk), sheet(row, visit_tidy=fault), "", now)
            told.append("saved")
        except Refused:
            told.append("refused")
        finally:
            connection.close()

    other = threading.Thread(target=save)

    def score(lines: Iterable[tuple[bool, bool]]) -> Score:
        # The answers were read: now the other page saves, and has time to.
        other.start()
        other.join(1.5)
        return counted(lines)

    monkeypatch.setattr(actions, "score", score)
    done = actions.hand_in(row, now)
    other.join(30)
    kept = done.answers.filter(failed=True).count()
    assert told in (["saved"], ["refused"])
    assert (done.failed, done.findings.count()) == (kept, kept), "what is scored is what stands in the sheet"
