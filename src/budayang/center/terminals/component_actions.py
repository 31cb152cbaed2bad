"""The end of a component's life: what a terminal no longer reports stays to be seen for a while, then retires.

Ingest marks what vanished from a terminal's whole state (`Peripheral.gone_since`) and takes the mark away when it comes
back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from budayang.center.platform.queries import parameter
from budayang.center.terminals.models import Peripheral

KEEP = "component_keep_d"


def retire_components(now: datetime) -> int:
    """Retire what has been gone for longer than its place keeps it; returns how many."""
    gone = Peripheral.objects.filter(gone_since__isnull=False, retired_at__isnull=True)
    rows = list(gone.values_list("pk", "gone_since", "terminal__area__place__path"))
    kept = {path: timedelta(days=parameter(KEEP, path, now)) for path in {row[2] for row in rows}}
    due = [(pk, since) for pk, since, path in rows if since is not None and since + kept[path] <= now]
    # Compared again with the moment that was read: ingest may have heard of the component in between, and it may even
    # have gone once more.
    return sum(gone.filter(pk=pk, gone_since=since).update(retired_at=now) for pk, since in due)
