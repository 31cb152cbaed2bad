"""A department's word: field by field, by its own people, audited, and never an opening of its own."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from tests.center.services_cast import SYSTEM, catalogue_rows

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden, Grant, Role
from budayang.center.platform.models import AuditLine, Organization
from budayang.center.services import actions, catalogue_queries, field_actions, judging, publishing, queries
from budayang.center.services.field_actions import BadFields, confirm_fields, open_version_id
from budayang.center.services.models import Department, Item, Offering
from budayang.center.terminals.models import Terminal
from budayang.rules.services import Truth


def clerk(code: str) -> Actor:
    """Somebody of the body with this code."""
    body = Organization.objects.get(code=code)
    return Actor("staff", f"{code}-clerk", (Grant(Role.OWNER_UNIT, "/150600/", body.pk),))


@pytest.fixture
def now() -> datetime:
    """After the import, which goes by the real clock."""
    return timezone.now() + timedelta(minutes=1)


@pytest.fixture
def linked(city: object) -> None:
    """人社 has a body behind it."""
    field_actions.link_department(SYSTEM, "RS", Organization.objects.get(code="RS").pk)


def test_its_own_people_confirm_and_others_do_not(linked: None, now: datetime) -> None:
    seen, before = open_version_id("ZZ001"), Item.objects.get(code="ZZ001").open_fields
    with pytest.raises(Forbidden):
        confirm_fields(clerk("YB"), "ZZ001", {"fee": None}, confirmed_by="医保局", seen=seen, now=now)
    item = confirm_fields(clerk("RS"), "ZZ001", {"fee": None}, confirmed_by="人社局 任工", seen=seen, now=now)
    assert item.standing["fee"] == {"mark": "C", "by": "人社局 任工", "at": now.isoformat()}
    assert item.open_fields == before - 1
    with pytest.raises(Forbidden):
        confirm_fields(clerk("RS"), "ZZ031", {"fee": None}, confirmed_by="x", seen=open_version_id("ZZ031"), now=now)


def test_a_body_is_needed_and_said_by_the_supervisor(city: object, now: datetime) -> None:
    assert Department.objects.get(code="RS").organization_id is None
    body = Organization.objects.get(code="RS")
    with pytest.raises(Forbidden):
        confirm_fields(clerk("RS"), "ZZ001", {"fee": None}, confirmed_by="x", seen=open_version_id("ZZ001"), now=now)
    with pytest.raises(Forbidden):
        field_actions.link_department(clerk("RS"), "RS", body.pk)
    field_actions.link_department(SYSTEM, "RS", body.pk)
    assert AuditLine.objects.get(action="services.link_department").details == {"organization": "RS"}
    assert queries.department_organization_id("RS") == body.pk


@pytest.mark.parametrize(
    ("answers", "by"), [({}, "人社局"), ({"fee": None}, "  ")], ids=["nothing answered", "nobody named"]
)
def test_a_word_of_nobody_or_on_nothing_is_refused(
    city: object, now: datetime, answers: dict[str, None], by: str
) -> None:
    with pytest.raises(Refused):
        confirm_fields(SYSTEM, "ZZ001", answers, confirmed_by=by, seen=open_version_id("ZZ001"), now=now)


def test_a_correction_is_read_as_a_cell_and_refused_as_one(city: object, now: datetime) -> None:
    seen = open_version_id("ZZ001")
    wrong = {"legal": {"legal_limit": "20个工作日", "legal_workdays": "10", "legal_basis": ""}, "time": None}
    with pytest.raises(BadFields) as refused:
        confirm_fields(SYSTEM, "ZZ001", wrong, confirmed_by="人社局", seen=seen, now=now)
    assert set(refused.value.errors) == {"legal_workdays"}
    assert Item.objects.get(code="ZZ001").mark("time") == "R", "nothing of it was written"
    assert open_version_id("ZZ001") == seen


def test_a_correction_makes_a_version_and_an_audit_line(city: object, now: datetime) -> None:
    right = {"materials": {"materials": "身份证（原件，高拍）、授权书（复印件，代办时）"}}
    item = confirm_fields(SYSTEM, "ZZ001", right, confirmed_by="人社局", seen=open_version_id("ZZ001"), now=now)
    assert item.material_list == [
        {"name": "身份证", "form": "original", "camera": True, "when": ""},
        {"name": "授权书", "form": "copy", "camera": False, "when": "代办时"},
    ]
    newest, first = catalogue_queries.versions_of("ZZ001")
    assert newest.edition is None
    assert newest.by == "人社局"
    assert first.until_at == newest.since_at == now
    assert set(newest.changed) == {"materials", "materials_verified"}
    line = AuditLine.objects.get(action="services.confirm_fields")
    assert line.details["corrections"] == [["materials", "居民身份证或电子社保卡", right["materials"]["materials"]]]


def test_what_was_not_seen_is_not_confirmed(city: object, now: datetime) -> None:
    seen = open_version_id("ZZ001")
    row = next(row for row in catalogue_rows() if row["item_id"] == "ZZ001")
    assert not actions.import_items(SYSTEM, [{**row, "fee": "20元"}]).errors
    with pytest.raises(Refused, match="刚刚有改动"):
        confirm_fields(SYSTEM, "ZZ001", {"fee": None}, confirmed_by="人社局", seen=seen, now=now)


def test_a_confirmed_word_on_after_hours_opens_nothing(jia: Terminal, now: datetime) -> None:
    confirm_fields(SYSTEM, "ZZ001", {"hours": None}, confirmed_by="人社局", seen=open_version_id("ZZ001"), now=now)
    offering = Offering.objects.select_related("item__department", "terminal__area__place").get(
        terminal=jia, item__code="ZZ001"
    )
    verdict = judging.judge(offering, judging.Facts.load([offering], now))
    assert verdict.truth is Truth.UNCONFIRMED


def test_terminals_are_told_how_each_field_is_known(jia: Terminal, now: datetime) -> None:
    confirm_fields(SYSTEM, "ZZ001", {"fee": None}, confirmed_by="人社局", seen=open_version_id("ZZ001"), now=now)
    item = next(one for one in publishing.catalogue_of(jia.pk, now)["items"] if one["code"] == "ZZ001")
    assert (item["marks"]["fee"], item["marks"]["name"], item["marks"]["time"]) == ("C", "V", "R")
    assert item["unverified"] is True
    assert item["who_may"] == ["self"]
