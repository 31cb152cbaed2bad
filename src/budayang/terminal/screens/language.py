"""The one gettext of the screens. Chinese is the source; a translation is used where its catalogue is there."""

from __future__ import annotations

import gettext
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from budayang.rules import phrases

_LOCALES = Path(__file__).parent / "locale"
_current: ContextVar[str] = ContextVar("language of the screen", default="zh")


@lru_cache(maxsize=8)
def _catalogue(lang: str) -> gettext.NullTranslations:
    return gettext.translation("screens", localedir=_LOCALES, languages=[lang], fallback=True)


def speak(lang: str) -> None:
    """Use `lang` for the rest of this request."""
    _current.set(lang)


def _(text: str) -> str:
    # the empty text would be answered with the catalogue's header
    return text and _catalogue(_current.get()).gettext(text)


def say(text: object) -> str:
    """A sentence of the rules or of the center, which know Chinese only, in the language of the screen."""
    return phrases.say(str(text), _)


def ngettext(one: str, many: str, count: int) -> str:
    return _catalogue(_current.get()).ngettext(one, many, count)
