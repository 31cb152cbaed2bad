"""What people are told before the first personal datum is read, edition by edition."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

NOTICE_KINDS = ("general", "face")


class PrivacyNotice(models.Model):
    """One edition of the notice (知情同意书). Published editions are never changed: a case names the one its person
    agreed to, and that text must still be readable.

    `kind`: what it asks for, reading the identity (`general`) or comparing the face (`face`), which is a consent of its
    own. `lines`: what is said, one sentence each. `english`: {"title", "lines", "keeps"} or {} while untranslated.
    """

    kind = models.CharField(max_length=8, default="general")
    version = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=80)
    lines = models.JSONField()
    keeps = models.CharField(max_length=200)
    english = models.JSONField(default=dict)
    valid_from = models.DateTimeField(db_index=True)
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=80)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=NOTICE_KINDS), name="services_notice_kind")]

    def __str__(self) -> str:
        return self.version
