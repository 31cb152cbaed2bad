"""What a terminal offers, said by hand and taken back: a row set by a person stays until a person returns it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.works import Progress, long_work
from budayang.center.services import marks
from budayang.center.services.actions import derive_offerings
from budayang.center.services.catalogue_writing import DERIVE
from budayang.center.services.models import Offering
from budayang.center.terminals import queries as terminals

AT_ONCE = 20
KEEPERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT)


def may_offer(actor: Actor, terminal: Any) -> bool:
    """Whether the actor may say by hand what a terminal offers: its area's keepers and the unit that owns it."""
    return actor.may(*KEEPERS, place_path=terminal.area.place.path, organizations=(terminal.owner_id,))


def return_to_derived(actor: Actor, terminal_code: str, item_code: str, now: datetime) -> None:
    """Forget what a person said of an item on a terminal: from now on it follows from the terminal's devices again."""
    terminal = terminals.get_terminal(actor, terminal_code)
    place_path: str = terminal.area.place.path
    actor.require(*KEEPERS, place_path=place_path, organizations=(terminal.owner_id,))
    with transaction.atomic():
        rows = Offering.objects.filter(terminal=terminal, item__code=item_code, derived=False)
        # Not active until its devices say so: an item without a form of ours is offered by a person or not at all.
        if not rows.update(derived=True, active=False, driven=True, needs=None, judge_at=None, judged_at=None):
            return
        derive_offerings([terminal.pk], now)
        marks.mark(marks.CATALOGUE, now, [terminal.pk])
        record(
            actor,
            "services.return_to_derived",
            subject=f"terminal:{terminal_code}",
            place_path=place_path,
            details={"item": item_code},
            at=now,
        )


@long_work(DERIVE)
def _derive_everywhere(progress: Progress, arguments: dict[str, Any]) -> dict[str, int]:
    """After a new edition: short transactions of a few terminals each, so that nobody waits. Started again it does the
    same.
    """
    keys = list(terminals.in_service().filter(state="active", kind="own").values_list("pk", flat=True))
    progress.begin(len(keys))
    changed = 0
    for at in range(0, len(keys), AT_ONCE):
        part = keys[at : at + AT_ONCE]
        changed += derive_offerings(part, timezone.now())
        progress.step(len(part))
    return {"terminals": len(keys), "changed": changed}
