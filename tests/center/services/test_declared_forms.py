"""A department declares what its item asks: terminals then offer it and ask that; what is wrong is told its author."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from tests.center.services_cast import SYSTEM, city, jia, new_terminal

from budayang import data
from budayang.center.services import actions as services
from budayang.center.services import connector_actions, connector_jobs, form_checks, item_forms
from budayang.center.services.models import Connector, DepartmentHours, Item, Offering
from budayang.center.services.publishing import catalogue_of

__all__ = ["city", "jia", "new_terminal"]
pytestmark = pytest.mark.django_db
CODE = "ZZ002"  # in the catalogue, and no form ships for it
FORM = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"year": {"title": "哪一年", "type": "string", "oneOf": [{"const": "2025", "title": "2025年"}]}},
    "required": ["year"],
}


def said(form: Any) -> dict[str, Any]:
    return {"contract": "1", "items": {CODE: {"kind": "query_print", "form": form}}}


@pytest.fixture
def line(jia: Any, now: datetime) -> Connector:
    assert data.find_form(CODE) is None
    return services.set_connector(SYSTEM, "RS", url="http://127.0.0.1:9", key="k", now=now)


def test_a_declared_form_makes_the_item_one_of_the_terminals(line: Connector, jia: Any, now: datetime) -> None:
    assert not Item.objects.get(code=CODE).driven
    connector_actions.declare_items(SYSTEM, "RS", said(FORM), now)
    assert Item.objects.get(code=CODE).driven
    services.derive_offerings([jia.pk], now)
    assert Offering.objects.filter(item__code=CODE, terminal=jia, active=True).exists()
    sent = {one["code"]: one for one in catalogue_of(jia.pk, now)["items"]}
    assert sent[CODE]["schema"] == FORM


def test_the_center_checks_by_the_form_that_was_declared(line: Connector, now: datetime) -> None:
    connector_actions.declare_items(SYSTEM, "RS", said(FORM), now)
    schema = item_forms.form_of(CODE)
    form_checks.check_form(schema, {"year": "2025"}, [], filled_on=now.date())
    with pytest.raises(form_checks.FormRefused):
        form_checks.check_form(schema, {"year": "1999"}, [], filled_on=now.date())


def test_an_empty_form_asks_nothing_and_no_form_is_no_item(line: Connector, jia: Any, now: datetime) -> None:
    connector_actions.declare_items(SYSTEM, "RS", said({}), now)
    assert item_forms.form_of(CODE) == {"type": "object", "properties": {}, "additionalProperties": False}
    connector_actions.declare_items(SYSTEM, "RS", said(None), now)
    assert item_forms.form_of(CODE) is None
    assert not Item.objects.get(code=CODE).driven


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ([], "form is a JSON Schema"),
        ({"properties": {"year": {"type": "string"}}}, "year has no title"),
        ({"properties": {}, "x-pages": [{"fields": ["zip"]}]}, "a page names zip"),
        ({"description": "x" * 70_000}, "more than 64000"),
    ],
)
def test_a_wrong_form_is_not_taken_and_its_author_is_told(
    line: Connector, now: datetime, monkeypatch: pytest.MonkeyPatch, form: Any, why: str
) -> None:
    monkeypatch.setattr(connector_jobs, "ask_all", lambda what, codes=None: {"RS": said(form)})
    connector_jobs.pull_items(now)
    line.refresh_from_db()
    assert why in line.declared_why
    assert item_forms.form_of(CODE) is None
    monkeypatch.setattr(connector_jobs, "ask_all", lambda what, codes=None: {"RS": said(FORM)})
    connector_jobs.pull_items(now)
    line.refresh_from_db()
    assert line.declared_why == ""


def test_codes_that_the_catalogue_does_not_have_are_named(line: Connector, now: datetime) -> None:
    body = {"contract": "1", "items": {"NEU1": {"kind": "guide"}, CODE: {"kind": "guide"}}}
    connector_actions.declare_items(SYSTEM, "RS", body, now)
    line.refresh_from_db()
    assert line.declared_unknown == ["NEU1"]


def test_a_line_that_was_registered_is_read_at_once(
    line: Connector, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, set[str]]] = []

    def ask(what: str, codes: Any = None) -> dict[str, Any]:
        asked.append((what, set(codes)))
        return {"RS": said(FORM) if what == "items" else {"items": {}, "confirmed_by": ""}}

    monkeypatch.setattr(connector_jobs, "ask_all", ask)
    assert connector_jobs.read_wanted(now) == 1
    assert asked == [("items", {"RS"}), ("hours", {"RS"})]
    assert connector_jobs.read_wanted(now) == 0, "read once"
    connector_actions.ask_reading(SYSTEM, "RS", now)
    assert connector_jobs.read_wanted(now) == 1


WRONG_HOURS = [
    pytest.param({CODE: "always"}, id="text"),
    pytest.param({CODE: [1]}, id="list"),
    pytest.param({CODE: {"weekly": 5}}, id="weekly"),
    pytest.param({CODE: {"weekly": [5], "exceptions": ["x"]}}, id="days"),
    pytest.param({CODE: {"weekly": [], "exceptions": ["x"]}}, id="exceptions"),
]


@pytest.mark.parametrize("items", WRONG_HOURS)
def test_hours_that_cannot_be_read_leave_those_of_others_and_are_not_asked_for_at_once_again(
    line: Connector, now: datetime, monkeypatch: pytest.MonkeyPatch, items: dict[str, Any]
) -> None:
    good = {"items": {"ZZ037": {"weekly": [[0, "09:00", "17:00"]]}}, "confirmed_by": "医保局"}

    def ask(what: str, codes: Any = None) -> dict[str, Any]:
        return {"RS": {"items": items, "confirmed_by": ""}, "YB": good} if what == "hours" else {}

    monkeypatch.setattr(connector_jobs, "ask_all", ask)
    assert connector_jobs.pull_hours(now) == 1
    assert DepartmentHours.objects.get(item__code="ZZ037").confirmed_by == "医保局"
    assert connector_jobs.read_wanted(now) == 1
    assert connector_jobs.read_wanted(now) == 0


def test_a_line_that_cannot_be_read_in_an_unforeseen_way_waits_for_its_plan(
    line: Connector, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(what: str, codes: Any = None) -> dict[str, Any]:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(connector_jobs, "ask_all", ask)
    with pytest.raises(RuntimeError):
        connector_jobs.read_wanted(now)
    assert connector_jobs.read_wanted(now) == 0
