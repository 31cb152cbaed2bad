"""What came of a drill on the sandbox, read from the rows that the platform itself wrote: nothing is typed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from budayang.center.maintenance.models import (
    DrillPlay,
    FaultNotice,
    HelpCall,
    Incident,
    Notice,
    NoticeLine,
)
from budayang.rules.drills import SCENARIO_BY_CODE, Compared, Happened, Scenario, compare, stored

A_MOMENT = timedelta(seconds=2)
"""A machine's own word may carry a moment just before the center wrote down that the play began."""


@dataclass(frozen=True, slots=True)
class PlayNow:
    """How a play stands. `standing`: the fault has not been ended yet."""

    scenario: Scenario
    play: DrillPlay
    lines: list[Compared]
    incident: Incident | None
    standing: bool


def play_now(play: DrillPlay, now: datetime) -> PlayNow:
    """Planned beside happened."""
    scenario = SCENARIO_BY_CODE[play.scenario]
    incident = _incident(play, scenario)
    if play.began_at is None or play.ends_at is None:
        return PlayNow(scenario, play, [], None, standing=False)
    over_at = play.emergency.ended_at
    if over_at is not None:
        # What follows the end of the fault still has its time when the drill was ended by it.
        tail = [one.within_s for one in stored(play.awaited) if one.after in ("end", "recovered")]
        over_at = max(over_at, play.ends_at + timedelta(seconds=sum(tail)))
    lines = compare(
        stored(play.awaited), _happened(play, incident), began_at=play.began_at, ends_at=play.ends_at,
        over_at=over_at if over_at is not None and over_at <= now else None, now=now,
    )  # fmt: skip
    return PlayNow(scenario, play, lines, incident, standing=now < play.ends_at)


def _incident(play: DrillPlay, scenario: Scenario) -> Incident | None:
    """The first cause of the scenario's kinds that was found at the hall since the play began."""
    if play.began_at is None:
        return None
    rows = Incident.objects.filter(
        area_id=play.hall.area_id, kind__in=scenario.kinds, noticed_at__gte=play.began_at - A_MOMENT
    )
    rows = rows.filter(noticed_at__lte=play.emergency.ended_at) if play.emergency.ended_at else rows
    return rows.order_by("noticed_at", "pk").first()


def _happened(play: DrillPlay, incident: Incident | None) -> dict[str, Happened]:
    found: dict[str, Happened] = {}
    if incident is not None:
        found["found"] = Happened(incident.noticed_at, incident.title)
        notice = Notice.objects.filter(incident=incident).order_by("pk").first()
        if notice is not None and notice.told_at is not None:
            found["told"] = Happened(notice.told_at, "、".join(_told(notice)))
        if notice is not None and notice.acknowledged_at is not None:
            found["acknowledged"] = Happened(notice.acknowledged_at, notice.acknowledged_by)
        shown = FaultNotice.objects.filter(incident=incident).first()
        if shown is not None:
            found["shown"] = Happened(shown.shown_at)
            if shown.withdrawn_at is not None:
                found["withdrawn"] = Happened(shown.withdrawn_at)
        if incident.closed_at is not None:
            found["recovered"] = Happened(incident.closed_at)
    call = _call(play)
    if call is not None:
        found["pressed"] = Happened(call.told_at, call.terminal.name)
        if call.answered_at is not None:
            found["answered"] = Happened(call.answered_at, call.answered_by)
    return found


def _told(notice: Notice) -> list[str]:
    """Who was told, each once, in the order of the telling."""
    rows = NoticeLine.objects.filter(notice=notice).select_related("staff", "channel").order_by("pk")
    names = [row.staff.name if row.staff else row.channel.name if row.channel else "" for row in rows]
    return [one for one in dict.fromkeys(names) if one]


def _call(play: DrillPlay) -> HelpCall | None:
    assert play.began_at is not None
    rows = HelpCall.objects.filter(area_id=play.hall.area_id, told_at__gte=play.began_at - A_MOMENT)
    return rows.select_related("terminal").order_by("pk").first()
