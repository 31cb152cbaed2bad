"""The form, page by page: what was typed stays while the person goes back and forth, and one answer can be changed
from the summary without going through the rest again.

Pages hang on the answers (`forms.steps`), so the next page is looked for after each one, never counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from budayang.forms import clean, flatten, validate
from budayang.forms.materials import Want, wanted
from budayang.forms.pages import look_up
from budayang.forms.prefill import Filled, Source, prefilled
from budayang.forms.steps import Page, pages
from budayang.terminal.journey import Journey

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the person is: page `step` of `of`, the check at the end and the materials counted in."""

    page: Page
    step: int
    of: int
    first: bool
    last: bool


def sources(journey: Journey) -> tuple[Source, ...]:
    """What may fill in: the read card, then e-licences."""
    found: list[Source] = []
    if journey.person is not None and journey.person.facts():
        found.append(Source("card", "身份证", journey.person.facts()))
    for one in journey.licences.found:
        title = f"电子{one.get('title', '')}（{one.get('issuer', '')}）"
        found.append(Source(f"licence.{one.get('kind', '')}", title, one.get("facts", {})))
    return tuple(found)


def filled_in(schema: Schema, journey: Journey) -> dict[str, Filled]:
    """What stands in the form without having been typed."""
    return prefilled(schema, sources(journey))


def texts(schema: Schema, journey: Journey) -> dict[str, str]:
    """All answers as text: typed, else filled in. A page that was never shown leaves no default behind."""
    given = {name: one.text for name, one in filled_in(schema, journey).items()}
    return given | journey.typed


def all_pages(schema: Schema, journey: Journey) -> list[Page]:
    """The pages for the answers so far."""
    known = texts(schema, journey)
    return pages(schema, clean(schema, known), shown=known, filled=filled_in(schema, journey))


def place(schema: Schema, journey: Journey) -> Place | None:
    """The page that is shown. None for a form without pages."""
    found = all_pages(schema, journey)
    if not found:
        return None
    index = next((n for n, page in enumerate(found) if page.key == journey.at), 0)
    more = 1 + bool(wants(schema, journey))
    return Place(found[index], index + 1, len(found) + more, index == 0, index == len(found) - 1)


def wants(schema: Schema, journey: Journey) -> tuple[Want, ...]:
    """The materials that the answers so far ask for."""
    return wanted(schema, clean(schema, texts(schema, journey)))


def keep(schema: Schema, journey: Journey, posted: Mapping[str, str]) -> None:
    """Remember what a page posted, right or wrong; fields of other pages stay as they are."""
    here = place(schema, journey)
    if here is None:
        return
    for field in here.page.fields:
        # A box that is not ticked and a choice that is not made post nothing.
        journey.typed[field.name] = posted.get(field.name, "")


def next_page(schema: Schema, journey: Journey, today: date) -> bool:
    """From a page that was posted to the next one, or to the first that has to be repaired. True when the form is
    done: `journey.form` holds it then.
    """
    here = place(schema, journey)
    if here is None:
        journey.form, journey.errors = {}, {}
        return True
    values = clean(schema, texts(schema, journey))
    problems = validate(schema, values, today=today)
    journey.errors = {name: text for name, text in problems.items() if name in here.page.names or not name}
    if journey.errors and not (list(journey.errors) == [""] and not here.last):
        return False
    journey.errors = {}
    journey.visited.add(here.page.key)
    found = all_pages(schema, journey)
    ahead = found[here.step :]
    if journey.returning:
        ahead = [page for page in found if page.key not in journey.visited or page.names & set(problems)]
    if ahead:
        journey.at = ahead[0].key
        return False
    wrong = next((page for page in found if page.names & set(problems)), None)
    if wrong is not None:
        journey.at, journey.errors = wrong.key, {n: t for n, t in problems.items() if n in wrong.names}
        return False
    journey.form, journey.returning = values, False
    journey.typed = flatten(values)
    return True


def previous_page(schema: Schema, journey: Journey) -> bool:
    """To the page before; False on the first one."""
    found, here = all_pages(schema, journey), place(schema, journey)
    journey.errors = {}
    if here is None or here.first:
        return False
    journey.at = found[here.step - 2].key
    return True


def add_entry(schema: Schema, journey: Journey, today: date) -> bool:
    """Another entry behind the last of a list; False when the page has something to repair first."""
    here = place(schema, journey)
    if here is None or not here.page.can_add:
        return False
    problems = validate(schema, clean(schema, texts(schema, journey)), today=today)
    journey.errors = {name: text for name, text in problems.items() if name in here.page.names}
    if journey.errors:
        return False
    journey.visited.add(here.page.key)
    head, entry = here.page.list, here.page.entry
    for field in here.page.fields:
        journey.typed[field.name.replace(f"{head}.{entry}.", f"{head}.{entry + 1}.", 1)] = ""
    journey.at = f"{head}.{entry + 1}"
    return True


def drop_entry(schema: Schema, journey: Journey) -> bool:
    """Take the shown entry out of its list; those behind it move up."""
    here = place(schema, journey)
    if here is None or not here.page.can_remove:
        return False
    head, entry = here.page.list, here.page.entry
    kept: dict[str, str] = {}
    for name, text in journey.typed.items():
        first, _dot, rest = name.partition(".")
        number, _dot, inner = rest.partition(".")
        if first != head or not number.isdecimal() or int(number) < entry:
            kept[name] = text
        elif int(number) > entry:
            kept[f"{head}.{int(number) - 1}.{inner}"] = text
    journey.typed, journey.errors = kept, {}
    journey.visited = {key for key in journey.visited if not key.startswith(f"{head}.")}
    journey.at = f"{head}.{max(0, entry - 1)}"
    return True


def change(schema: Schema, journey: Journey, name: str) -> bool:
    """From the summary to the page on which that question stands."""
    target = next((page for page in all_pages(schema, journey) if name in page.names), None)
    if target is None:
        return False
    journey.at, journey.returning, journey.errors = target.key, True, {}
    return True


def start(schema: Schema, journey: Journey) -> None:
    """Before the first page."""
    found = all_pages(schema, journey)
    journey.at = found[0].key if found else ""


def summary(schema: Schema, journey: Journey) -> list[dict[str, Any]]:
    """The answers for the page that asks whether all is right, in order. Empty answers are left out."""
    rows = []
    for page in pages(schema, journey.form, filled=filled_in(schema, journey)):
        for field in page.fields:
            if field.shown and look_up(journey.form, field.name) is not None:
                shown = "•" * len(field.shown) if field.sensitive and len(field.shown) < 7 else field.shown
                if field.sensitive and len(field.shown) >= 7:
                    shown = f"{field.shown[:3]}{'*' * (len(field.shown) - 7)}{field.shown[-4:]}"
                label = f"{field.label}（第{page.entry + 1}个）" if page.list and page.entry else field.label
                rows.append({"name": field.name, "label": label, "value": shown, "source": field.source})
    return rows
