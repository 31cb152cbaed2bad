"""Editions of the standard: what they are, where their text stands, and what they hold (chapters, terms, references,
clauses, annexes, values)."""

from __future__ import annotations

from django.db import models
from django.db.models import PROTECT, CheckConstraint, Q, UniqueConstraint

from budayang.rules.standard.edition_text import REFERENCE_KINDS
from budayang.rules.standard.editions import ADOPTIONS, PUBLISHED, REFERENCE, STATE_NAMES, TRAIL_NAMES

EDITION_STATES = tuple(STATE_NAMES)


class Edition(models.Model):
    """A set of clauses. `is_reference` marks a reference edition (参照版): gathered from many rules, not the text of
    any published standard; whatever shows such an edition says so, and it can never stand as a published text.

    `state` is where the text stands (rules.standard.editions); `adoption` whether it is in force here: two facts.
    """

    code = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=120)
    is_reference = models.BooleanField(default=True)
    state = models.CharField(max_length=12, default=REFERENCE)
    number = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=300, blank=True)
    published_on = models.DateField(null=True, blank=True)
    in_force_on = models.DateField(null=True, blank=True)
    adoption = models.CharField(max_length=12, default="loaded")
    loaded_at = models.DateTimeField()
    loaded_by = models.CharField(max_length=80, blank=True)
    adopted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(state__in=EDITION_STATES), name="standard_edition_text_state"),
            CheckConstraint(condition=Q(adoption__in=ADOPTIONS), name="standard_edition_adoption"),
            CheckConstraint(
                condition=Q(is_reference=False) | Q(state__in=(REFERENCE, "abolished"), number=""),
                name="standard_edition_reference_is_no_standard",
            ),
            CheckConstraint(
                condition=Q(is_reference=True) | ~Q(state=REFERENCE), name="standard_edition_only_reference"
            ),
            CheckConstraint(
                condition=~Q(state__in=sorted(PUBLISHED)) | ~Q(number=""), name="standard_edition_published_number"
            ),
            UniqueConstraint(fields=["adoption"], condition=Q(adoption="adopted"), name="standard_edition_one_adopted"),
        ]

    def __str__(self) -> str:
        return self.code


class EditionEvent(models.Model):
    """One step of an edition's text. Append-only."""

    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="events")
    event = models.CharField(max_length=12)
    state = models.CharField(max_length=12)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [CheckConstraint(condition=Q(event__in=list(TRAIL_NAMES)), name="standard_edition_event")]

    def __str__(self) -> str:
        return f"{self.edition_id} {self.event}"


class InForce(models.Model):
    """An edition was put in force here, from then until the next row's moment. Append-only: a month is judged by the
    edition that was in force at its end.
    """

    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="in_force")
    at = models.DateTimeField()
    by = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = [models.Index(fields=["-at"], name="standard_in_force_newest")]
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.edition_id} {self.at:%Y-%m-%d}"


class Chapter(models.Model):
    """A chapter of an edition."""

    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="chapters")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=40)

    class Meta:
        constraints = [UniqueConstraint(fields=["edition", "number"], name="standard_chapter_number")]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Term(models.Model):
    """A term (术语), defined once in an edition. `discouraged`: other words for the same thing."""

    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="terms")
    position = models.PositiveIntegerField()
    term = models.CharField(max_length=60)
    english = models.CharField(max_length=120)
    definition = models.TextField()
    source = models.CharField(max_length=300, blank=True)
    grade = models.CharField(max_length=12)
    discouraged = models.JSONField(default=list)

    class Meta:
        constraints = [UniqueConstraint(fields=["edition", "term"], name="standard_term_once")]
        ordering = ["position"]

    def __str__(self) -> str:
        return self.term


class Reference(models.Model):
    """A normative reference (规范性引用文件). `drafted_as`: how the drafting note writes it; `newer`: a newer
    edition.
    """

    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="references")
    position = models.PositiveIntegerField()
    number = models.CharField(max_length=60)
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=12)
    drafted_as = models.CharField(max_length=60, blank=True)
    newer = models.CharField(max_length=60, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["edition", "number"], name="standard_reference_once"),
            CheckConstraint(condition=Q(kind__in=list(REFERENCE_KINDS)), name="standard_reference_kind"),
        ]
        ordering = ["position"]

    def __str__(self) -> str:
        return self.number


class Clause(models.Model):
    """One requirement with its criterion and way of checking. `grade` is the grade of the basis: A law or official
    rule read; B second-hand; C from memory; D engineering default; mixed grades as "A/D". `template`: the value comes
    from a template or a source of low trust. `weight`: in the score. `parts`: how it is judged, as
    rules.standard.parts.Part.plain() writes it; empty: not connected (未接入).
    """

    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="clauses")
    code = models.CharField(max_length=24)
    position = models.PositiveIntegerField()
    chapter = models.PositiveSmallIntegerField()
    chapter_title = models.CharField(max_length=40)
    requirement = models.TextField()
    criterion = models.TextField(blank=True)
    verification = models.TextField(blank=True)
    frequency = models.CharField(max_length=80, blank=True)
    basis = models.TextField(blank=True)
    grade = models.CharField(max_length=12)
    template = models.BooleanField(default=False)
    weight = models.FloatField(default=1)
    parts = models.JSONField(default=list)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["edition", "code"], name="standard_clause_code"),
            CheckConstraint(condition=Q(weight__gt=0), name="standard_clause_weight"),
        ]
        ordering = ["position"]

    def __str__(self) -> str:
        return self.code


class AnnexRow(models.Model):
    """One row of a table in an annex (附录): a check list, a table of limits."""

    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="annexes")
    position = models.PositiveIntegerField()
    annex = models.CharField(max_length=1)
    annex_title = models.CharField(max_length=80)
    table = models.CharField(max_length=8)
    table_title = models.CharField(max_length=80)
    item = models.CharField(max_length=300)
    criterion = models.CharField(max_length=300, blank=True)
    frequency = models.CharField(max_length=80, blank=True)
    clause = models.CharField(max_length=24, blank=True)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.table} {self.item}"


class EditionValue(models.Model):
    """What an edition sets for a parameter; adopting writes it to platform.Parameter."""

    edition = models.ForeignKey(Edition, on_delete=PROTECT, related_name="values")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=40)
    value = models.FloatField()
    clause = models.CharField(max_length=24)

    class Meta:
        constraints = [UniqueConstraint(fields=["edition", "name"], name="standard_value_once")]
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.name}={self.value}"
