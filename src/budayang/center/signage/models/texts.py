"""What signs say: texts that people wrote and others approved, and official symbols that took the place of ours."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from budayang.rules.signs.composing import Language


class SignText(models.Model):
    """The text of one kind of sign in one language, for a region and all below it. Never changed: who wants another
    one writes it, and its approval withdraws this one.
    """

    class State(models.TextChoices):
        """WRITTEN: may be printed with 未审定 beside it only."""

        WRITTEN = "written", _("待审定")
        APPROVED = "approved", _("已审定")
        WITHDRAWN = "withdrawn", _("已撤下")

    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    language = models.CharField(max_length=2)
    text = models.CharField(max_length=200)
    source = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WRITTEN)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=PROTECT, related_name="+")
    written_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            CheckConstraint(condition=Q(state__in=["written", "approved", "withdrawn"]), name="signtext_state"),
            CheckConstraint(condition=Q(language__in=[one.value for one in Language]), name="signtext_language"),
            CheckConstraint(
                condition=~Q(state="approved") | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="signtext_approved",
            ),
            CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("written_by")), name="signtext_two_people"
            ),
            UniqueConstraint(
                fields=["place", "kind", "language", "state"],
                condition=Q(state__in=["written", "approved"]),
                name="signtext_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.language} {self.state}"


class OfficialSymbol(models.Model):
    """Official artwork in place of one of our drawings, for a region and all below it. `content`: SVG that was cleaned,
    or PNG written anew; shown as an image only.
    """

    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    symbol = models.CharField(max_length=40)
    media = models.CharField(max_length=20)
    content = models.BinaryField()
    source = models.CharField(max_length=160)
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=60)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            CheckConstraint(condition=Q(media__in=["image/svg+xml", "image/png"]), name="officialsymbol_media"),
            UniqueConstraint(
                fields=["place", "symbol"], condition=Q(withdrawn_at__isnull=True), name="officialsymbol_once"
            ),
        )

    def __str__(self) -> str:
        return self.symbol
