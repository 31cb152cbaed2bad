"""Words of the rules in the reader's language. Rules write Chinese and know no translation; pages ask here."""

from __future__ import annotations

from django.utils.translation import gettext

from budayang.rules.phrases import say


def words(text: object) -> str:
    """A word or sentence of `budayang.rules`, also one that was stored, translated where the catalogues know it."""
    return say(str(text), gettext)
