"""What this room keeps sealed, and how long what is personal stays."""

from __future__ import annotations

from budayang.center.maintenance import book_keeping, order_keeping, report_keeping, round_keeping, safety_keeping
from budayang.center.platform.resealing import SealedColumn
from budayang.center.platform.retention import Rule

SEALED: tuple[SealedColumn, ...] = (
    SealedColumn("maintenance.NoticeChannel", "sealed", "notice_channel", "ref", "sealed"),
    SealedColumn("maintenance.NoticeAddress", "sealed", "notice_address", "ref", "sealed"),
    *book_keeping.SEALED,
    *order_keeping.SEALED,
    *report_keeping.SEALED,
    *round_keeping.SEALED,
    *safety_keeping.SEALED,
)
RETENTION: tuple[Rule, ...] = (
    *book_keeping.RETENTION,
    *order_keeping.RETENTION,
    *report_keeping.RETENTION,
    *round_keeping.RETENTION,
    *safety_keeping.RETENTION,
)
