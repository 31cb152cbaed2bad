"""报修 by the room's own actions: taken, joined to what is known, followed, answered and forgotten in time."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import transaction
from PIL import Image
from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance import (
    actions,
    citizen_messages,
    notice_actions,
    report_actions,
    report_following,
    report_jobs,
    report_keeping,
    report_queries,
)
from budayang.center.maintenance.channels.kinds import Outcome, Parcel
from budayang.center.maintenance.models import CitizenMessage, Incident, Report, ReportPhoto, WorkOrder
from budayang.center.maintenance.report_actions import Said
from budayang.center.platform import retention
from budayang.center.platform.actions import Refused, set_parameter
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.platform.own_links import own_mark
from budayang.center.terminals import report_addresses

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PHONE = "13900001234"


@pytest.fixture(autouse=True)
def _fresh_counts(db: None) -> None:
    cache.clear()


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "navy").save(out, "JPEG")
    return out.getvalue()


def say(
    hall: Hall, kind: str, now: datetime, *, client: str = "192.0.2.1", what: str = "terminal", **more: object
) -> Report:
    code = hall.terminal.code if what == "terminal" else hall.area.code
    spot = report_following.find_spot(what, code)  # type: ignore[arg-type]  # one of the two words
    assert spot is not None
    return report_actions.take_report(spot, Said(kind=kind, **more), client=client, now=now)  # type: ignore[arg-type]  # Said's own fields


def hear(now: datetime) -> None:
    """What the consumer gets of everything told so far."""
    rows = [row for row in Transition.objects.order_by("pk") if row.kind in report_jobs.NEWS]
    with transaction.atomic():
        report_jobs.hear(rows, now)


def again(report: Report) -> Report:
    return Report.objects.get(pk=report.pk)


def state(report: Report) -> str:
    return again(report).state


# Addresses


def test_an_address_names_its_machine_and_opens_no_other(hall: Hall) -> None:
    mark = report_addresses.mark_of("terminal", "KBS-01")
    assert report_addresses.read_address("t", "KBS-01", mark) == "terminal"
    assert report_addresses.read_address("t", "KBS-02", mark) is None
    assert report_addresses.read_address("a", "KBS-01", mark) is None
    assert report_addresses.read_address("x", "KBS-01", mark) is None
    assert report_addresses.read_address("t", "KBS-01", "é" * 20) is None
    assert report_addresses.address_of("area", "KBS").endswith(f"/r/a/KBS/{report_addresses.mark_of('area', 'KBS')}/")


# Taking one


def test_a_report_is_an_incident_and_an_order_of_whoever_looks_first(hall: Hall, now: datetime) -> None:
    report = say(hall, "sticker", now)
    incident = Incident.objects.get()
    order = WorkOrder.objects.get()
    assert (incident.kind, incident.severity, incident.bucket) == ("report_serious", "serious", "undetermined")
    assert incident.subject == "terminal:KBS-01/report:sticker"
    assert incident.title == "群众报修：贴了可疑的二维码、广告"
    assert [line["source"] for line in incident.evidence] == [report.number]
    assert order.organization_id == hall.bodies["ZW1"].pk
    assert (report.state, report.joined) == ("received", False)
    assert report.answer_due_at == now + 4 * HOUR


def test_what_is_the_areas_is_the_areas_at_whichever_machine(hall: Hall, now: datetime) -> None:
    say(hall, "door", now)
    say(hall, "door", now + MINUTE, what="area")
    incident = Incident.objects.get()
    assert (incident.subject, incident.terminal_id) == ("area:KBS/report:door", None)
    assert Report.objects.filter(incident=incident).count() == 2


def test_the_same_again_is_a_voice_and_not_a_second_incident(hall: Hall, now: datetime) -> None:
    first = say(hall, "light", now)
    second = say(hall, "light", now + MINUTE, client="192.0.2.2")
    third = say(hall, "", now + MINUTE, client="192.0.2.3", known=first.incident_id)
    assert Incident.objects.count() == WorkOrder.objects.count() == 1
    assert (second.joined, third.joined, third.kind) == (True, True, "light")
    assert len({first.number, second.number, third.number}) == 3


def test_two_other_things_are_two_incidents(hall: Hall, now: datetime) -> None:
    """Nobody can tell that two of "其他" are the same."""
    say(hall, "other", now)
    say(hall, "other", now)
    assert Incident.objects.filter(kind="report_general").count() == 2


def test_what_a_device_says_already_is_joined(hall: Hall, now: datetime) -> None:
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now - HOUR, now - HOUR)
    report = say(hall, "print", now)
    incident = Incident.objects.get()
    assert (incident.kind, report.incident, report.joined) == ("paper_out", incident, True)
    # of another machine it is something else
    hall.tell(hall.other, "scanner", "device", "hardwareError", now, now)
    assert say(hall, "scan", now).incident.kind == "report_general"  # type: ignore[union-attr]  # just opened


def test_what_a_device_says_later_takes_the_report_over(hall: Hall, now: datetime) -> None:
    report = say(hall, "screen", now)
    own = again(report).incident
    assert own is not None
    hall.silence(hall.terminal, now, now + 2 * MINUTE)
    hear(now + 2 * MINUTE)
    assert again(report).incident == Incident.objects.get(kind="terminal_silent")
    own.refresh_from_db()
    assert own.state == "closed"
    assert WorkOrder.objects.get(incident=own).state == "cancelled"
    hall.heard(hall.terminal, now + 9 * MINUTE, now + 9 * MINUTE)
    hear(now + 9 * MINUTE)
    assert state(report) == "fixed"


def test_nothing_chosen_and_a_wrong_number_are_refused_with_the_repair(hall: Hall, now: datetime) -> None:
    for more, words in (({"kind": ""}, "请先选哪里不对"), ({"kind": "print", "phone": "12"}, "11 位数字")):
        with pytest.raises(Refused, match=words):
            say(hall, now=now, **more)  # type: ignore[arg-type]  # kind and phone
    assert not Report.objects.exists()


# Limits


def test_beyond_the_limit_of_an_address_it_waits_for_a_person_and_is_not_lost(hall: Hall, now: datetime) -> None:
    set_parameter(SYSTEM, "report_client_hour", hall.city, 2, valid_from=now - HOUR)
    kinds = ("light", "dirty", "fire", "help")
    made = [say(hall, kind, now, photo=photo) for kind in kinds]
    assert [one.state for one in made] == ["received", "received", "held", "held"]
    assert Incident.objects.count() == 2
    assert ReportPhoto.objects.count() == 2, "a flood must not fill the disk"
    assert say(hall, "climate", now, client="192.0.2.9").state == "received", "others are not kept waiting"
    assert made[2].answer_due_at is not None, "somebody has to look at it all the same"
    admitted = report_actions.admit_report(hall.actor("lin"), made[2], now)
    assert admitted.incident is not None
    assert (admitted.state, admitted.incident.kind) == ("received", "report_urgent")
    with pytest.raises(Refused):
        report_actions.admit_report(hall.actor("lin"), again(made[2]), now)


def test_beyond_the_limit_of_a_machine_whoever_asks(hall: Hall, now: datetime) -> None:
    set_parameter(SYSTEM, "report_place_hour", hall.city, 3, valid_from=now - HOUR)
    made = [say(hall, "light", now + n * MINUTE, client=f"192.0.2.{n}") for n in range(5)]
    assert [one.state for one in made] == ["received"] * 3 + ["held"] * 2
    assert say(hall, "light", now + 65 * MINUTE, client="192.0.2.77").state == "received"


def test_no_address_of_a_caller_is_written_down(hall: Hall, now: datetime) -> None:
    report = say(hall, "light", now, client="203.0.113.77")
    assert "203.0.113.77" not in str(again(report).__dict__)
    assert not AuditLine.objects.filter(record__contains="203.0.113.77").exists()


# How it goes on


def test_it_goes_with_its_order_until_a_person_has_seen_it(hall: Hall, now: datetime) -> None:
    report = say(hall, "light", now)
    order, lin = WorkOrder.objects.get(), hall.actor("lin")
    actions.accept_order(lin, order, now=now + MINUTE)
    hear(now + MINUTE)
    assert state(report) == "working"
    actions.repair(lin, order, note="换了灯管", now=now + 2 * MINUTE)
    hear(now + 2 * MINUTE)
    assert state(report) == "working", "that it was repaired is a claim until somebody accepts it"
    actions.step(SYSTEM, order, "verified", at=now + 3 * MINUTE, now=now + 3 * MINUTE)
    actions.step(SYSTEM, order, "closed", at=now + 3 * MINUTE, now=now + 3 * MINUTE)
    hear(now + 3 * MINUTE)
    done = again(report)
    assert (done.state, done.answer_due_at, done.ended_at) == ("fixed", None, now + 3 * MINUTE)
    words = [word for _at, word in report_queries.find_progress(report.number, "x", now).steps]  # type: ignore[union-attr]  # it is there
    assert words == ["已收到", "有人处理", "已修好"]


def test_an_order_that_was_called_off_means_that_nothing_was_found(hall: Hall, now: datetime) -> None:
    report = say(hall, "light", now)
    actions.step(SYSTEM, WorkOrder.objects.get(), "cancelled", at=now, now=now)
    hear(now)
    assert state(report) == "checked"


def test_withdrawn_everything_personal_goes_and_an_order_nobody_began_too(hall: Hall, now: datetime) -> None:
    report = say(hall, "light", now, phone=PHONE, note="靠窗那盏", photo=photo)
    report_actions.withdraw_report(report.number, own_mark("report", report.number), now + MINUTE)
    gone = again(report)
    assert (gone.state, gone.phone_sealed, gone.note_sealed, gone.phone_hint) == ("withdrawn", None, None, "")
    assert not ReportPhoto.objects.exists()
    assert (Incident.objects.get().state, WorkOrder.objects.get().state) == ("closed", "cancelled")
    assert report_actions.withdraw_report("7Q2M-4XTD-9HWR", "", now) is None


def test_the_number_alone_takes_nothing_back(hall: Hall, now: datetime) -> None:
    report, other = say(hall, "light", now, phone=PHONE), say(hall, "light", now)
    for mark in ("", "0" * 20, own_mark("report", other.number), own_mark("complaint", report.number)):
        with pytest.raises(Refused, match="凭号码只能看"):
            report_actions.withdraw_report(report.number, mark, now + MINUTE)
    assert (again(report).state, again(report).phone_hint) == ("received", "139****1234")


def test_withdrawn_the_others_voice_and_a_begun_order_stay(hall: Hall, now: datetime) -> None:
    first, second = say(hall, "light", now), say(hall, "light", now)
    report_actions.withdraw_report(first.number, own_mark("report", first.number), now)
    assert WorkOrder.objects.get().state == "reported"
    actions.accept_order(hall.actor("lin"), WorkOrder.objects.get(), now=now)
    report_actions.withdraw_report(second.number, own_mark("report", second.number), now)
    assert (Incident.objects.get().state, WorkOrder.objects.get().state) == ("open", "accepted")


def test_set_aside_with_a_reason_and_not_by_whom_it_may_blame(hall: Hall, now: datetime) -> None:
    report = say(hall, "print", now)
    with pytest.raises(Forbidden):
        report_actions.set_aside(hall.actor("ren"), report, "joke", now)
    with pytest.raises(Refused, match="理由"):
        report_actions.set_aside(hall.actor("lin"), report, "nonsense", now)
    report_actions.set_aside(hall.actor("lin"), report, "joke", now)
    assert (state(report), again(report).set_aside_for, Incident.objects.get().state) == ("set_aside", "joke", "closed")


def test_joined_by_a_person_its_own_order_is_called_off(hall: Hall, now: datetime) -> None:
    hall.tell(hall.terminal, "printer", "toner", "low", now, now)
    told = Incident.objects.get()
    report = say(hall, "receipt", now)
    own = report.incident
    report_actions.join_report(hall.actor("lin"), again(report), told.pk, now)
    assert again(report).incident == told
    assert own is not None
    own.refresh_from_db()
    assert (own.state, WorkOrder.objects.get(incident=own).state) == ("closed", "cancelled")
    with pytest.raises(Refused):
        report_actions.join_report(hall.actor("lin"), again(report), own.pk, now)


# Answers


def test_an_answer_stops_the_clock_for_every_voice_that_had_none(hall: Hall, now: datetime) -> None:
    first, second, third = (say(hall, "light", now + n * MINUTE) for n in range(3))
    lin = hall.actor("lin")
    with pytest.raises(Refused):
        report_actions.answer_report(lin, first, "  ", now)
    report_actions.answer_report(lin, again(second), "先答您", now + HOUR)
    report_actions.answer_report(lin, again(first), "今晚换灯管", now + 2 * HOUR, all_voices=True)
    assert [again(one).answer for one in (first, second, third)] == ["今晚换灯管", "先答您", "今晚换灯管"]
    assert report_following.escalate_unanswered(now + 9 * HOUR) == 0


def test_overdue_it_becomes_an_incident_of_the_area_and_ends_with_the_last_answer(hall: Hall, now: datetime) -> None:
    first, second = say(hall, "light", now), say(hall, "dirty", now + MINUTE)
    late = now + 4 * HOUR
    assert report_following.escalate_unanswered(late - MINUTE) == 0
    assert report_following.escalate_unanswered(late) == 1
    assert report_following.escalate_unanswered(late) == 0, "a second worker finds nothing"
    assert report_following.escalate_unanswered(late + MINUTE) == 1
    incident = Incident.objects.get(kind="report_unanswered")
    assert (incident.opened_at, incident.severity, len(incident.evidence)) == (late, "serious", 2)
    assert WorkOrder.objects.filter(incident=incident).exists()
    assert Transition.objects.filter(kind="maintenance.incident_opened", payload__incident=incident.pk).exists()
    report_actions.answer_report(hall.actor("lin"), again(first), "已派人", late + HOUR)
    incident.refresh_from_db()
    assert incident.state == "open"
    report_actions.answer_report(hall.actor("lin"), again(second), "已派人", late + HOUR)
    incident.refresh_from_db()
    assert incident.state == "closed"
    assert "超过时限没有答复，已上报" in [
        word
        for _at, word in report_queries.find_progress(first.number, "x", now).steps  # type: ignore[union-attr]  # it is there
    ]


def test_an_overdue_report_that_is_taken_back_waits_for_no_answer(hall: Hall, now: datetime) -> None:
    report = say(hall, "light", now)
    assert report_following.escalate_unanswered(now + 4 * HOUR) == 1
    report_actions.withdraw_report(report.number, own_mark("report", report.number), now + 5 * HOUR)
    assert Incident.objects.get(kind="report_unanswered").state == "closed"


def test_who_left_a_number_gets_the_answer_as_a_message_and_no_copy_stays(hall: Hall, now: datetime) -> None:
    values = {"url": "https://sms.example.cn/send", "token": "token-12345678", "signature": "不打烊"}
    notice_actions.add_channel(SYSTEM, kind="sms", name="短信", place=hall.city, values=values, now=now)
    report = say(hall, "light", now, phone=PHONE)
    say(hall, "light", now)
    assert not CitizenMessage.objects.exists()
    report_actions.answer_report(hall.actor("lin"), again(report), "今晚换灯管", now, all_voices=True)
    got: list[Parcel] = []

    def send(_secret: Mapping[str, str], parcel: Parcel) -> Outcome:
        got.append(parcel)
        return Outcome()

    assert citizen_messages.send_due(now, send) == 1
    assert (got[0].to, got[0].kind) == (PHONE, "report")
    assert "今晚换灯管" in got[0].body
    assert report.number in got[0].body
    assert PHONE not in str(CitizenMessage.objects.get().__dict__)


# What stays of a person


def test_phone_words_and_photo_are_sealed_and_each_look_is_written_down(hall: Hall, now: datetime) -> None:
    report = say(hall, "print", now, phone=PHONE, note="左边那台", photo=photo)
    kept = again(report)
    assert kept.phone_hint == "139****1234"
    for blob in (kept.phone_sealed, kept.note_sealed, ReportPhoto.objects.get().sealed):
        assert PHONE.encode() not in bytes(blob)
        assert "左边".encode() not in bytes(blob)
        assert b"JFIF" not in bytes(blob)
    assert report_actions.show_phone(hall.actor("lin"), kept, now) == PHONE
    assert report_actions.show_photo(hall.actor("mo"), kept, now) == photo()
    looked = AuditLine.objects.filter(action__in=("maintenance.report_phone", "maintenance.report_photo"))
    assert set(looked.values_list("actor", flat=True)) == {"lin", "mo"}
    assert not AuditLine.objects.filter(record__contains=PHONE).exists()
    with pytest.raises(Forbidden):
        report_actions.show_phone(hall.actor("mo"), kept, now)


def test_owners_and_vendors_see_their_own_machines_only(hall: Hall, now: datetime) -> None:
    report, whole = say(hall, "print", now), say(hall, "door", now, what="area")
    seen = {
        name: set(report_queries.reports_visible_to(hall.actor(name)).values_list("pk", flat=True))
        for name in ("lin", "ren", "mo", "shui", "ou", "sys")
    }
    assert seen["lin"] == {report.pk, whole.pk}
    assert seen["ren"] == seen["mo"] == {report.pk}
    assert seen["shui"] == seen["ou"] == set()


def test_retention_erases_what_is_due_and_keeps_the_report(
    hall: Hall, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention._wiring, "rules", report_keeping.RETENTION)
    ended, forgotten = say(hall, "light", now, phone=PHONE, photo=photo), say(hall, "dirty", now, note="门口")
    report_actions.set_aside(hall.actor("lin"), again(ended), "joke", now)
    assert again(ended).erase_at == now + timedelta(days=7)
    assert again(forgotten).erase_at == now + timedelta(days=60)
    assert retention.erase_due(now + timedelta(days=7) - MINUTE) == 0
    assert retention.erase_due(now + timedelta(days=7)) == 1
    assert not ReportPhoto.objects.exists()
    assert (again(ended).phone_sealed, again(ended).phone_hint) == (None, "")
    assert retention.erase_due(now + timedelta(days=60)) == 1
    assert Report.objects.count() == 2


def test_wrong_numbers_are_counted_and_right_ones_are_not(hall: Hall, now: datetime) -> None:
    report = say(hall, "light", now)
    for _n in range(report_queries.MISSES):
        assert report_queries.find_progress("7Q2M-4XTD-9HWR", "a", now) is None
        assert report_queries.find_progress(report.number, "b", now) is not None
    with pytest.raises(report_queries.TooManyLooks):
        report_queries.find_progress(report.number, "a", now)
    assert report_queries.find_progress(report.number.lower().replace("-", " "), "b", now) is not None
