"""A rating counts once, is on one of five levels, holds nothing about the person; a negative one starts two clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import override
from tests.center.evaluation.the_rater import counted, finished_case
from tests.center.hall import Hall, number

from budayang.center.evaluation import jobs, queries
from budayang.center.evaluation.models import Invitation, NegativeCase, Rating, RatingFlag, RefusedRating, Visit
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.platform.wording import words
from budayang.center.services.case_accepting import CaseRefused, grant_reply, require_grant
from budayang.center.services.keeping import RETENTION
from budayang.center.services.models import CaseGrant
from budayang.center.terminals.models import Inbox

MINUTE = timedelta(minutes=1)


def rate(hall: Hall, counter: int, level: str, now: datetime, reasons: list[str] | None = None) -> None:
    body: dict[str, object] = {"number": number(counter), "level": level, "reasons": reasons or []}
    hall.inbox(hall.terminal, "rating.shown", {"number": number(counter)}, now, now)
    hall.inbox(hall.terminal, "rating", body, now, now)
    jobs.read_inbox(now)


def test_a_rating_counts_once(hall: Hall, now: datetime) -> None:
    rate(hall, 1, "satisfied", now)
    rate(hall, 1, "very_unsatisfied", now + MINUTE, ["other"])
    rating = Rating.objects.get()
    assert (rating.level, rating.at, rating.owner) == ("satisfied", now, hall.bodies["RS"])
    assert Invitation.objects.count() == 1
    assert not NegativeCase.objects.exists()
    assert Transition.objects.filter(kind="evaluation.rated").count() == 1
    assert not Inbox.objects.filter(done_at__isnull=True).exists()


def test_a_second_answer_that_says_something_else_is_a_flag_and_never_nothing(hall: Hall, now: datetime) -> None:
    rate(hall, 1, "satisfied", now)
    rate(hall, 1, "satisfied", now + MINUTE)
    assert not RatingFlag.objects.exists(), "the same again is a message that came twice"
    rate(hall, 1, "very_unsatisfied", now + MINUTE, ["unclear", "other"])
    flag = RatingFlag.objects.get()
    assert (flag.kind, flag.state, flag.rating.level) == ("second", "open", "satisfied")
    assert flag.why == "后来又评了“非常不满意”；看不懂、找不到要办的事项；其他"
    with override("en"):
        assert words(flag.why).isascii(), words(flag.why)
    rate(hall, 1, "very_unsatisfied", now + 2 * MINUTE, ["other"])
    assert RatingFlag.objects.count() == 1
    lines = AuditLine.objects.filter(action="evaluation.flagged").order_by("pk")
    assert [one.details for one in lines] == [
        {"kind": "second", "level": "very_unsatisfied", "reasons": reasons}
        for reasons in (["unclear", "other"], ["other"])
    ]
    assert Transition.objects.get(kind="evaluation.flagged").occurred_at == now


def test_the_same_level_for_other_reasons_is_another_answer(hall: Hall, now: datetime) -> None:
    rate(hall, 1, "unsatisfied", now, ["no_paper", "other"])
    rate(hall, 1, "unsatisfied", now + MINUTE, ["other", "no_paper"])
    assert not RatingFlag.objects.exists()
    rate(hall, 1, "unsatisfied", now + MINUTE, ["too_slow"])
    assert RatingFlag.objects.get().why == "后来又评了“不满意”；等的时间太长"


@pytest.mark.parametrize(
    "body",
    [
        {"number": number(1), "level": "wonderful"},
        {"number": number(1)[:-1] + "?", "level": "satisfied"},
        {"number": 7, "level": ["satisfied"]},
        {},
    ],
)
def test_what_cannot_be_a_rating_is_not_taken_and_does_not_stop_the_inbox(
    hall: Hall, now: datetime, body: dict[str, object]
) -> None:
    hall.inbox(hall.terminal, "rating", body, now, now)
    rate(hall, 2, "satisfied", now)
    assert list(Rating.objects.values_list("case_number", flat=True)) == [number(2)]


def test_a_level_of_its_own_is_refused_and_counted_once(hall: Hall, now: datetime) -> None:
    """A terminal whose page offers other levels must be found out; what is no code word is not kept as it came."""
    for counter, level in ((1, "good"), (1, "bad"), (2, "张三 说还行"), (3, "satisfied")):
        hall.inbox(hall.terminal, "rating", {"number": number(counter), "level": level}, now, now)
    hall.inbox(hall.other, "rating", {"number": number(4), "level": "good"}, now, now)  # not its own matter
    jobs.read_inbox(now)
    kept = RefusedRating.objects.order_by("pk").values_list("case_number", "level", "terminal__code")
    assert list(kept) == [(number(1), "good", "KBS-01"), (number(2), "", "KBS-01")]
    assert Transition.objects.filter(kind="evaluation.rating_refused").count() == 2
    rate(hall, 1, "satisfied", now + MINUTE)
    assert Rating.objects.count() == 2, "the person may still rate on the five"
    with pytest.raises(IntegrityError), transaction.atomic():
        RefusedRating.objects.update(level="satisfied")


def test_the_database_refuses_a_sixth_level(hall: Hall, now: datetime) -> None:
    rate(hall, 1, "satisfied", now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Rating.objects.update(level="wonderful")


def test_a_negative_rating_opens_a_case_with_clocks_in_working_days(hall: Hall, now: datetime) -> None:
    # `now` is Tuesday, 24 November 2026, 02:14 in Ordos.
    rate(hall, 1, "unsatisfied", now, ["no_paper", "no_paper", "privacy", "nonsense"])
    case = NegativeCase.objects.get()
    assert case.rating.reasons == ["no_paper"], "each once, and only those that this level offers"
    assert case.verify_due_at == datetime(2026, 11, 25, 16, tzinfo=UTC), "end of Wednesday"
    assert case.close_due_at == datetime(2026, 12, 1, 16, tzinfo=UTC), "end of the next Tuesday"


def test_a_good_rating_keeps_no_reasons(hall: Hall, now: datetime) -> None:
    rate(hall, 1, "very_satisfied", now, ["other"])
    assert Rating.objects.get().reasons == []


@pytest.mark.parametrize(("name", "sees"), [("lin", 1), ("ren", 1), ("mo", 1), ("ning", 1), ("shui", 0), ("ou", 0)])
def test_who_sees_a_rating(hall: Hall, now: datetime, name: str, sees: int) -> None:
    rate(hall, 1, "satisfied", now)
    assert queries.ratings_visible_to(hall.actor(name)).count() == sees


def test_counts_are_of_the_period_and_the_place(hall: Hall, now: datetime) -> None:
    rate(hall, 1, "very_satisfied", now)
    rate(hall, 2, "unsatisfied", now, ["other"])
    rate(hall, 3, "satisfied", now - timedelta(days=40))
    hall.inbox(hall.terminal, "rating.shown", {"number": number(4)}, now, now)
    jobs.read_inbox(now)
    path = hall.area.place.path
    counts = counted(now - timedelta(days=1), now + MINUTE, path, now)
    assert (counts.invited, counts.rated, counts.negative, counts.negative_open) == (3, 2, 1, 1)
    assert counts.satisfied_rate == 0.5
    assert counts.rated_rate == pytest.approx(2 / 3)
    assert list(counts.levels.values()) == [1, 0, 0, 1, 0]
    late = counted(now - timedelta(days=1), now + MINUTE, path, now + timedelta(days=3))
    assert late.negative_late == 1
    nowhere = counted(now - timedelta(days=1), now + MINUTE, hall.far_area.place.path, now)
    assert nowhere.rated == 0
    assert nowhere.satisfied_rate is None


def test_a_visit_that_timed_out_is_cleared_or_not(hall: Hall, now: datetime) -> None:
    for steps in ({"attract": 1, "clear": 1}, {"attract": 1}):
        body: dict[str, object] = {"end": "idle", "step": "fill", "seconds": 75.5, "item": "ZZ001", "steps": steps}
        hall.inbox(hall.terminal, "session", body, now, now)
    hall.inbox(hall.terminal, "session", {"end": "done", "steps": {"clear": 1}}, now, now)
    jobs.read_inbox(now)
    assert Visit.objects.count() == 3
    assert queries.idle_visits(now - MINUTE, now + MINUTE, hall.area.place.path) == (2, 1)


def test_nothing_about_a_person_is_in_the_tables() -> None:
    columns = {
        field.name
        for model in (Rating, RefusedRating, Invitation, NegativeCase, Visit)
        for field in model._meta.get_fields()
    }
    assert not columns & {"name", "id_number", "phone", "identity", "identity_hash", "person"}


def test_a_terminal_rates_its_own_matters_and_those_opened_at_it(hall: Hall, now: datetime) -> None:
    """The number is kept as it is written, whatever a terminal made of it; a matter of the next machine is not its."""
    case, _code = finished_case(hall.terminal, 1, now)
    for kind, body in (("rating.shown", {}), ("rating", {"level": "unsatisfied"})):
        hall.inbox(hall.other, kind, {"number": case.number, **body}, now, now)
    jobs.read_inbox(now)
    assert not Rating.objects.exists()
    assert not Invitation.objects.exists()
    grant_reply(case, hall.other.pk, "k" * 43, now)  # its person printed it again there
    hall.inbox(hall.other, "rating", {"number": case.number, "level": "satisfied"}, now, now)
    hall.inbox(hall.terminal, "rating", {"number": f" {number(2).lower()} ", "level": "satisfied"}, now, now)
    hall.inbox(hall.terminal, "rating", {"number": number(2), "level": "unsatisfied"}, now, now)
    jobs.read_inbox(now)
    found = Rating.objects.order_by("pk").values_list("case_number", "level")
    assert list(found) == [(case.number, "satisfied"), (number(2), "satisfied")]


def test_a_rating_of_another_terminals_case_comes_when_the_line_is_back(hall: Hall, now: datetime) -> None:
    """The key of the journey is deleted after a quarter of an hour; its terminal was cut off for twenty days."""
    case, _code = finished_case(hall.terminal, 1, now)
    for key in ("k" * 43, "l" * 43):
        grant_reply(case, hall.other.pk, key, now)
    grant_reply(case, hall.terminal.pk, "o" * 43, now)
    keys, opened = (next(one for one in RETENTION if one.name == f"services.{name}") for name in ("grants", "opened"))
    assert keys.erase(keys.due(keys.held(), now + 16 * MINUTE)) == 3
    assert list(CaseGrant.objects.values_list("terminal", "reply_key")) == [(hall.other.pk, "")]
    with pytest.raises(CaseRefused):
        require_grant(case, hall.other.pk, "", now + 16 * MINUTE)
    grant_reply(case, hall.other.pk, "m" * 43, now + 20 * MINUTE)
    assert keys.erase(keys.due(keys.held(), now + 60 * MINUTE)) == 1
    back = now + timedelta(days=20)
    assert opened.erase(opened.due(opened.held(), back)) == 0
    hall.inbox(hall.other, "rating", {"number": case.number, "level": "satisfied"}, now, back)
    jobs.read_inbox(back)
    assert Rating.objects.get().case_number == case.number
    assert opened.erase(opened.due(opened.held(), now + timedelta(days=31))) == 1
    assert not CaseGrant.objects.exists()


@pytest.mark.parametrize(
    ("sent", "details"),
    [
        (number(1), {"why": "other_terminal", "number": number(1), "level": "satisfied"}),
        ("测试甲 13900001234", {"why": "bad_number", "level": "satisfied"}),
    ],
)
def test_a_rating_that_joins_no_case_is_a_line_of_the_audit(
    hall: Hall, now: datetime, sent: str, details: dict[str, str]
) -> None:
    hall.inbox(hall.other, "rating", {"number": sent, "level": "satisfied"}, now, now)
    jobs.read_inbox(now)
    assert not Rating.objects.exists()
    line = AuditLine.objects.get(action="evaluation.rating_unjoined")
    assert (line.subject, line.details) == (f"terminal:{hall.other.code}", details)
