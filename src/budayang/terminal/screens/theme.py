"""How the document is dressed: day or night, care mode, low mode. A person's settings are gone with the person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LANGUAGE_TAGS = {"zh": "zh-CN", "en": "en", "mn": "mn-Mong"}


@dataclass(frozen=True, slots=True)
class Document:
    """Attributes of the <html> element."""

    lang: str
    theme: str
    classes: str


def document(view: Mapping[str, Any]) -> Document:
    """The document's attributes for a view of the journey. Unknown themes fall to day, unknown languages to Chinese."""
    prefs = view.get("prefs") or {}
    classes = [name for name in ("care", "low") if prefs.get(name)]
    theme = "night" if view.get("theme") == "night" else "day"
    return Document(
        lang=_LANGUAGE_TAGS.get(str(view.get("lang", "zh")), "zh-CN"), theme=theme, classes=" ".join(classes)
    )
