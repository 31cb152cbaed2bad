"""The joint matters that ship (高效办成一件事): which items of which departments, one form, one set of materials."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class PartDefinition:
    """One department's part. ``form``: how its form follows from the joint one (`forms.joint`); ``when``: for which
    answers it belongs to the matter; ``materials``: which kinds of sheets it gets; ``bring``: what a person takes to
    the window when the part cannot be done here.
    """

    item: str
    title: str
    form: Mapping[str, Any]
    when: Mapping[str, Any]
    materials: tuple[str, ...]
    bring: str
    window: bool


@dataclass(frozen=True)
class JointDefinition:
    """``event``: the life event of the terminal's first page under which it is found. ``schema`` is the one form."""

    code: str
    name: str
    event: str
    intro: str
    schema: dict[str, Any]
    parts: tuple[PartDefinition, ...]


def read_definition(given: Mapping[str, Any]) -> JointDefinition:
    """Raises KeyError for a definition that lacks something."""
    return JointDefinition(
        code=given["code"],
        name=given["name"],
        event=given["event"],
        intro=given["intro"],
        schema=given["schema"],
        parts=tuple(
            PartDefinition(
                item=one["item"],
                title=one["title"],
                form=one.get("form", {}),
                when=one.get("when", {}),
                materials=tuple(one.get("materials", ())),
                bring=one.get("bring", ""),
                window=bool(one.get("window", False)),
            )
            for one in given["parts"]
        ),
    )


@cache
def joint_matters() -> Mapping[str, JointDefinition]:
    """By code."""
    folder = files(__package__).joinpath("joint")
    read = [
        read_definition(json.loads(one.read_text(encoding="utf-8")))
        for one in sorted(folder.iterdir(), key=lambda one: one.name)
        if one.name.endswith(".json")
    ]
    return {one.code: one for one in read}
