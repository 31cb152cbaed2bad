"""Where e-licences (电子证照) are asked."""

from __future__ import annotations

from django.db import models

from budayang.center.services.models.heard import Heard


class LicenceSource(Heard):
    """One service of e-licences. Outgoing requests go to `url` and nowhere else; what it answers is never stored."""

    code = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=80)
    url = models.CharField(max_length=200)
    key_sealed = models.BinaryField(null=True, blank=True)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.code
