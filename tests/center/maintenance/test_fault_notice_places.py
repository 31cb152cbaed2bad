"""Where people are sent while something does not work here: what is counted, and from when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from tests.center.services_cast import beat, city, jia, judged, new_terminal, open_departments, set_state, yi

from budayang.center.maintenance.fault_notice_places import Places
from budayang.center.services.judging import active_offerings, refresh
from budayang.center.services.models import Offering
from budayang.center.terminals.models import Terminal
from budayang.rules.services import Truth

__all__ = ["city", "jia", "judged", "new_terminal", "open_departments", "yi"]

pytestmark = pytest.mark.django_db


def test_only_what_the_fault_stopped_is_counted_and_only_when_it_was_judged(
    jia: Terminal, yi: Terminal, new_terminal: Callable[..., Terminal], judged: datetime
) -> None:
    beside = new_terminal("KBS-02")
    refresh(active_offerings(terminal_id=beside.pk), judged)
    fault = judged + timedelta(minutes=1)
    set_state(jia, "printer", "paper.upper", "out", fault)
    before = Places.load(fault).near(jia.area, jia, fault)
    assert before is not None
    assert (before.text, before.n) == (f"本区{beside.name}现在能办", 0), "what has stopped is not known yet"
    beat(fault)
    Terminal.objects.filter(pk__in=[jia.pk, beside.pk, yi.pk]).update(last_seen_at=fault)
    refresh(active_offerings(), fault)
    stopped = Offering.objects.filter(terminal=jia, active=True, truth=Truth.STOPPED)
    many = stopped.count()
    # One of them waits for its department: that is no work of the fault.
    Offering.objects.filter(pk=stopped.order_by("item__code").values_list("pk", flat=True)[0]).update(
        truth=Truth.UNCONFIRMED
    )
    after = Places.load(fault).near(jia.area, jia, fault)
    assert after is not None
    assert many > 1
    assert (after.text, after.n) == (f"本区{beside.name}现在能办", many - 1)
