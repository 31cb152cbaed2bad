"""What people give is given for the clause of an edition: under another one it counts where that clause asks the same,
and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.test import Client
from tests.center.hall import SYSTEM, Hall
from tests.center.standard.test_edition_of_a_month import load

from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Role
from budayang.center.standard import actions, given_actions, queries
from budayang.center.standard.edition_writing import reference_text
from budayang.center.standard.models import (
    Assessment,
    Clause,
    ClauseException,
    ClauseVerdict,
    Edition,
    GivenDocument,
    GivenNumbers,
    InForce,
)
from budayang.rules.standard.differences import asks_the_same
from budayang.rules.standard.edition_text import EditionText, Requirement
from budayang.rules.standard.parts import Kind

OCT, NOV = date(2026, 10, 1), date(2026, 11, 1)
DAY = timedelta(days=1)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"


def changed(change: Callable[[Requirement], Requirement], *codes: str) -> EditionText:
    """The reference edition with some clauses changed."""
    text = reference_text()
    return replace(text, clauses=tuple(change(one) if one.code in codes else one for one in text.clauses))


def renumbered(text: EditionText, one: str, other: str) -> EditionText:
    """Two clauses that exchanged their codes."""
    names = {one: other, other: one}
    rows = tuple(replace(row, code=names.get(row.code, row.code)) for row in text.clauses)
    return replace(text, clauses=rows)


def give_all(hall: Hall, edition: Edition, now: datetime, month: date = NOV) -> None:
    """A document (JB-10), a number (YJ-19), an exemption (WH-10) and a transition (YJ-20)."""
    on = month.replace(day=2)

    def clause(code: str) -> Clause:
        return Clause.objects.get(edition=edition, code=code)

    given_actions.give_document(
        SYSTEM, hall.city, clause("JB-10"), title="拓扑图", on=on, until_on=None, name="a.pdf", content=PDF, now=now
    )
    given_actions.give_numbers(
        SYSTEM, hall.area.place, clause("YJ-19"), Kind.MEASUREMENT, values={"turn_mm": 1500}, on=on, source="尺",
        now=now,
    )  # fmt: skip
    given_actions.set_exception(
        SYSTEM, hall.area.place, clause("WH-10"), kind="exemption", reason="没有控制室", from_on=on, until_on=None,
        now=now,
    )  # fmt: skip
    given_actions.set_exception(
        SYSTEM, hall.area.place, clause("YJ-20"), kind="transition", reason="老楼", plan="改", from_on=on,
        until_on=date(2027, 1, 1), now=now,
    )  # fmt: skip


def said(hall: Hall, now: datetime, month: date = NOV) -> dict[str, tuple[str, date | None]]:
    """What the month's edition says of the codes that were given for, and of those that exchanged with them."""
    made = actions.assess_many([hall.area.place], month, now)
    shown = ("JB-10", "JB-12", "YJ-19", "YJ-20", "WH-10")
    return {one.clause.code: (one.answer, one.transition_until) for one in made if one.clause.code in shown}


COUNTED = {
    "JB-10": ("met", None),
    "JB-12": ("no_evidence", None),
    "YJ-19": ("met", None),
    "YJ-20": ("no_evidence", date(2027, 1, 1)),
    "WH-10": ("not_applicable", None),
}


def test_a_code_that_stands_for_another_requirement_now_is_not_answered_by_what_was_given(
    hall: Hall, now: datetime
) -> None:
    give_all(hall, Edition.objects.get(), now)
    assert said(hall, now) == COUNTED
    text = renumbered(renumbered(reference_text(), "JB-10", "JB-12"), "WH-10", "WH-09")
    actions.adopt_edition(SYSTEM, load(text, now), now)
    found = said(hall, now + DAY)
    assert found == {**COUNTED, "JB-10": ("no_evidence", None), "WH-10": ("no_evidence", None)}
    assert GivenDocument.objects.get().edition.code == "REF-2026"


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        (lambda one: replace(one, weight=3.0, grade="A", basis="新的依据", frequency="每年"), True),
        (lambda one: replace(one, chapter=4, template=not one.template), True),
        (lambda one: replace(one, requirement=f"{one.requirement}，并每年复查"), False),
        (lambda one: replace(one, criterion=f"{one.criterion}（新）"), False),
        (lambda one: replace(one, parts=tuple(replace(part, note="另一种查法") for part in one.parts)), False),
    ],
)
def test_it_counts_where_the_clause_asks_the_same(
    hall: Hall, now: datetime, change: Callable[[Requirement], Requirement], counts: bool
) -> None:
    give_all(hall, Edition.objects.get(), now)
    text = changed(change, "JB-10", "YJ-19", "WH-10", "YJ-20")
    actions.adopt_edition(SYSTEM, load(text, now), now)
    same = asks_the_same(reference_text(), text)
    assert ("JB-10" in same) is counts
    assert len(same) == (150 if counts else 146)
    nothing = dict.fromkeys(COUNTED, ("no_evidence", None))
    assert said(hall, now + DAY) == (COUNTED if counts else nothing)


def test_what_comes_late_is_given_for_the_edition_of_its_month(hall: Hall, now: datetime) -> None:
    person = platform.add_staff(SYSTEM, username="zhu", name="测试主管", password="night-shift-2026")
    platform.grant_role(SYSTEM, person, Role.SUPERVISOR, hall.city, now=now - DAY)
    real = queries.month_of(datetime.now(tz=now.tzinfo))
    earlier = (real - DAY).replace(day=1)
    other = changed(lambda one: replace(one, requirement="另外的要求"), "YJ-19")
    began = queries.month_bounds(real)[0] + timedelta(minutes=1)
    InForce.objects.update(at=queries.month_bounds(earlier)[0])  # the pages read the real clock
    actions.adopt_edition(SYSTEM, load(other, now), began)
    client = Client()
    client.force_login(person)
    body = {
        "place": str(hall.area.place_id), "v_turn_mm": "1500", "on": earlier.isoformat(), "source": "尺", "note": "",
    }  # fmt: skip
    page = client.get("/console/conformity/KBS/YJ-19/", {"month": f"{earlier:%Y-%m}"}).content.decode()
    address = f"/console/conformity/KBS/YJ-19/give/measurement/?month={earlier:%Y-%m}"
    assert address in page
    assert "另外的要求" not in page
    answer = client.post(address, body)
    assert answer.headers["Location"].endswith(f"?month={earlier:%Y-%m}")
    assert GivenNumbers.objects.get().edition.code == "REF-2026"
    at = began + DAY
    assert said(hall, at, earlier)["YJ-19"] == ("met", None)
    assert said(hall, at, real)["YJ-19"] == ("no_evidence", None)
    now_page = client.get("/console/conformity/KBS/YJ-19/").content.decode()
    assert "为 REF-2026 的这一条登记的" in now_page
    assert "为 REF-2026 的这一条登记的" not in client.get(
        "/console/conformity/KBS/YJ-19/", {"month": f"{earlier:%Y-%m}"}
    ).content.decode()  # fmt: skip
    assert "轮椅回转直径 1500 毫米" in client.get("/console/clause-given/numbers/").content.decode()


def test_what_was_given_before_rows_said_so_is_of_the_edition_in_force_then(hall: Hall, now: datetime) -> None:
    step = import_module("budayang.center.standard.migrations.0009_given_for_an_edition")
    later = load(reference_text(), now)
    actions.adopt_edition(SYSTEM, later, now + DAY)
    give_all(hall, later, now + 2 * DAY)
    first = Edition.objects.get(code="REF-2026")
    GivenNumbers.objects.update(at=now)
    ClauseException.objects.filter(clause_code="WH-10").update(at=now - 90 * DAY)

    class Rows:
        """The tables as they were before: no row says its edition."""

        def get_model(self, room: str, name: str) -> object:
            model = apps.get_model(room, name)
            if name not in step.GIVEN:
                return model

            class Filtered:
                @staticmethod
                def filter(**_: object) -> object:
                    return model.objects.all()

            return type("Table", (), {"objects": Filtered})

    step.say_for_which_edition(Rows(), None)
    assert GivenDocument.objects.get().edition == later
    assert GivenNumbers.objects.get().edition == first
    assert ClauseException.objects.get(clause_code="WH-10").edition == first, "before anything was in force: the first"
    assert ClauseException.objects.get(clause_code="YJ-20").edition == later
    assert not Assessment.objects.exclude(edition=None).exists()
    assert not ClauseVerdict.objects.exists()
