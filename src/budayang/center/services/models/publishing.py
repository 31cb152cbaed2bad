"""What terminals were last sent."""

from __future__ import annotations

from django.db import models


class Published(models.Model):
    """What a terminal was last sent (catalogue, availability), by digest: the same is not sent twice.

    `due_at`: when to look again (indexed). News moves it to now; without news it comes around by itself.
    """

    terminal = models.ForeignKey("terminals.Terminal", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, blank=True)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["terminal", "kind"], name="services_published_once")]
        indexes = [models.Index(fields=["due_at"], name="services_published_due")]

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.kind}"
