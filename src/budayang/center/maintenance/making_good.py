"""补办、冲正: who went without what they came for, and money without output, become orders; the services room's own
news opens them and closes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from budayang.center.maintenance.incident_actions import NewIncident, close_incident, open_incident
from budayang.center.maintenance.models import Incident
from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import Consumer
from budayang.center.platform.models import Transition
from budayang.center.platform.wording import words
from budayang.center.terminals import queries as terminals
from budayang.rules.cases import INTERRUPTIONS, yuan
from budayang.rules.causes import get_cause
from budayang.rules.evidence import Line

JOB = Actor.job("maintenance.making_good")
MAKE_GOOD, NO_OUTPUT = "make_good", "paid_without_output"
NEWS = ("services.case_interrupted", "services.paid_without_output", "services.case_made_good")


def hear_cases(news: Sequence[Transition], now: datetime) -> None:
    """Open an order for each matter that somebody has to make good; close it when it was."""
    for one in news:
        if one.kind == "services.case_made_good":
            _close(one, now)
        else:
            _open(one, now)


def _open(news: Transition, now: datetime) -> None:
    machine = terminals.find_terminal(JOB, str(news.payload["terminal"]))
    if machine is None:
        return
    paid = news.kind == "services.paid_without_output"
    number = str(news.payload["number"])
    title = _("已收款 %(yuan)s 元，没有办成") if paid else _("%(what)s，须补办")
    what = words(INTERRUPTIONS.get(str(news.payload.get("what", "")), INTERRUPTIONS["paper_failed"]))
    told = title % ({"yuan": yuan(int(news.payload["amount_fen"]))} if paid else {"what": what})
    found = NewIncident(
        kind=get_cause(NO_OUTPUT if paid else MAKE_GOOD),
        subject=subject_of(news),
        component="case",
        opened_at=news.occurred_at,
        place_path=machine.area.place.path,
        area_id=machine.area_id,
        terminal_id=machine.pk,
        terminal=machine.code,
        owner_id=machine.owner_id,
        vendor_id=machine.vendor_id,
        responsible_id=machine.area.manager_id or machine.owner_id,
        title=f"{told}（{number}）",
        evidence=(Line(news.occurred_at, machine.code, "case", f"{news.payload.get('payment') or number} {told}"),),
    )
    open_incident(JOB, found, cause=None, now=now)


def _close(news: Transition, now: datetime) -> None:
    kind = NO_OUTPUT if news.payload.get("what") == "paid_no_output" else MAKE_GOOD
    for incident in Incident.objects.filter(subject=subject_of(news), kind=kind, state="open"):
        close_incident(JOB, incident, closed_at=news.occurred_at, now=now)


def subject_of(news: Transition) -> str:
    """The subject of an incident about a case, or about one payment of it: each of two payments has its own order.

    The terminal's code stands in front, as for every incident of a terminal.
    """
    payment = news.payload.get("payment")
    what = f"payment:{payment}" if payment else f"case:{news.payload['number']}"
    return f"terminal:{news.payload['terminal']}/{what}"


CONSUMERS: tuple[Consumer, ...] = (Consumer("maintenance.making_good", NEWS, hear_cases),)
