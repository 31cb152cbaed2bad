"""Orders that a person opens (手工): what no machine told of."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.maintenance.assigning import manager_of
from budayang.center.maintenance.incident_actions import NewIncident, open_incident
from budayang.center.maintenance.models import WorkOrder
from budayang.center.maintenance.order_actions import DOERS, active_order
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor
from budayang.center.terminals import queries as terminals
from budayang.rules.causes import Severity, get_cause
from budayang.rules.evidence import Line

JOB = Actor.job("maintenance.manual")
KIND, RATING_KIND, FINDING_KIND = "manual", "negative_rating", "supervision_finding"
TITLE_LENGTH = 80


@transaction.atomic
def open_manual(
    actor: Actor, *, area: str, terminal: str = "", title: str, note: str, severity: str, now: datetime
) -> WorkOrder:
    """Open an order for a terminal, or for an area, each named by its code. It goes to the terminal's owner unit, for
    an area to its managing unit; who opened it can transfer it.
    """
    machine = terminals.find_terminal(JOB, terminal) if terminal else None
    if terminal and machine is None:
        raise Refused(_("这台终端不在所选的自助区，请重新选择。"))
    return _open(actor, areas.get_area(JOB, area), machine, title, note, severity, now)


@transaction.atomic
def open_for_rating(actor: Actor, *, terminal: str, number: str, title: str, note: str, now: datetime) -> WorkOrder:
    """Open an order because of the negative rating (差评) of case `number` at a terminal; once per rating. It goes to
    the terminal's owner unit.
    """
    machine = terminals.find_terminal(JOB, terminal)
    if machine is None:
        raise Refused(_("这台终端已经不在用，不能派单。"))
    area = areas.get_area(JOB, machine.area.code)
    return _open(actor, area, machine, title, note, Severity.GENERAL.value, now, of=f"{RATING_KIND}:{number}")


@transaction.atomic
def open_for_finding(
    actor: Actor, *, area: str, terminal: str, reference: str, title: str, note: str, now: datetime
) -> WorkOrder:
    """Open an order for what a supervision visit (监督检查) found, at a terminal or ("") in the area as a whole."""
    machine = terminals.find_terminal(JOB, terminal) if terminal else None
    if terminal and machine is None:
        raise Refused(_("这台终端已经不在用，不能派单。"))
    place = areas.get_area(JOB, area)
    return _open(actor, place, machine, title, note, Severity.GENERAL.value, now, of=f"{FINDING_KIND}:{reference}")


def _open(
    actor: Actor, area: Any, terminal: Any, title: str, note: str, severity: str, now: datetime, *, of: str = ""
) -> WorkOrder:
    """`of`: what it is opened because of, "<kind of cause>:<reference>"; "" for what a person saw."""
    bodies = (terminal.owner_id, terminal.vendor_id) if terminal else ()
    actor.require(*DOERS, place_path=area.place.path, organizations=bodies)
    if terminal is not None and terminal.area_id != area.pk:
        raise Refused(_("这台终端不在所选的自助区，请重新选择。"))
    if not title.strip():
        raise Refused(_("请用一句话写明是什么问题，例如“二号机屏幕有裂纹”。"))
    if severity not in {one.value for one in Severity}:
        raise Refused(_("请选择等级。"))
    manager_id = area.manager_id or manager_of(area.place.path)
    responsible_id = (terminal.owner_id if terminal else None) or manager_id
    if responsible_id is None:
        raise Refused(_("这里还没有登记综合管理单位，不知道派给谁。请先在自助区资料里补上。"))
    subject = f"terminal:{terminal.code}" if terminal else f"area:{area.code}"
    said = Line(now, actor.label or actor.name, "person", note.strip() or title.strip())
    found = NewIncident(
        kind=get_cause(of.partition(":")[0] or KIND),
        subject=f"{subject}/{of or f'{KIND}:{uuid.uuid4().hex[:12]}'}",
        component="",
        opened_at=now,
        place_path=area.place.path,
        area_id=area.pk,
        terminal_id=terminal.pk if terminal else None,
        owner_id=terminal.owner_id if terminal else manager_id,
        vendor_id=terminal.vendor_id if terminal else None,
        responsible_id=responsible_id,
        title=title.strip()[:TITLE_LENGTH],
        terminal=terminal.code if terminal else "",
        evidence=(said,),
        severity=Severity(severity),
    )
    incident = open_incident(actor, found, cause=None, now=now)
    order = active_order(incident)
    assert order is not None, "it has a body that answers"
    record(
        actor, "maintenance.open_manual", subject=f"order:{order.number}", place_path=order.place_path,
        details={"title": incident.title, "severity": severity, **({"of": of} if of else {})}, at=now,
    )  # fmt: skip
    return order
