"""Rows of the ledgers about rounds: 巡查 of the place, 巡检 of its devices, cleaning, and fire safety."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet

from budayang.center.maintenance.book_actions import entries_visible_to
from budayang.center.maintenance.due_things import things_visible_to
from budayang.center.maintenance.ledger_rows_devices import Row, Scope, join
from budayang.center.maintenance.models import DueThing, Round, RoundAnswer, RoundPhoto, RoundTrace, Training
from budayang.center.maintenance.round_queries import questions_in, rounds_visible_to
from budayang.center.platform.queries import names_of, parameter
from budayang.rules.due_dates import STAGE_NAMES, THING_NAMES, stage
from budayang.rules.ledgers import TRAINING_KINDS
from budayang.rules.round_lists import About, Question
from budayang.rules.rounds import NO, NOT_HERE, PROOF_NAMES, STATE_NAMES, TRACE_NAMES, YES

VALUE_WORDS = {YES: "正常", NO: "异常", NOT_HERE: "不适用"}
PROOF_SHORT = {"proved": "动态码", "said": "固定码", "expired": "码已过时", "wrong": "码不符"}
TOLD_TRACES = (
    "late",
    "early",
    "offline",
    "other_person",
    "edited",
    "conflict",
    "settled",
    "blank",
    "no_photo",
    "no_proof",
)
CLEANING = Q(plan__list_code="cleaning") | Q(plan__who="cleaner")
FIRE = Q(plan__list_code__in=("monthly_fire", "yearly_test")) | Q(plan__who="fire")
FIRE_THINGS = ("extinguisher", "fire_test", "electric_test", "drill")
assert set(PROOF_SHORT) == set(PROOF_NAMES), "every verdict has its short word"


@dataclass(frozen=True, slots=True)
class Walked:
    """What was asked and said at one stop of a round."""

    asked: int
    answered: int
    fine: int
    told: tuple[str, ...]  # each failed answer in words, with the order that it led to
    by: tuple[str, ...]
    proof: str
    photos: int


def _rounds(scope: Scope, which: Q) -> QuerySet[Round]:
    """Rounds whose window began in the period, with all that is told of them, in few queries."""
    start, end = scope.span
    answers = RoundAnswer.objects.filter(state="current").select_related("incident").order_by("pk")
    rows = rounds_visible_to(scope.actor).filter(
        which, place_path__startswith=scope.place.path, opens_at__gte=start, opens_at__lt=end
    )
    return rows.prefetch_related(
        Prefetch("answers", answers.prefetch_related("incident__orders")),
        "presences",
        Prefetch("photos", RoundPhoto.objects.defer("content_sealed")),
        Prefetch("traces", RoundTrace.objects.filter(event__in=TOLD_TRACES)),
    ).order_by("opens_at", "pk")


def _walked(row: Round, questions: Sequence[Question], stop: str, names: dict[str, str]) -> Walked:
    about = About.TERMINAL if stop else About.AREA
    asked = [one for one in questions if one.about is about]
    by_code = {one.question: one for one in row.answers.all() if one.stop == stop}
    said = [(one, by_code[one.code]) for one in asked if one.code in by_code]
    verdicts = {one.verdict for one in row.presences.all() if one.stop == stop}
    proof = next((word for verdict, word in PROOF_SHORT.items() if verdict in verdicts), "")
    people = [answer.by for _question, answer in said if answer.source == "person"]
    return Walked(
        asked=len(asked),
        answered=len(said),
        fine=sum(not answer.failed and answer.value != NOT_HERE for _question, answer in said),
        told=tuple(_fault(question, answer) for question, answer in said if answer.failed),
        by=tuple(dict.fromkeys(names.get(one, one) for one in people)),
        proof=proof,
        photos=sum(one.stop == stop for one in row.photos.all()),
    )


def _fault(question: Question, answer: RoundAnswer) -> str:
    text = f"{question.text}：{VALUE_WORDS.get(answer.value, answer.value)}"
    if answer.note:
        text += f"（{answer.note}）"
    orders = [one.number for one in answer.incident.orders.all()] if answer.incident else []
    return text + (f" → {'、'.join(orders)}" if orders else "")


def _told(row: Round, stop: str | None) -> str:
    """What a reader has to know besides, each once with how often."""
    found: dict[str, int] = {}
    for one in row.traces.all():
        if stop is None or one.stop == stop:
            found[one.event] = found.get(one.event, 0) + 1
    return "；".join(TRACE_NAMES[event] + (f" {count} 处" if count > 1 else "") for event, count in found.items())


def _chunks(rows: QuerySet[Round]) -> Iterator[tuple[Round, tuple[Question, ...], dict[str, str]]]:
    """Each round with its questions and the names of who answered, five hundred rounds in a handful of queries."""
    editions: dict[int, tuple[Question, ...]] = {}
    held: list[Round] = []

    def out() -> Iterator[tuple[Round, tuple[Question, ...], dict[str, str]]]:
        people = {answer.by for one in held for answer in one.answers.all()} | {one.finished_by for one in held}
        names = names_of(people)
        for one in held:
            if one.signs:
                yield one, questions_in(one), names
                continue
            if one.edition_id not in editions:
                editions[one.edition_id] = questions_in(one)
            yield one, editions[one.edition_id], names
        held.clear()

    for row in rows.iterator(chunk_size=500):
        held.append(row)
        if len(held) == 500:
            yield from out()
    yield from out()


def patrol_rows(scope: Scope) -> Iterator[Row]:
    """巡查台账: each round of the place, without those of cleaning and fire, which have books of their own."""
    yield from _place_rows(scope, ~CLEANING & ~FIRE)


def cleaning_rows(scope: Scope) -> Iterator[Row]:
    """保洁台账."""
    yield from _place_rows(scope, CLEANING)


def _place_rows(scope: Scope, which: Q) -> Iterator[Row]:
    for row, questions, names in _chunks(_rounds(scope, which)):
        if not any(one.about is About.AREA for one in questions):
            continue
        found = _walked(row, questions, "", names)
        yield (
            scope.moment(row.opens_at) + "—" + scope.clock(row.closes_at, row.opens_at),
            row.area.name,
            row.plan.name,
            "、".join(found.by) or names.get(row.finished_by, row.finished_by),
            scope.clock(row.finished_at, row.opens_at) if row.finished_at else "",
            f"{found.answered}/{found.asked}",
            f"{found.fine}",
            f"{len(found.told)}",
            "\n".join(found.told),
            f"{found.photos}",
            STATE_NAMES[row.state],
            join(_told(row, ""), row.note),
        )


def inspection_rows(scope: Scope) -> Iterator[Row]:
    """巡检台账: each device of each round."""
    for row, questions, names in _chunks(_rounds(scope, Q())):
        if not any(one.about is About.TERMINAL for one in questions):
            continue
        for stop in row.stops:
            found = _walked(row, questions, stop, names)
            yield (
                scope.moment(row.opens_at) + "—" + scope.clock(row.closes_at, row.opens_at),
                row.area.name,
                stop,
                row.plan.name,
                "、".join(found.by) or names.get(row.finished_by, row.finished_by),
                f"{found.answered}/{found.asked}",
                f"{found.fine}",
                f"{len(found.told)}",
                "\n".join(found.told),
                found.proof,
                STATE_NAMES[row.state],
                _told(row, stop),
            )


def fire_rows(scope: Scope) -> Iterator[Row]:
    """消防台账: checks, drills and trainings of the period, then what stands on the books at its end with its day."""
    for row, questions, names in _chunks(_rounds(scope, FIRE)):
        found = [_walked(row, questions, stop, names) for stop in ("", *row.stops)]
        told = [text for one in found for text in one.told]
        people = tuple(dict.fromkeys(name for one in found for name in one.by))
        yield (
            scope.moment(row.opens_at),
            row.area.name,
            "检查",
            row.plan.name,
            f"{STATE_NAMES[row.state]}，查 {sum(one.answered for one in found)}/{sum(one.asked for one in found)} 项",
            "\n".join(told) or ("无异常" if row.state in ("done", "done_late") else ""),
            "、".join(people) or names.get(row.finished_by, row.finished_by),
            join(_told(row, None), row.note),
        )
    start, end = scope.span
    trainings = entries_visible_to(scope.actor, Training).filter(
        area__place__path__startswith=scope.place.path, at__gte=start, at__lt=end, kind__in=("fire", "drill")
    )
    for one in trainings.filter(corrected_by__isnull=True).order_by("at", "pk"):
        result = f"{one.present} 人，{one.minutes} 分钟"
        yield (
            scope.moment(one.at), one.area.name, TRAINING_KINDS[one.kind], one.subject, result, one.result, one.teacher,
            "",
        )  # fmt: skip
    things = list(_fire_things(scope))
    names, warn_d = names_of(one.made_by for one in things), float(parameter("due_warn_d", scope.place.path, end))
    for thing in things:
        found_stage = STAGE_NAMES[stage(thing.due_on, scope.last_on, warn_d)]
        yield (
            thing.due_on.isoformat(), thing.area.name, "到期事项", f"{THING_NAMES[thing.kind]} {thing.name}",
            found_stage, "", names.get(thing.made_by, ""), "",
        )  # fmt: skip


def _fire_things(scope: Scope) -> QuerySet[DueThing]:
    _start, end = scope.span
    rows = things_visible_to(scope.actor).filter(
        area__place__path__startswith=scope.place.path, kind__in=FIRE_THINGS, made_at__lt=end
    )
    return rows.order_by("due_on", "pk")
