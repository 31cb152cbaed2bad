"""The head of the audit chain at the end of each day, published so that anybody may keep it (每日摘要)."""

from __future__ import annotations

from django.db import models


class ChainDigest(models.Model):
    """At the end of the day `on` the chain ended with line `seq` and hash `hash`, sealed at `at`. Never changed: a copy
    that somebody kept is what the chain is held against, not this row.
    """

    on = models.DateField(unique=True)
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-on"]

    def __str__(self) -> str:
        return f"{self.on} {self.seq}"
