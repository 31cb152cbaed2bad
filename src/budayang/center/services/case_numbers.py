"""Official numbers: 实施编码 + date + serial, where the item has a code. The platform's own number stands beside it
always.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F

from budayang.center.services.models import OfficialSeries

SERIAL_DIGITS = 6


def official_number(code: str, accepted_at: datetime, zone: str) -> str:
    """The next number of the code's series of that day, in the caller's transaction; "" for an item without a code.

    The row of the series is locked by its UPDATE until the caller commits, so a number that was rolled back is given
    again and none is given twice.
    """
    if not code:
        return ""
    on = accepted_at.astimezone(ZoneInfo(zone)).date()
    serial = _next(code, on)
    return f"{code}{on:%Y%m%d}{serial:0{SERIAL_DIGITS}d}"


def _next(code: str, on: date) -> int:
    series = OfficialSeries.objects.filter(code=code, on=on)
    if not series.update(last=F("last") + 1):
        try:
            with transaction.atomic():
                OfficialSeries.objects.create(code=code, on=on, last=1)
                return 1
        except IntegrityError:  # the first of the day was made beside us
            series.update(last=F("last") + 1)
    return int(series.values_list("last", flat=True).get())
