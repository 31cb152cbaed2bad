"""Ratings with the pages that asked for them, ratings that were none, what looks wrong with one, and visits."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.rules.evaluation import CHANNELS, EDITIONS, LEVELS
from budayang.rules.evaluation.integrity import FLAG_KINDS, FLAG_STATES


class Invitation(models.Model):
    """The rating page was shown (PJ-01): once per case and channel, however often the page came back."""

    case_number = models.CharField(max_length=48)
    channel = models.CharField(max_length=12, default="terminal")
    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    shown_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case_number", "channel"], name="evaluation_invitation_once"),
            models.CheckConstraint(condition=Q(channel__in=list(CHANNELS)), name="evaluation_invitation_channel"),
        ]
        indexes = [
            models.Index(fields=["shown_at"], name="evaluation_invitation_at"),
            models.Index(fields=["terminal", "shown_at"], name="evaluation_invited_terminal"),
        ]

    def __str__(self) -> str:
        return self.case_number


class Rating(models.Model):
    """One answer per case (一事一评): `case_number` is unique, a repeated message changes nothing.

    `texts` is the edition of the reasons that the person read. `set_aside_at`: it is left out of figures from then on,
    and stays to be seen with who, why and when. `look_at`: when its integrity is to be judged (indexed).
    """

    case_number = models.CharField(max_length=48, unique=True)
    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey("platform.Organization", on_delete=models.PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    item_code = models.CharField(max_length=64, blank=True)
    level = models.CharField(max_length=24)
    reasons = models.JSONField(default=list)
    texts = models.CharField(max_length=24, default=EDITIONS[0].code)
    channel = models.CharField(max_length=12, default="terminal")
    at = models.DateTimeField()
    set_aside_at = models.DateTimeField(null=True, blank=True)
    set_aside_by = models.CharField(max_length=80, blank=True)
    set_aside_for = models.CharField(max_length=16, blank=True)
    set_aside_note = models.CharField(max_length=300, blank=True)
    look_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(level__in=[level.code for level in LEVELS]), name="evaluation_rating_level"
            ),
            models.CheckConstraint(condition=Q(channel__in=list(CHANNELS)), name="evaluation_rating_channel"),
            models.CheckConstraint(
                condition=Q(set_aside_at__isnull=True) | ~Q(set_aside_for=""), name="evaluation_rating_aside_why"
            ),
        ]
        indexes = [
            models.Index(fields=["at"], name="evaluation_rating_at"),
            models.Index(fields=["terminal", "at"], name="evaluation_rating_terminal"),
            models.Index(fields=["look_at"], condition=Q(look_at__isnull=False), name="evaluation_rating_look"),
        ]

    def __str__(self) -> str:
        return f"{self.case_number} {self.level}"


class RefusedRating(models.Model):
    """A rating that a terminal sent on none of the five levels (PJ-02): its page offered something else. Once a matter.

    `level`: the word that came; "" where it was no code word. It is in no figure of ratings.
    """

    case_number = models.CharField(max_length=48, unique=True)
    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    level = models.CharField(max_length=24, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(level__in=[level.code for level in LEVELS]), name="evaluation_refused_level"
            ),
        ]
        indexes = [models.Index(fields=["place_path", "at"], name="evaluation_refused_place")]

    def __str__(self) -> str:
        return f"{self.case_number} {self.level}"


class RatingFlag(models.Model):
    """Something that looks wrong with a rating, for a person to judge. It changes no figure by itself.

    `why` holds the numbers of the sentence of rules.evaluation.integrity; a flag that was judged is not raised again.
    """

    rating = models.ForeignKey(Rating, on_delete=models.PROTECT, related_name="flags")
    kind = models.CharField(max_length=16)
    why = models.CharField(max_length=200)
    place_path = models.CharField(max_length=200)
    found_at = models.DateTimeField()
    state = models.CharField(max_length=12, default="open")
    judged_at = models.DateTimeField(null=True, blank=True)
    judged_by = models.CharField(max_length=80, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rating", "kind"], name="evaluation_flag_once"),
            models.CheckConstraint(condition=Q(kind__in=list(FLAG_KINDS)), name="evaluation_flag_kind"),
            models.CheckConstraint(condition=Q(state__in=list(FLAG_STATES)), name="evaluation_flag_state"),
        ]
        indexes = [models.Index(fields=["state", "-found_at"], name="evaluation_flag_recent")]

    def __str__(self) -> str:
        return f"{self.rating_id} {self.kind}"


class Visit(models.Model):
    """One use of a terminal from first touch to clearing: counts and moments only, nothing about the person."""

    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    place_path = models.CharField(max_length=200)
    item_code = models.CharField(max_length=64, blank=True)
    end = models.CharField(max_length=16)
    step = models.CharField(max_length=24, blank=True)
    seconds = models.PositiveIntegerField(default=0)
    cleared = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="evaluation_visit_at"),
            models.Index(fields=["terminal", "at"], name="evaluation_visit_terminal"),
        ]

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.end}"
