"""The written standard: how a clause reads in the document, and documents that were made as long work or kept."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q, UniqueConstraint

from budayang.center.standard.models.editions import Edition
from budayang.center.standard.models.project import Project

WHATS = ("standard", "note", "opinions", "reviews", "evidence")
FORMS = ("docx", "pdf", "xlsx")


class ClauseWording(models.Model):
    """How a clause of an edition reads in the document: its sentence with 应, 宜 or 可, and a note below it.

    Without a row the document takes the clause's requirement as it stands. `project`: whose wording it is, where the
    edition is a reference edition, on which any number of projects may stand; null where it is the text of one.
    """

    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="wordings")
    project = models.ForeignKey(Project, on_delete=PROTECT, related_name="wordings", null=True)
    clause_code = models.CharField(max_length=24)
    text = models.TextField()
    note = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["edition", "clause_code"], condition=Q(project__isnull=True), name="standard_wording_once"
            ),
            UniqueConstraint(
                fields=["project", "edition", "clause_code"],
                condition=Q(project__isnull=False),
                name="standard_wording_of_project_once",
            ),
        ]

    def __str__(self) -> str:
        return self.clause_code


class WrittenFile(models.Model):
    """A document that was asked for and is made as long work. `kept`: it was handed on at a stage of the project and
    stays as it was, with its digest; others go after a few days and can be made again. `frozen`: what a kept one says,
    as it was when it was asked for, until its file is made.
    """

    staff = models.ForeignKey("platform.Staff", on_delete=PROTECT, related_name="+")
    work = models.ForeignKey("platform.Work", on_delete=PROTECT, related_name="+", null=True)
    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="files")
    project = models.ForeignKey(Project, on_delete=PROTECT, related_name="files", null=True, blank=True)
    what = models.CharField(max_length=10)
    form = models.CharField(max_length=4)
    stage = models.CharField(max_length=12, blank=True)
    kept = models.BooleanField(default=False)
    asked_at = models.DateTimeField()
    name = models.CharField(max_length=160, blank=True)
    frozen = models.JSONField(null=True)
    content = models.BinaryField(null=True)
    size = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(what__in=WHATS), name="standard_file_what"),
            CheckConstraint(condition=Q(form__in=FORMS), name="standard_file_form"),
            CheckConstraint(condition=Q(kept=False) | Q(project__isnull=False), name="standard_file_kept_of_project"),
        ]
        indexes = [Index(fields=["staff", "-asked_at"], name="standard_file_asked")]

    def __str__(self) -> str:
        return f"{self.what}.{self.form}"
