"""Templates to HTML answers, with the headers that keep a page to itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from budayang.papers import qr_svg
from budayang.terminal.screens import language, words
from budayang.terminal.screens.theme import document

_HERE = Path(__file__).parent
STATIC = _HERE / "static"

# Nothing inline, nothing from elsewhere: the page of one person must not be able to reach or to load anything else.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@lru_cache(maxsize=64)
def static(name: str) -> str:
    """Address of a static file; its content is in the address, so that an update never meets an old copy."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?{digest}"


@lru_cache(maxsize=4)
def _qr(address: str) -> Markup:
    # Escaping is segno's: the address becomes modules of a path, never text of the page.
    return Markup(qr_svg(address))


def _host(address: str) -> str:
    parts = urlsplit(address)
    return parts.netloc + parts.path.rsplit("/", 1)[0] + "/" if parts.netloc else address


def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=False,
    )
    env.install_gettext_callables(language._, language.ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.globals.update(
        static=static,
        qr=_qr,
        host=_host,
        truth_class=words.truth_class,
        truth_word=words.truth_word,
        truth_title=words.truth_title,
        truth_help=words.truth_help,
        item_line=words.item_line,
        fee=words.fee,
        how_known=words.known,
        reported=words.reported,
        distance=words.distance,
        elapsed=words.elapsed,
        step_state=words.step_state,
        submit_steps=words.submit_steps,
        say=language.say,
        known=language._,
        print_title=words.print_title,
        print_trouble=words.print_trouble,
        outcome_class=words.outcome_class,
        outcome_word=words.outcome_word,
        mouths=words.MOUTHS,
        part_class=words.part_class,
    )
    return env


_ENV = _environment()


def html(template: str, view: Mapping[str, Any], context: Mapping[str, Any], *, status: int = 200) -> HTMLResponse:
    """Draw `template` for a view of the journey (plan of keys: `journey.view`) and what the page itself adds."""
    language.speak(str(view.get("lang", "zh")))
    text = _ENV.get_template(template).render(view=view, doc=document(view), **context)
    return HTMLResponse(text, status_code=status, headers=HEADERS)
