"""Printed ledgers that somebody waits for, and years that were archived (归档)."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Index, Q, UniqueConstraint

from budayang.rules.ledgers import BOOK_NAMES, FORM_NAMES


class LedgerFile(models.Model):
    """A ledger that was asked for by somebody and is printed as long work. The content goes after a few days; it can
    be printed again from the rows.
    """

    staff = models.ForeignKey("platform.Staff", on_delete=PROTECT, related_name="+")
    work = models.ForeignKey("platform.Work", on_delete=PROTECT, related_name="+", null=True)
    book = models.CharField(max_length=12)
    form = models.CharField(max_length=4)
    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    first_on = models.DateField()
    last_on = models.DateField()
    asked_at = models.DateTimeField()
    name = models.CharField(max_length=160, blank=True)
    media = models.CharField(max_length=100, blank=True)
    content = models.BinaryField(null=True)
    size = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(book__in=list(BOOK_NAMES)), name="maintenance_ledger_book"),
            CheckConstraint(condition=Q(form__in=list(FORM_NAMES)), name="maintenance_ledger_form"),
        ]
        indexes = [Index(fields=["staff", "-asked_at"], name="maintenance_ledger_files")]

    def __str__(self) -> str:
        return f"{self.book} {self.first_on}"


class LedgerArchive(models.Model):
    """One closing of one year of one place. `done_at` is set together with all its files; from then on nothing of it
    is changed. `gaps`: [[key, count, [examples]]], what a reader has to know is missing.
    """

    place = models.ForeignKey("platform.Place", on_delete=PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    edition = models.PositiveSmallIntegerField()
    work = models.ForeignKey("platform.Work", on_delete=PROTECT, related_name="+", null=True)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=80)
    done_at = models.DateTimeField(null=True)
    gaps = models.JSONField(default=list)
    sha256 = models.CharField(max_length=64, blank=True)
    sm3 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["place", "year", "edition"], name="maintenance_archive_edition"),
            UniqueConstraint(
                fields=["place", "year"], condition=Q(done_at__isnull=True), name="maintenance_archive_one_running"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place_id} {self.year}/{self.edition}"


class LedgerArchiveBook(models.Model):
    """The rows of one book as they were: a digest of each, in order, to be held against the rows of today."""

    archive = models.ForeignKey(LedgerArchive, on_delete=PROTECT, related_name="books")
    book = models.CharField(max_length=12)
    rows = models.PositiveIntegerField()
    digests = models.JSONField()

    class Meta:
        constraints = [UniqueConstraint(fields=["archive", "book"], name="maintenance_archive_book_once")]

    def __str__(self) -> str:
        return f"{self.archive_id} {self.book}"


class LedgerArchiveFile(models.Model):
    """One file of an archive, in the order of the ZIP. Never changed."""

    archive = models.ForeignKey(LedgerArchive, on_delete=PROTECT, related_name="files")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    rows = models.PositiveIntegerField(null=True)
    sha256 = models.CharField(max_length=64)
    sm3 = models.CharField(max_length=64)

    class Meta:
        ordering = ["position"]
        constraints = [
            UniqueConstraint(fields=["archive", "position"], name="maintenance_archive_file_place"),
            UniqueConstraint(fields=["archive", "name"], name="maintenance_archive_file_name"),
        ]

    def __str__(self) -> str:
        return f"{self.archive_id} {self.name}"
