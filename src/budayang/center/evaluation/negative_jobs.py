"""What time does with negative ratings: warns of a clock, tells that it is late, closes what nobody re-rated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from budayang.center.evaluation.models import NegativeCase
from budayang.center.evaluation.negative_actions import lapse_if_over
from budayang.center.evaluation.negative_moving import warning, write_step
from budayang.center.maintenance import notice_messages as messages
from budayang.center.maintenance import notice_runs as runs
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Staff, Transition
from budayang.center.platform.wording import words
from budayang.rules.evaluation.negative import APPEALED, CLOCK_NAMES, CLOCK_OF, next_look
from budayang.rules.maintenance import Severity
from budayang.rules.notices import Fact

JOB = Actor.job("evaluation.clocks")
AT_ONCE = 100


def watch(now: datetime) -> int:
    """Look at the cases whose moment has come, each exactly once. Returns how many."""
    done = 0
    due = NegativeCase.objects.filter(look_at__lte=now).select_related("rating").order_by("look_at", "pk")
    for case in due[:AT_ONCE]:
        with transaction.atomic():
            done += _watch_one(case, now)
    return done


def _watch_one(case: NegativeCase, now: datetime) -> bool:
    # The compare-and-set holds off a second worker, and a person who takes the step at this moment.
    mine = NegativeCase.objects.filter(pk=case.pk, state=case.state, look_at=case.look_at)
    if case.state == "called_back":
        if not mine.update(look_at=None):
            return False
        case.refresh_from_db()
        lapse_if_over(case, now)
        return True
    late = case.due_at is not None and case.due_at <= now
    told = {"warned": True, "overdue": late}
    look = next_look(case.due_at, warning(case.place_path, now), told, now)
    column = {"overdue_at": case.due_at} if late else {"warned_at": now}
    if not mine.update(look_at=look, **column):
        return False
    case.refresh_from_db()
    write_step(JOB, case, "overdue" if late else "warned", now, due_at=case.due_at)
    return True


def tell(news: Sequence[Transition], now: datetime) -> None:
    """A clock ends soon: tell who handles it. It is over: the supervisors too."""
    for one in news:
        case = (
            NegativeCase.objects.filter(rating__case_number=str(one.payload["number"]))
            .select_related("rating__terminal__area__keeper", "owner")
            .first()
        )
        if case is None or case.state != one.payload["state"] or case.due_at is None:
            continue  # somebody took the step meanwhile
        late = one.kind.endswith("overdue")
        clock = words(CLOCK_NAMES[CLOCK_OF[case.state]])
        fact = Fact(
            title=_("差评 %(number)s") % {"number": case.rating.case_number},
            where=case.rating.terminal.area.name,
            severity=Severity.GENERAL.value,
            since=case.opened_at,
            who=case.owner.name,
            note=(_("%(clock)s已超时") if late else _("%(clock)s时限快到了")) % {"clock": clock},
        )
        for receiver in runs.people_of(_handlers(case, late=late)):
            messages.add_line(
                receiver, kind="rating", place_path=case.place_path, severity=Severity.GENERAL.value, now=now,
                topic=f"negative:{case.pk}:{case.state}:{'late' if late else 'soon'}", fact=fact,
            )  # fmt: skip


def _handlers(case: NegativeCase, *, late: bool) -> list[Staff]:
    """Who handles it; of what is to be decided, the supervisors."""
    return handlers_of(
        case.place_path,
        case.owner_id,
        case.rating.terminal.area.keeper,
        late=late or case.state in APPEALED,
        own=case.state not in APPEALED,
    )


def handlers_of(place_path: str, owner_id: int | None, keeper: Staff | None, *, late: bool, own: bool) -> list[Staff]:
    """People to be told: the owner unit's and the area's keeper (`own`), of what is `late` the supervisors too."""
    chain = platform.place_chain(place_path)
    who = Q(pk__in=())
    if own and owner_id is not None:
        who |= Q(grants__role=Role.OWNER_UNIT.value, grants__organization_id=owner_id, grants__place__path__in=chain)
    if late:
        who |= Q(grants__role=Role.SUPERVISOR.value, grants__place__path__in=chain)
    found = list(platform.staff_visible_to(JOB).filter(who, is_active=True).distinct())
    return [*found, *([keeper] if own and keeper is not None and keeper.is_active else [])]
