"""The verdict of each watched machine as it was last told: judged again by news and by time, told where it changed.

A message is never believed, only taken as a reason to look: repeated, late or out of order it leads to the same row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from budayang.center.platform.actions import emit
from budayang.center.platform.models import Transition
from budayang.center.terminals import watching_queries as watching
from budayang.center.terminals.models import Terminal, WatchNow, WatchProfile, WatchSeen
from budayang.center.terminals.news import told_codes, told_of
from budayang.rules.watching import WatchVerdict

AT_ONCE = 500
LOOK_AHEAD = timedelta(hours=25)  # no source holds what it heard for longer than a day
NEWS = (
    "terminals.status", "terminals.reported", "terminals.corrected", "terminals.heard", "terminals.silent",
    "terminals.suspended", "terminals.resumed", "terminals.enrolled",
)  # fmt: skip


def take_news(news: Sequence[Transition], now: datetime) -> None:
    """Judge again the machines that the news is about: themselves, their relay, or the power of their area."""
    rows = Terminal.objects.filter(code__in=told_codes(news)).values_list("pk", "kind", "area_id")
    kinds = {pk: (kind, area_id) for pk, kind, area_id in rows}
    wanted = {pk for pk, (kind, _area) in kinds.items() if kind == Terminal.Kind.WATCHED}
    relays = [pk for pk, (kind, _area) in kinds.items() if kind == Terminal.Kind.RELAY]
    if relays:
        wanted |= set(WatchProfile.objects.filter(relay_id__in=relays).values_list("terminal_id", flat=True))
    powered = {
        str(one.payload.get("terminal", ""))
        for one in news
        for told in told_of(one)
        if told.get("property") in ("supply", "load")
    }
    if powered:
        areas = Terminal.objects.filter(code__in=powered).values_list("area_id", flat=True)
        beside = Terminal.objects.filter(area_id__in=list(areas), kind=Terminal.Kind.WATCHED)
        wanted |= set(beside.values_list("pk", flat=True))
    rejudge(wanted, now)


def judge_due(now: datetime) -> int:
    """Judge again where no news tells: a person's word ended, a machine's own syncs stopped, or began again."""
    ended = set(WatchNow.objects.filter(due_at__lte=now).values_list("terminal_id", flat=True)[:AT_ONCE])
    stale = WatchNow.objects.filter(terminal__last_seen_at__lt=now - timedelta(seconds=watching.UNHEARD_S + 60))
    ended |= set(stale.exclude(usable="unknown").values_list("terminal_id", flat=True)[:AT_ONCE])
    heard = WatchNow.objects.filter(usable="unknown", terminal__last_seen_at__gt=F("judged_at"))
    ended |= set(heard.values_list("terminal_id", flat=True)[:AT_ONCE])
    return rejudge(ended, now)


@transaction.atomic
def rejudge(terminal_ids: Iterable[int], now: datetime) -> int:
    """Write what is known of these machines now, and tell it where it changed; returns how many changed.

    The rows are locked before the facts are read, in the order of their ids: a second worker with other news of the
    same machine waits, and then reads what is newer.
    """
    wanted = sorted(set(terminal_ids))
    if not wanted:
        return 0
    watched = Terminal.objects.filter(pk__in=wanted, kind=Terminal.Kind.WATCHED).select_related("area__place")
    machines = {one.pk: one for one in watched}
    WatchNow.objects.bulk_create(
        [WatchNow(terminal_id=one, since=now, judged_at=now) for one in machines], ignore_conflicts=True
    )
    rows = list(WatchNow.objects.select_for_update().filter(pk__in=machines).order_by("pk"))
    ahead = watching.timelines(machines, now, now + LOOK_AHEAD, now)
    due = _due_of(list(machines), now)
    changed = 0
    for row in rows:
        at_once, *later = ahead[row.pk]
        ends = [at_once.end] if later else []
        due_at = min([*ends, *due.get(row.pk, ())], default=None)
        changed += _tell(row, machines[row.pk], at_once.verdict, due_at, now)
    return changed


def _due_of(ids: list[int], now: datetime) -> dict[int, list[datetime]]:
    """When the words of people end: they may hold for longer than the look ahead reaches."""
    found: dict[int, list[datetime]] = {}
    for row in WatchSeen.objects.filter(terminal_id__in=ids, keep_until__gt=now):
        found.setdefault(row.terminal_id, []).append(row.keep_until)
    return found


def _tell(row: WatchNow, machine: Terminal, verdict: WatchVerdict, due_at: datetime | None, now: datetime) -> bool:
    before = (row.usable, row.evidence, row.text)
    told = (verdict.usable.value, verdict.evidence.value, verdict.text)
    row.usable, row.evidence, row.text = told
    row.stands_on, row.unknown = list(verdict.stands_on), [fact.value for fact in verdict.unknown]
    row.due_at, row.judged_at = due_at, now
    if before != told:
        row.since = min(verdict.since or now, now)
        payload = {"terminal": machine.code, "before": before[0], "usable": told[0], "evidence": told[1]}
        emit(
            "terminals.watched", subject=f"terminal:{machine.code}", place_path=machine.area.place.path,
            payload={**payload, "text": told[2]}, occurred_at=row.since, now=now,
        )  # fmt: skip
    row.save()
    return before != told
