"""The duty roster (值班表): shifts that repeat, the people who take turns, changes of single days, and swaps."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from budayang.rules.duty import SWAP_NAMES, Days, Post, Turn


class DutyShift(models.Model):
    """One line of a body's roster for a place and everything below it. Ended by `ends_on`, never removed: who was on
    duty last month stays known."""

    organization = models.ForeignKey("platform.Organization", on_delete=models.PROTECT, related_name="+")
    place = models.ForeignKey("platform.Place", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=40)
    post = models.CharField(max_length=8, default=Post.DUTY.value)
    days = models.CharField(max_length=10)
    # Monday first, "1" for a day on which it stands; read for days = weekdays only.
    weekdays = models.CharField(max_length=7, default="0000000")
    opens = models.TimeField()
    closes = models.TimeField()
    turn = models.CharField(max_length=6, default=Turn.SHIFT.value)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["opens", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(post__in=[one.value for one in Post]), name="duty_shift_post"),
            models.CheckConstraint(condition=Q(days__in=[one.value for one in Days]), name="duty_shift_days"),
            models.CheckConstraint(condition=Q(turn__in=[one.value for one in Turn]), name="duty_shift_turn"),
        ]
        indexes = [models.Index(fields=["organization", "place"], name="duty_shift_body")]

    def __str__(self) -> str:
        return self.name


class DutyMember(models.Model):
    """A person of a shift; `position` is the turn, from 0."""

    shift = models.ForeignKey(DutyShift, on_delete=models.CASCADE, related_name="members")
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["shift", "position"], name="duty_member_turn")]


class DutySwap(models.Model):
    """`asker` asks `answerer` to take a shift of a day, and may take one of the answerer's in return."""

    shift = models.ForeignKey(DutyShift, on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    return_shift = models.ForeignKey(DutyShift, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    return_on = models.DateField(null=True, blank=True)
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    answerer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=10, default="asked")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(SWAP_NAMES)), name="duty_swap_state"),
            models.CheckConstraint(condition=~Q(asker=F("answerer")), name="duty_swap_two_people"),
            models.CheckConstraint(
                condition=Q(return_shift__isnull=True, return_on__isnull=True)
                | Q(return_shift__isnull=False, return_on__isnull=False),
                name="duty_swap_return",
            ),
            models.UniqueConstraint(
                fields=["shift", "on"], condition=Q(state__in=["asked", "accepted"]), name="duty_swap_one_open"
            ),
        ]


class DutyChange(models.Model):
    """One thing that differs from the plan: somebody stands in for a shift of a day (`staff` empty: nobody does), or is
    on duty besides during a stretch. The newest change of a shift and day counts; older ones stay as history."""

    organization = models.ForeignKey("platform.Organization", on_delete=models.PROTECT, related_name="+")
    place = models.ForeignKey("platform.Place", on_delete=models.PROTECT, related_name="+")
    shift = models.ForeignKey(DutyShift, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    on = models.DateField(null=True, blank=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    post = models.CharField(max_length=8, default=Post.DUTY.value)
    reason = models.CharField(max_length=80)
    swap = models.ForeignKey(DutySwap, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=60)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["made_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(post__in=[one.value for one in Post]), name="duty_change_post"),
            models.CheckConstraint(
                condition=Q(shift__isnull=False, on__isnull=False, starts_at__isnull=True, ends_at__isnull=True)
                | Q(
                    shift__isnull=True,
                    on__isnull=True,
                    staff__isnull=False,
                    starts_at__isnull=False,
                    ends_at__gt=F("starts_at"),
                ),
                name="duty_change_of_one_kind",
            ),
        ]
        indexes = [models.Index(fields=["organization", "place"], name="duty_change_body")]
