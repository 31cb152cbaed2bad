"""How a service of others answered that this house asks beside departments: payment providers, e-licence sources."""

from __future__ import annotations

from django.db import models


class Heard(models.Model):
    """`heard_at`: when it last gave an answer of its contract. `failures` in a row since then; `why` is the last one's
    word. Nothing of what it said.
    """

    heard_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    why = models.CharField(max_length=80, blank=True)

    class Meta:
        abstract = True
