"""Taking many machines into service at once, whose keys were made beforehand: a delivery, or a simulated fleet.

One machine is registered and enrols itself with a one-time code (`actions`); a thousand would need a thousand codes
carried to a thousand places. Here the administrator hands in the public keys; whoever holds the private ones gets in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused, emit_many, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Transition
from budayang.center.terminals import profile_actions
from budayang.center.terminals.models import Credential, IngestNotice, Terminal, TerminalNow
from budayang.wire.mac import BadKey, from_text

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewMachine:
    """`owner` and `vendor` are codes; `public_key` is Ed25519, base64."""

    code: str
    name: str
    owner: str
    vendor: str
    public_key: str


@transaction.atomic
def commission(
    actor: Actor, area: str, machines: Sequence[NewMachine], now: datetime, *, is_demo: bool = False
) -> list[Terminal]:
    """Register machines of an area, active at once: each may agree a session with its key.

    Raises:
        Refused: a code that cannot be one or is taken, a key that is none.
    """
    where = areas.get_area(actor, area)
    actor.require(Role.SYSTEM_ADMIN, place_path=where.place.path)
    for one in machines:
        _check(one)
    taken = Terminal.objects.filter(code__in=[one.code for one in machines]).values_list("code", flat=True).first()
    if taken is not None:
        raise Refused(_("终端编号 %(code)s 已经有了，请换一个。") % {"code": taken})
    bodies = {one.code: one for one in platform.organizations_visible_to(Actor.job("terminals.commission"))}
    made = Terminal.objects.bulk_create(
        Terminal(
            code=one.code, name=one.name, area=where, owner=bodies[one.owner],
            vendor=bodies[one.vendor] if one.vendor else None, state=Terminal.State.ACTIVE, is_demo=is_demo,
            registered_at=now, enrolled_at=now,
        )
        for one in machines
    )  # fmt: skip
    TerminalNow.objects.bulk_create(TerminalNow(terminal=one, updated_at=now, area_id=one.area_id) for one in made)
    Credential.objects.bulk_create(
        Credential(terminal=row, public_key=one.public_key, enrolled_at=now)
        for row, one in zip(made, machines, strict=True)
    )
    profile_actions.push(made, now)
    IngestNotice.objects.bulk_create(IngestNotice(terminal=one) for one in made)
    record(
        actor,
        "terminals.commission",
        subject=f"area:{area}",
        place_path=where.place.path,
        details={"terminals": [one.code for one in machines]},
        at=now,
    )
    emit_many(
        [
            Transition(
                kind="terminals.enrolled", subject=f"terminal:{one.code}", place_path=where.place.path,
                payload={"terminal": one.code}, occurred_at=now, recorded_at=now,
            )
            for one in made
        ]
    )  # fmt: skip
    return made


def _check(machine: NewMachine) -> None:
    code = machine.code
    if not code or not all(one.isascii() and (one.isupper() or one.isdigit() or one == "-") for one in code):
        raise Refused(_("终端编号“%(code)s”只能由大写字母、数字和连字符组成。") % {"code": code})
    try:
        from_text(machine.public_key, KEY_BYTES)
    except BadKey as error:
        raise Refused(_("终端 %(code)s 的公钥看不懂。") % {"code": code}) from error
