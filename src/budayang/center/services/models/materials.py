"""Materials (材料): sheets sent before their case, and one-time links by which a phone gives pictures to a journey."""

from __future__ import annotations

from django.db import models


class Sheet(models.Model):
    """One sheet of a case's materials. It comes before the case, under the number that the case will have.

    `key` is number and position: what the content is sealed to. `content_sealed` is empty once the case took the sheet
    over: from there on it is part of the request that the department gets, and goes with it. What stays (kind, size,
    hash) says what was handed in, and nothing of it.
    """

    key = models.CharField(max_length=48, unique=True)
    number = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField()
    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    media = models.CharField(max_length=32)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content_sealed = models.BinaryField(null=True, blank=True)
    received_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["number", "position"], name="services_sheet_once")]
        indexes = [models.Index(fields=["received_at"], name="services_sheet_received")]

    def __str__(self) -> str:
        return f"{self.number}/{self.position}"


class UploadLink(models.Model):
    """A one-time link: one journey shows it, one phone uses it, and it ends with the journey or by itself.

    `token_hash` finds it by what the QR code holds; `holder_hash` is the phone that came first. What it brings is
    sealed to the journey's own key before it is stored: this center cannot open it again.
    """

    name = models.CharField(max_length=32, unique=True)
    token_hash = models.CharField(max_length=64, unique=True)
    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    reply_key = models.CharField(max_length=64)
    item_name = models.CharField(max_length=120)
    kinds = models.JSONField(default=list)
    holder_hash = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="services_uploadlink_expires")]

    def __str__(self) -> str:
        return self.name


class UploadedSheet(models.Model):
    """What a phone gave, sealed to the journey's key, until the terminal fetched it."""

    link = models.ForeignKey(UploadLink, on_delete=models.CASCADE, related_name="sheets")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=40)
    media = models.CharField(max_length=32)
    size = models.PositiveIntegerField()
    problems = models.JSONField(default=list)
    sealed = models.BinaryField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "position"], name="services_uploadedsheet_once")]

    def __str__(self) -> str:
        return f"{self.link_id}/{self.position}"
