"""What settles the bucket of a silence: evidence that comes when the terminal is back, sometimes days later.

A line of evidence is kept on the incident that it explains; the bucket follows from the lines alone (rules/evidence)
and is changed by a compare-and-set. Nobody is blamed without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from budayang.center.maintenance.incident_actions import news_of
from budayang.center.maintenance.models import Incident, LastWords
from budayang.center.platform.actions import emit_many, record
from budayang.center.platform.actors import Actor
from budayang.center.terminals.inbox import InboxRow
from budayang.rules.causes import CAUSES, Bucket, Source, get_cause
from budayang.rules.evidence import (
    BOOT_UNCLEAN,
    PROOF,
    READERS,
    Line,
    Settled,
    booted_together,
    line_of,
    settle_area,
    settle_terminal,
)
from budayang.rules.inference import NUMBER

JOB = Actor.job("maintenance.settling")
EVIDENCE = tuple(READERS)
WATCHED = "watch"
JOINT = tuple(one.code for one in CAUSES if one.source is Source.INFERENCE and one.at_area)
# A silence is counted from plan and grace after the last word: what broke it off happened up to that long before.
BEFORE = timedelta(hours=1)


@transaction.atomic
def take_evidence(row: InboxRow, now: datetime) -> Incident | None:
    """Take what a terminal program says of itself; returns the silence that it explains, None when there is none."""
    line = READERS[row.kind](row.terminal, row.body, row.at)
    if line is None:
        return None
    if row.kind == "stopping":
        _remember(row, line)
    silence = _silence_of(row)
    if silence is None:
        return None
    settled = _settle_silence(_add(silence, [line]), now)
    joint = _joint_above(settled)
    if joint is not None:
        _settle_joint(_add(joint, [line]), now)
    elif line.word == BOOT_UNCLEAN:
        _settle_boots(settled, now)
    return settled


@transaction.atomic
def add_evidence(incident: Incident, lines: Sequence[Line], now: datetime) -> Incident:
    """Take what judging itself learnt of an open incident: an answer of the gateway, another verdict of sources."""
    row = _add(incident, lines)
    kind = get_cause(row.kind)
    if kind.source is Source.INFERENCE and kind.at_area:
        return _settle_joint(row, now)
    return _settle_silence(row, now)


@transaction.atomic
def add_lines(incident: Incident, lines: Sequence[Line]) -> Incident:
    """Lines that explain an incident and settle nothing: its bucket is not in doubt."""
    return _add(incident, lines)


def _remember(row: InboxRow, line: Line) -> None:
    """Keep the last words for the silence that is not noticed yet."""
    made, created = LastWords.objects.get_or_create(
        terminal_id=row.terminal_id, defaults={"line": line.plain(), "at": line.at}
    )
    if not created:
        LastWords.objects.filter(pk=made.pk, at__lt=line.at).update(line=line.plain(), at=line.at)


def _silence_of(row: InboxRow) -> Incident | None:
    """The silence that an event speaks of: what it tells overlaps it. Of several the last."""
    begin = row.at
    for name in ("lost_at_ms", "stopped_at_ms"):
        value = row.body.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 4_000_000_000_000:
            begin = min(begin, datetime.fromtimestamp(value / 1000, UTC))
    rows = Incident.objects.filter(terminal_id=row.terminal_id, kind="terminal_silent", opened_at__lte=row.at + BEFORE)
    rows = rows.filter(Q(closed_at__isnull=True) | Q(closed_at__gte=begin)).order_by("-opened_at")
    for one in rows.select_related("terminal")[:5]:
        assert one.terminal is not None
        reach_s = one.terminal.plan_s + one.terminal.grace_s + NUMBER["slack_s"]
        if row.at >= one.opened_at - timedelta(seconds=reach_s):
            return one
    return None


def _add(incident: Incident, lines: Sequence[Line]) -> Incident:
    """Lock the row and put lines to it that it has not yet."""
    row = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    fresh = [plain for plain in (line.plain() for line in lines) if plain not in row.evidence]
    if fresh:
        row.evidence = sorted([*row.evidence, *fresh], key=lambda one: str(one["at"]))
        Incident.objects.filter(pk=row.pk).update(evidence=row.evidence)
    return row


def _lines(row: Incident) -> list[Line]:
    return [line_of(one) for one in row.evidence]


def _settle_silence(row: Incident, now: datetime) -> Incident:
    watched = [line for line in _lines(row) if line.source == WATCHED]
    if watched:
        word = watched[-1].word.partition(":")[2]
        return _set_bucket(row, Settled(Bucket(word) if word else Bucket.UNDETERMINED, watched[-1].text), now)
    return _set_bucket(row, settle_terminal(_lines(row)), now)


def _settle_joint(row: Incident, now: datetime) -> Incident:
    members = _silences_within(row).values("terminal_id").distinct().count()
    return _set_bucket(row, settle_area(_lines(row), members, NUMBER), now)


def _settle_boots(row: Incident, now: datetime) -> None:
    """Machines of an area too small for an inferred fault that came up together after an unclean end: no power."""
    beside = [one for one in _silences_within(row) if one.pk != row.pk]
    lines = [line for one in [row, *beside] for line in _lines(one) if line.word == BOOT_UNCLEAN]
    together = booted_together(lines, NUMBER["boot_together_s"])
    for one in [row, *beside]:
        boots = [line for line in _lines(one) if line.word == BOOT_UNCLEAN and line.source in together]
        if boots:
            line = Line(boots[-1].at, boots[-1].source, "boots_together", PROOF["boots_together"].text)
            _settle_silence(_add(one, [line]), now)


def _silences_within(row: Incident) -> QuerySet[Incident]:
    """Silences of terminals in the same area at the same time."""
    until = row.closed_at or datetime.max.replace(tzinfo=UTC)
    rows = Incident.objects.filter(area_id=row.area_id or 0, kind="terminal_silent", opened_at__lte=until)
    return rows.filter(Q(closed_at__isnull=True) | Q(closed_at__gte=row.opened_at))


def _joint_above(silence: Incident) -> Incident | None:
    """The inferred fault of the area during which the terminal was silent."""
    rows = Incident.objects.filter(area_id=silence.area_id or 0, kind__in=JOINT)
    if silence.closed_at is not None:
        rows = rows.filter(opened_at__lte=silence.closed_at)
    rows = rows.filter(Q(closed_at__isnull=True) | Q(closed_at__gte=silence.opened_at))
    return rows.order_by("-opened_at").first()


def _set_bucket(row: Incident, settled: Settled, now: datetime) -> Incident:
    """Change the bucket if nobody else did meanwhile; tell it and write who said so."""
    bucket = settled.bucket.value
    if row.bucket == bucket:
        return row
    if not Incident.objects.filter(pk=row.pk, bucket=row.bucket).update(bucket=bucket):
        row.refresh_from_db()
        return row
    before, row.bucket = row.bucket, bucket
    record(
        JOB,
        "maintenance.settle",
        subject=f"incident:{row.pk}",
        place_path=row.place_path,
        details={"from": before, "to": bucket, "why": settled.text},
        at=now,
    )
    emit_many([news_of("settled", row, row.opened_at, now)])
    return row
