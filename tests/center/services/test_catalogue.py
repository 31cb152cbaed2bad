"""The catalogue comes in whole or not at all; needs follow from its columns; offerings from what a terminal reports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.center.services_cast import SYSTEM, catalogue_rows

from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.services import actions
from budayang.center.services.catalogue import needs_of
from budayang.center.services.models import Item, Offering
from budayang.center.terminals.models import Peripheral, Terminal


def test_all_items_are_there_with_their_marks(db: None) -> None:
    assert not actions.import_items(SYSTEM, catalogue_rows(), is_demo=True).errors
    assert Item.objects.count() == 193
    item = Item.objects.get(code="ZZ001")
    assert (item.mark("name"), item.mark("time")) == ("V", "R")
    assert item.driven
    assert item.needs == ["idReader", "printer"]


def test_an_item_with_a_form_needs_only_what_the_terminal_drives(city: Any) -> None:
    assert Item.objects.get(code="ZZ130").needs == ["idReader", "printer"]
    assert "documentCamera" in needs_of({"hw_other": "高拍仪"})


@pytest.mark.parametrize(
    ("other", "need"),
    [("", set()), ("制证机", {"other"}), ("高拍仪+相机", {"documentCamera", "camera"}), ("二维码", set())],
)
def test_other_hardware_becomes_a_need(other: str, need: set[str]) -> None:
    assert needs_of({"hw_other": other}) == need


def test_a_stamp_or_a_seal_is_not_a_stamping_machine() -> None:
    assert needs_of({"hw_stamper_or_eseal": "1", "hw_face_camera": "1"}) == frozenset()


def test_one_bad_row_and_nothing_is_loaded(db: None) -> None:
    rows = [*catalogue_rows()[:3], {"item_id": "X1", "name": "", "dept_type": "人社"}]
    report = actions.import_items(SYSTEM, rows)
    assert {line for line, _message in report.errors} == {5}
    assert "第 5 行 B 列（事项名称）：这一格不能空" in [message for _line, message in report.errors]
    assert not Item.objects.exists()


def test_a_code_twice_is_an_error(db: None) -> None:
    report = actions.import_items(SYSTEM, [catalogue_rows()[0]] * 2)
    assert report.errors
    assert not Item.objects.exists()


def test_importing_again_updates(city: Any) -> None:
    row = {**catalogue_rows()[0], "name": "新名字"}
    report = actions.import_items(SYSTEM, [row])
    assert (report.created, report.updated) == (0, 1)
    assert Item.objects.get(code=row["item_id"]).name == "新名字"


def test_the_public_imports_nothing(db: None) -> None:
    with pytest.raises(Forbidden):
        actions.import_items(Actor.public(), [])


def test_a_terminal_offers_what_its_devices_allow(jia: Terminal) -> None:
    offered = set(Offering.objects.filter(terminal=jia, active=True).values_list("item__code", flat=True))
    assert offered == {"ZZ001", "ZZ054", "ZZ031", "ZZ037", "ZZ130"}


def test_a_device_taken_away_withdraws_what_was_derived_only(jia: Terminal, now: Any) -> None:
    actions.offer_item(SYSTEM, jia.code, "ZZ001")
    Peripheral.objects.filter(terminal=jia, kind="printer").delete()
    actions.derive_offerings([jia.pk], now)
    active = set(Offering.objects.filter(terminal=jia, active=True).values_list("item__code", flat=True))
    assert active == {"ZZ001"}


def test_a_terminal_that_reported_nothing_offers_nothing(new_terminal: Callable[..., Terminal], now: Any) -> None:
    terminal = new_terminal("KBS-09")
    Offering.objects.filter(terminal=terminal).delete()
    Peripheral.objects.filter(terminal=terminal).delete()
    assert actions.derive_offerings([terminal.pk], now) == 0
