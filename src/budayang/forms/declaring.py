"""A form as a department declares it on its own line (GET /v1/items): read strictly, told to its author when wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from budayang.forms.checking import form_problems

MOST_CHARACTERS = 64_000


def read_form(said: Any) -> dict[str, Any] | None:
    """The form. `{}` asks nothing beyond who the person is; None says nothing of a form.

    Raises:
        ValueError: with what is wrong, for its author.
    """
    if said is None:
        return None
    if not isinstance(said, Mapping):
        raise ValueError("form is a JSON Schema, {} when nothing is asked, or null")
    form = {"type": "object", "properties": {}, "additionalProperties": False, **said}
    if len(str(form)) > MOST_CHARACTERS:
        raise ValueError(f"form has more than {MOST_CHARACTERS} characters")
    problems = form_problems(form)
    if problems:
        raise ValueError(f"form: {problems[0]}")
    return form
