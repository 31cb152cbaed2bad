"""Rows of the ledgers about people and things left behind: trainings, duty, lost things, video viewing."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from budayang.center.maintenance.book_actions import Entry, entries_visible_to
from budayang.center.maintenance.duty_queries import read_roster, shifts_visible_to
from budayang.center.maintenance.handover_actions import handovers_visible_to
from budayang.center.maintenance.ledger_rows_devices import Row, Scope, join
from budayang.center.maintenance.lost_actions import things_visible_to
from budayang.center.maintenance.models import DutyEntry, Training, VideoViewing
from budayang.center.platform.models import Staff
from budayang.center.platform.queries import place_chain
from budayang.rules.ledgers import AUTHORITY_KINDS, DUTY_KINDS, LOST_KINDS, LOST_STATE_NAMES, TRAINING_KINDS


def _entries(scope: Scope, model: type[Entry]) -> Iterator[Entry]:
    """Entries of the period in order, also those that were corrected later: the book tells which."""
    start, end = scope.span
    rows = entries_visible_to(scope.actor, model).filter(
        area__place__path__startswith=scope.place.path, at__gte=start, at__lt=end
    )
    yield from rows.order_by("at", "pk").iterator(chunk_size=500)


def _corrected(entry: Entry) -> str:
    """Which entry it corrects, which one corrects it."""
    later, earlier = getattr(entry, "corrected_by", None), getattr(entry, "corrects_id", None)
    return join(
        f"更正第 {earlier} 号：{entry.why}" if earlier else "",
        f"已由第 {later.pk} 号更正，以更正为准" if later is not None else "",
    )


def training_rows(scope: Scope) -> Iterator[Row]:
    """培训台账."""
    for entry in _entries(scope, Training):
        yield (
            f"{entry.pk}",
            scope.moment(entry.at),
            entry.area.name,
            TRAINING_KINDS[entry.kind],
            entry.subject,
            f"{entry.minutes}",
            entry.teacher,
            f"{entry.present}",
            entry.people,
            entry.result,
            entry.by,
            _corrected(entry),
        )


def duty_rows(scope: Scope) -> Iterator[Row]:
    """值班日志台账: who was on duty, what was handed over, what was written down, in the order of time."""
    rows = [*_duties(scope), *_handovers(scope), *_log(scope)]
    rows.sort(key=lambda row: row[0])
    yield from rows


def _duties(scope: Scope) -> Iterator[Row]:
    start, end = scope.span
    path = scope.place.path
    near = Q(place__path__in=place_chain(path)) | Q(place__path__startswith=path)
    shifts = shifts_visible_to(scope.actor).filter(near).prefetch_related(None)
    bodies = {one.organization_id: one.organization for one in shifts}
    rosters = {body_id: read_roster(body_id, path, start, end, below=True)[1] for body_id in bodies}
    people = {duty.person for duties in rosters.values() for duty in duties}
    names = dict(Staff.objects.filter(pk__in=people).values_list("pk", "name"))
    for body_id, body in bodies.items():
        for duty in rosters[body_id]:
            if start <= duty.start < end:
                until = scope.clock(duty.end, duty.start)
                yield scope.moment(duty.start), "值班", body.name, names.get(duty.person, ""), f"至 {until}", ""


def _handovers(scope: Scope) -> Iterator[Row]:
    start, end = scope.span
    rows = handovers_visible_to(scope.actor).filter(given_at__gte=start, given_at__lt=end)
    near = Q(place__path__startswith=scope.place.path) | Q(place__path__in=place_chain(scope.place.path))
    for one in rows.filter(near).order_by("given_at", "pk"):
        taken = f"{one.taker.name} {scope.moment(one.taken_at)} 接班" if one.taken_at else f"{one.taker.name} 未接班"
        orders = f"附未结束工单 {len(one.orders)} 张" if one.orders else ""
        orders += f"，另有 {one.left_out} 张更早的没有列出" if one.left_out else ""
        yield (
            scope.moment(one.given_at), "交接班", one.organization.name, one.giver.name, join(one.note, orders),
            join(taken, one.answer),
        )  # fmt: skip


def _log(scope: Scope) -> Iterator[Row]:
    for entry in _entries(scope, DutyEntry):
        text = f"第 {entry.pk} 号：{entry.text}"
        yield scope.moment(entry.at), DUTY_KINDS[entry.kind], entry.area.name, entry.by, text, _corrected(entry)


def lost_rows(scope: Scope) -> Iterator[Row]:
    """遗失物台账: what was found in the period, with where it went. Of whoever claimed it the masked name only."""
    start, end = scope.span
    rows = things_visible_to(scope.actor).filter(
        area__place__path__startswith=scope.place.path, found_at__gte=start, found_at__lt=end
    )
    for thing in rows.order_by("found_at", "pk"):
        yield (
            f"{thing.pk}",
            scope.moment(thing.found_at),
            thing.area.name,
            join(LOST_KINDS[thing.kind], thing.what),
            thing.found_where,
            thing.found_by,
            join(thing.kept_where, thing.kept_by),
            LOST_STATE_NAMES[thing.state],
            scope.moment(thing.ended_at),
            thing.claimant_mark,
            thing.ended_by,
            thing.note,
        )


def viewing_rows(scope: Scope) -> Iterator[Row]:
    """视频调阅台账: who looked at what on whose authority; of the viewer the unit and the masked name."""
    for entry in _entries(scope, VideoViewing):
        yield (
            f"{entry.pk}",
            scope.moment(entry.at),
            join(entry.area.name, entry.camera),
            f"{scope.moment(entry.from_at)}—{scope.clock(entry.to_at, entry.from_at)}",
            join(entry.unit, entry.viewer_mark),
            join(AUTHORITY_KINDS[entry.authority], entry.paper),
            entry.approved_by,
            entry.purpose,
            entry.result,
            "已拷贝" if entry.copied else "未拷贝",
            entry.by,
            _corrected(entry),
        )
