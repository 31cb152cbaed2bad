"""Reads of materials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from budayang.center.platform.wording import words
from budayang.center.services.models import Case, CaseAgent, JointPart, Sheet, UploadedSheet, UploadLink
from budayang.forms.pictures import WORDS
from budayang.rules.acting import RELATIONS


@dataclass(frozen=True, slots=True)
class KindUploaded:
    """What of one kind came over a link, for the phone that brought it. `words`: what the check says of the last."""

    kind: str
    title: str
    most: int
    have: int
    words: tuple[str, ...]

    @property
    def full(self) -> bool:
        return self.have >= self.most


def uploaded(link: UploadLink) -> list[KindUploaded]:
    """Each wanted kind with what came."""
    rows = list(UploadedSheet.objects.filter(link=link).order_by("position").values("kind", "problems"))
    found = []
    for one in link.kinds:
        mine = [row for row in rows if row["kind"] == one["kind"]]
        said = tuple(WORDS[word] for word in mine[-1]["problems"] if word in WORDS) if mine else ()
        found.append(KindUploaded(one["kind"], one["title"], int(one["most"]), len(mine), said))
    return found


def handed_in(number: str) -> list[Sheet]:
    """What of materials a case was handed in with: kinds, sizes and hashes, without content."""
    return list(Sheet.objects.filter(number=number, taken_at__isnull=False).order_by("position"))


def beside(case: Case) -> dict[str, Any]:
    """What a case was handed in with beside its form, for staff: the joint matter it is a part of, who acted (masked),
    kinds and sizes of the sheets. Nothing that identifies the person.
    """
    part = JointPart.objects.select_related("joint").filter(case=case).first()
    agent = CaseAgent.objects.filter(case=case).first()
    number = case.number if part is None else part.joint.number
    return {
        "joint": part
        and {
            "number": part.joint.number,
            "title": part.joint.title,
            "position": part.position,
            "of": part.joint.parts.count(),
        },
        "agent": agent
        and {
            "relation": words(RELATIONS.get(agent.relation, agent.relation)),
            "name": agent.masked.get("name", ""),
            "id_number": agent.masked.get("id_number", ""),
            "consent": agent.consent_version,
        },
        "sheets": handed_in(number),
    }
