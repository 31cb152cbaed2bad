"""停用告示: what a fault makes terminals and pages say, how it follows the order, that it goes by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.center.hall import Hall

from budayang.center.config import wiring
from budayang.center.maintenance import actions, fault_notice_queries, fault_notices
from budayang.center.maintenance.manual_orders import open_manual
from budayang.center.maintenance.models import (
    CheckListEdition,
    FaultNotice,
    NoticeBoard,
    Round,
    RoundAnswer,
    RoundPhoto,
    RoundPlan,
    WorkOrder,
)
from budayang.center.platform.models import Transition
from budayang.center.platform.worker import Loop, lane_of
from budayang.center.terminals.models import IngestNotice, Outgoing, Terminal

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def turn(now: datetime) -> int:
    """The consumer hears everything told so far, then the due loop takes its turn."""
    fault_notices.hear(
        [row for row in Transition.objects.order_by("pk") if row.kind.startswith(fault_notices.NEWS)], now
    )
    return fault_notices.post_due(now)


def sent(terminal: Terminal) -> list[dict[str, Any]]:
    return [row.body for row in Outgoing.objects.filter(terminal=terminal, kind="notices").order_by("pk")]


def lines(hall: Hall) -> list[dict[str, str]]:
    return [dict(one.lines) for one in fault_notice_queries.standing(hall.area.pk)]


@pytest.fixture
def jammed(hall: Hall, now: datetime) -> datetime:
    hall.tell(hall.terminal, "printer", "media", "jammed", now, now)
    turn(now)
    return now


def test_the_machine_its_neighbour_and_the_pages_say_the_same(hall: Hall, jammed: datetime) -> None:
    (mine,), (theirs,) = sent(hall.terminal), sent(hall.other)
    assert mine == theirs
    (fault,) = mine["faults"]
    assert (fault["terminal"], fault["subject"], fault["sentence"]) == (
        "KBS-01",
        "KBS-01 号终端",
        "这台机器暂时不能打印。",
    )
    (shown,) = fault_notice_queries.standing(hall.area.pk)
    assert [list(one) for one in shown.lines] == fault["lines"]
    assert lines(hall)[0]["谁在处理"] == "已通知测试RS，等待接单"
    assert lines(hall)[0]["预计"].startswith("最迟")
    assert not fault_notice_queries.standing(hall.far_area.pk)


def test_held_syncs_are_woken_for_both(hall: Hall, jammed: datetime) -> None:
    """A row of IngestNotice is what makes ingest answer a held sync at once (test_ingest_sync)."""
    assert set(IngestNotice.objects.values_list("terminal_id", flat=True)) >= {hall.terminal.pk, hall.other.pk}


def test_it_follows_the_order_and_never_names_a_person(hall: Hall, jammed: datetime) -> None:
    order = WorkOrder.objects.get()
    actions.accept_order(hall.actor("ren"), order, now=jammed + MINUTE)
    turn(jammed + MINUTE)
    assert lines(hall)[0]["谁在处理"] == "测试RS已接单"
    actions.pause(hall.actor("ren"), order, reason="weather", now=jammed + 2 * MINUTE)
    turn(jammed + 2 * MINUTE)
    assert lines(hall)[0]["谁在处理"] == "测试RS暂时做不下去：极端天气道路不通"
    assert lines(hall)[0]["预计"] == "修好的时间还不能确定"
    assert len(sent(hall.terminal)) == 3
    assert not any(one.name in str(sent(hall.terminal)) for one in hall.staff.values())


def test_only_the_newest_list_waits_for_a_terminal(hall: Hall, jammed: datetime) -> None:
    actions.accept_order(hall.actor("ren"), WorkOrder.objects.get(), now=jammed + MINUTE)
    turn(jammed + MINUTE)
    assert Outgoing.objects.filter(terminal=hall.other, kind="notices", replaced_at__isnull=True).count() == 1


def test_the_clock_alone_turns_it_late(hall: Hall, jammed: datetime) -> None:
    board = NoticeBoard.objects.get(area=hall.area)
    assert board.due_at is not None
    assert board.due_at <= jammed + fault_notices.LOOK_AGAIN
    late = jammed + timedelta(hours=9)
    assert fault_notices.post_due(late) == 1
    assert lines(hall)[0]["预计"].endswith("已经超过，正在催办")


def test_it_is_withdrawn_everywhere_when_the_fault_ends(hall: Hall, jammed: datetime) -> None:
    well = jammed + 5 * MINUTE
    hall.tell(hall.terminal, "printer", "media", "notPresent", well, well)
    turn(well)
    assert not fault_notice_queries.standing(hall.area.pk)
    assert [one["faults"] for one in (sent(hall.terminal)[-1], sent(hall.other)[-1])] == [[], []]
    row = FaultNotice.objects.get()
    assert (row.shown_at, row.withdrawn_at) == (jammed, well)
    assert fault_notices.post_due(well + timedelta(days=1)) == 0, "nothing stands: nothing is looked at again"


def test_what_people_do_not_miss_is_not_told(hall: Hall, now: datetime) -> None:
    hall.tell(hall.terminal, "printer", "toner", "low", now, now)
    turn(now)
    assert not FaultNotice.objects.exists()
    assert not sent(hall.terminal)


def test_a_fault_of_the_area_takes_the_place_of_its_symptoms(hall: Hall, jammed: datetime) -> None:
    later = jammed + MINUTE
    hall.tell(hall.other, "door", "entrance", "locked", later, later)
    turn(later)
    told = fault_notice_queries.standing(hall.area.pk)
    assert told[0].sentence == "自助区暂时不能进入。"
    assert told[0].subject == ""


def test_a_terminal_that_begins_anew_gets_the_list_though_nothing_changed(hall: Hall, jammed: datetime) -> None:
    fault_notices.post_due(jammed + fault_notices.LOOK_AGAIN)
    assert len(sent(hall.other)) == 1
    hall.news("terminals.enrolled", {"terminal": hall.other.code}, jammed, jammed + MINUTE)
    turn(jammed + MINUTE)
    assert len(sent(hall.other)) == 2


def test_a_terminal_that_slept_through_the_end_is_told_that_nothing_stands(hall: Hall, jammed: datetime) -> None:
    Terminal.objects.filter(pk=hall.other.pk).update(state="suspended")
    well = jammed + 5 * MINUTE
    hall.tell(hall.terminal, "printer", "media", "notPresent", well, well)
    turn(well)
    assert [bool(one["faults"]) for one in sent(hall.other)] == [True]
    Terminal.objects.filter(pk=hall.other.pk).update(state="active")
    hall.news("terminals.resumed", {"terminal": hall.other.code}, well, well + MINUTE)
    seen = Transition.objects.order_by("-pk")[:1]
    fault_notices.hear(list(seen), well + MINUTE)
    assert fault_notices.post_due(well + MINUTE) == 1
    assert [bool(one["faults"]) for one in sent(hall.other)] == [True, False]
    fault_notices.mark([hall.area.pk], well + 2 * MINUTE)
    fault_notices.post_due(well + 2 * MINUTE)
    assert len(sent(hall.other)) == 2, "once"


def test_an_order_that_was_merged_says_who_comes_by_the_other(hall: Hall, jammed: datetime) -> None:
    order = WorkOrder.objects.get()
    into = open_manual(
        hall.actor("lin"), area="KBS", terminal="KBS-01", title="打印机", note="", severity="serious", now=jammed
    )
    actions.merge(hall.actor("lin"), order, into, reason="同一台", now=jammed + MINUTE)
    turn(jammed + MINUTE)
    assert lines(hall)[0]["谁在处理"].startswith("已通知")
    into.refresh_from_db()
    news = Transition.objects.order_by("-pk").values_list("pk", flat=True)[0]
    actions.accept_order(hall.actor("ren"), into, now=jammed + 2 * MINUTE)
    fault_notices.hear(list(Transition.objects.filter(pk__gt=news)), jammed + 2 * MINUTE)
    fault_notices.post_due(jammed + 2 * MINUTE)
    assert lines(hall)[0]["谁在处理"].endswith("已接单")


def test_one_bad_board_does_not_freeze_the_others(
    hall: Hall, jammed: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = jammed + MINUTE
    fault_notices.mark([hall.far_area.pk], later)
    fault_notices.mark([hall.area.pk], later - timedelta(seconds=1))
    build = fault_notices._standing

    def standing(area_id: int) -> list[Any]:
        if area_id == hall.area.pk:
            raise ValueError("a row that nobody can read")
        return build(area_id)

    monkeypatch.setattr(fault_notices, "_standing", standing)
    fault_notices.post_due(later)
    boards = dict(NoticeBoard.objects.values_list("area_id", "due_at"))
    assert boards == {hall.area.pk: later + fault_notices.AFTER_FAILURE, hall.far_area.pk: None}


def test_faults_from_before_an_upgrade_are_told_when_the_worker_starts(hall: Hall, jammed: datetime) -> None:
    FaultNotice.objects.all().delete()
    NoticeBoard.objects.all().delete()
    (again,) = (due for due in wiring.DUES if due.run is fault_notices.rebuild)
    (build,) = (due for due in wiring.DUES if due.run is fault_notices.post_due)
    loops = {lane: Loop(lane) for lane in (lane_of(again), lane_of(build))}
    for due in (again, build):
        loops[lane_of(due)]._run_due(due)
    assert len(lines(hall)) == 1


def test_a_rival_that_built_the_board_first_leaves_nothing_to_do(hall: Hall, jammed: datetime) -> None:
    board = NoticeBoard.objects.select_related("area__place").get(area=hall.area)
    NoticeBoard.objects.filter(pk=board.pk).update(due_at=jammed + timedelta(hours=1))
    fault_notices._post(board, fault_notices.Places.load(jammed), jammed + timedelta(hours=9))
    assert not lines(hall)[0]["预计"].endswith("催办")


def test_bodies_people_see_their_own_machines_notices(hall: Hall, jammed: datetime) -> None:
    seen = {
        name: fault_notice_queries.notices_visible_to(hall.actor(name)).count() for name in ("lin", "ren", "shui", "ou")
    }
    assert seen == {"lin": 1, "ren": 1, "shui": 0, "ou": 0}


def look(hall: Hall, code: str, value: str, at: datetime, number: int) -> RoundAnswer:
    """What somebody who walks the daily round saw at a machine."""
    plan = RoundPlan.objects.first() or RoundPlan.objects.create(
        area=hall.area, list_code="daily", name="每日巡查", who="keeper", rhythm="daily",
        windows=[["08:30", "11:30"]], starts_on=at.date(), made_at=at, made_by="test",
    )  # fmt: skip
    edition = CheckListEdition.objects.first() or CheckListEdition.objects.create(
        place=hall.city, list_code="daily", name="每日巡查", valid_from=at.date(), questions=[], made_at=at,
        made_by="test",
    )  # fmt: skip
    row = Round.objects.create(
        plan=plan, area=hall.area, edition=edition, place_path=hall.area.place.path, on=at.date(),
        opens_at=at - timedelta(seconds=number), closes_at=at + MINUTE, stops=[code],
    )  # fmt: skip
    return RoundAnswer.objects.create(
        round=row, client_id=f"look-{number}", stop=code, question="fault_notice", value=value, answered_at=at,
        received_at=at, by="lin",
    )  # fmt: skip


def test_what_the_platform_told_is_compared_with_what_rounds_saw(hall: Hall, jammed: datetime) -> None:
    """Only looks at a machine whose fault was told at that moment count; a photograph stands beside its answer."""
    before = look(hall, "KBS-01", "no", jammed - MINUTE, 1)
    other = look(hall, "KBS-02", "no", jammed + MINUTE, 2)
    lacks = look(hall, "KBS-01", "no", jammed + 2 * MINUTE, 3)
    picture = RoundPhoto.objects.create(
        round=lacks.round, client_id="photo-1", stop="KBS-01", question="fault_notice", sha256="0" * 64,
        taken_at=jammed, received_at=jammed, by="lin",
    )  # fmt: skip
    hangs = look(hall, "KBS-01", "yes", jammed + 9 * MINUTE, 4)
    well = jammed + 20 * MINUTE
    hall.tell(hall.terminal, "printer", "media", "notPresent", well, well)
    turn(well)
    after = look(hall, "KBS-01", "no", well + MINUTE, 5)
    row = FaultNotice.objects.select_related("incident__terminal").get()
    seen = fault_notice_queries.looks_at(row, well + 9 * MINUTE)
    assert [(one.answer, one.hangs, one.photos) for one in seen] == [(lacks, False, (picture.pk,)), (hangs, True, ())]
    assert not {before, other, after} & {one.answer for one in seen}
    day = timedelta(days=1)
    assert fault_notice_queries.counts_on_site(hall.area.pk, jammed - day, jammed + day) == (1, 1)
    assert fault_notice_queries.counts_on_site(hall.area.pk, jammed + 5 * MINUTE, jammed + day) == (1, 0)
    assert fault_notice_queries.counts_on_site(hall.far_area.pk, jammed - day, jammed + day) == (0, 0)
