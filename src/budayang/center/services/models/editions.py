"""Editions of the catalogue, what each of them changed, and what every item was at any moment."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from budayang.center.services.models.catalogue import Item

EDITION_STATES = ("checking", "refused", "ready", "adopting", "adopted", "dropped")
CHANGES = ("new", "changed", "gone", "same")


class CatalogueHead(models.Model):
    """The one row that every write to the catalogue moves on: what was checked against one revision is adopted against
    that revision or not at all."""

    revision = models.PositiveBigIntegerField(default=0)


class CatalogueEdition(models.Model):
    """A table of items as somebody brought it. `number` is given at the adoption; before that it is a proposal.

    `rows`: [[line, [cell, …]], …] in the order of `head` (column keys), emptied when the edition is adopted or dropped.
    `code_rules`: code column -> key of `rules.catalogue.CODE_RULES`. `whole`: items that are not in the table are gone;
    otherwise the table only adds and changes. `revision`: the catalogue that it was compared with.
    """

    number = models.PositiveIntegerField(unique=True, null=True, blank=True)
    name = models.CharField(max_length=80)
    source = models.CharField(max_length=160)
    file_name = models.CharField(max_length=160, blank=True)
    whole = models.BooleanField(default=True)
    code_rules = models.JSONField(default=dict)
    state = models.CharField(max_length=12, default="checking")
    head = models.JSONField(default=list)
    rows = models.JSONField(default=list)
    unread = models.JSONField(default=list)
    revision = models.PositiveBigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    work_id = models.PositiveBigIntegerField(null=True, blank=True)
    imported_by = models.CharField(max_length=60)
    imported_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, blank=True)
    adopted_by = models.CharField(max_length=60, blank=True)
    adopted_at = models.DateTimeField(null=True, blank=True)
    is_demo = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=EDITION_STATES), name="services_edition_state"),
            models.CheckConstraint(
                condition=Q(state="adopted", number__isnull=False, adopted_at__isnull=False)
                | ~Q(state="adopted") & Q(number__isnull=True),
                name="services_edition_number",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number or '—'} {self.name}"


class EditionFault(models.Model):
    """A cell or row of an edition's table that cannot be read. `letter` is the column as a spreadsheet names it."""

    edition = models.ForeignKey(CatalogueEdition, on_delete=models.CASCADE, related_name="faults")
    line = models.PositiveIntegerField()
    letter = models.CharField(max_length=3, blank=True)
    title = models.CharField(max_length=40, blank=True)
    value = models.CharField(max_length=120, blank=True)
    message = models.CharField(max_length=300)

    class Meta:
        indexes = [models.Index(fields=["edition", "line"], name="services_edition_fault")]


class EditionChange(models.Model):
    """What an edition does to one item. `fields`: [[column, old text, new text], …] of a changed item; `cautions`: what
    a person should see before adopting."""

    edition = models.ForeignKey(CatalogueEdition, on_delete=models.CASCADE, related_name="changes")
    line = models.PositiveIntegerField(null=True, blank=True)
    code = models.CharField(max_length=64)
    name = models.CharField(max_length=120)
    department = models.CharField(max_length=40)
    change = models.CharField(max_length=8)
    fields = models.JSONField(default=list)
    cautions = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["edition", "code"], name="services_edition_change_once"),
            models.CheckConstraint(condition=Q(change__in=CHANGES), name="services_edition_change"),
        ]


class ItemVersion(models.Model):
    """What an item was from `since_at` until `until_at` (half-open; empty: it still is).

    `values`: column -> value as the catalogue table holds it; `standing`: field -> how it is known. `edition` is empty
    when a department confirmed or corrected it; `by` says who. `gone`: from here on the item is not in force.
    """

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="versions")
    edition = models.ForeignKey(
        CatalogueEdition, on_delete=models.PROTECT, related_name="versions", null=True, blank=True
    )
    values = models.JSONField()
    standing = models.JSONField(default=dict)
    changed = models.JSONField(default=list)
    gone = models.BooleanField(default=False)
    by = models.CharField(max_length=80)
    since_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item"], condition=Q(until_at__isnull=True), name="services_version_open"),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gte=models.F("since_at")), name="services_version_span"
            ),
        ]
        indexes = [models.Index(fields=["item", "since_at"], name="services_version_since")]
