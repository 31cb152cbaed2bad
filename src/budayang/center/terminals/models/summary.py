"""One row a terminal that says how it is now, so that lists and counts over a hundred thousand need no roll-up."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q

from budayang.center.terminals.models.machines import Terminal
from budayang.rules.terminals import RANK, Level

LEVELS = [level.value for level in Level]
GRAVITY: tuple[str, ...] = ("silent", "fault", "warning", "unknown", "ok", "suspended", "registered", "retired")
"""What a terminal is first of all, in the order in which a person should see it. Its life comes before its link, its
link before its devices: of a silent terminal nobody knows its devices."""


class TerminalNow(models.Model):
    """What the open intervals of a terminal roll up to. Derived: `summary_actions` writes it and can make it anew.

    Three facts stay apart: whether the terminal is heard is `Terminal.silent_since` and is not in here, `level` and
    `reasons` are its devices, `application` is its program. `rank` is for sorting: the worse of devices and program,
    0 is the worst. `gravity` is for lists of a city, which sort and count by it without a join: the place in GRAVITY;
    it follows the news, so it may be a second behind `Terminal`.
    """

    terminal = models.OneToOneField(Terminal, primary_key=True, on_delete=PROTECT, related_name="now")
    level = models.CharField(max_length=8, default=Level.UNKNOWN.value)
    reasons = models.JSONField(default=list)  # the worst three, as queries.NowReason
    reason_count = models.PositiveIntegerField(default=0)
    troubled = models.CharField(max_length=400, blank=True)  # kinds of device that are not well, " printer scanner "
    application = models.CharField(max_length=64, blank=True)  # the word of terminal/application; empty: never told
    application_level = models.CharField(max_length=8, default=Level.UNKNOWN.value)
    rank = models.PositiveSmallIntegerField(default=RANK[Level.UNKNOWN], db_index=True)
    gravity = models.PositiveSmallIntegerField(default=GRAVITY.index("unknown"))
    # Whose count it is in: the terminal's area, empty for relays. One index answers "how many, by area and gravity".
    area = models.ForeignKey("areas.Area", null=True, blank=True, on_delete=PROTECT, related_name="+", db_index=False)
    updated_at = models.DateTimeField()  # when what is in here last changed

    class Meta:
        indexes = [
            Index(fields=["gravity", "terminal"], name="now_gravity"),
            Index(fields=["area", "gravity"], name="now_area"),
        ]
        constraints = [
            CheckConstraint(condition=Q(gravity__lt=len(GRAVITY)), name="now_gravity_known"),
            CheckConstraint(condition=Q(level__in=LEVELS), name="now_level"),
            CheckConstraint(condition=Q(application_level__in=LEVELS), name="now_application_level"),
        ]

    def __str__(self) -> str:
        return f"{self.terminal_id}: {self.level}"
