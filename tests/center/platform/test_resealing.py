"""A new field key: it seals at once, every row moves to it, the old one goes only when it seals nothing."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from budayang.center.platform import resealing
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.models import AuditLine
from budayang.center.platform.resealing import Turn
from budayang.center.platform.sealing import CannotOpen, center_keys, open_field, seal_field
from budayang.center.services.models import Connector, Department
from budayang.cli import doctor
from budayang.cli.main import main

SYSTEM = Actor.system()
TABLE = "services_connector"

pytestmark = pytest.mark.django_db


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of keys of its own: a second key must not stay with the other tests."""
    folder = tmp_path / "keys"
    monkeypatch.setattr("budayang.center.platform.sealing.keys_folder", lambda: folder)
    monkeypatch.setattr("budayang.center.platform.resealing.keys_folder", lambda: folder)
    return folder


def _connector(code: str, now: datetime) -> Connector:
    department = Department.objects.create(code=code, name=f"仿真{code}")
    return Connector.objects.create(
        department=department, url="http://127.0.0.1:9", since_at=now, key_sealed=seal_field(TABLE, code, "key", code)
    )


def _text(row: Connector) -> str:
    row.refresh_from_db()
    return open_field(TABLE, row.department.code, "key", bytes(row.key_sealed or b""))


def test_every_row_moves_to_the_new_key_and_reads_as_before(keys: Path, now: datetime) -> None:
    rows = [_connector(code, now) for code in ("A", "B", "C")]
    assert resealing.rotate(SYSTEM, now) == 2
    assert resealing.rows_by_key() == {1: 3, 2: 0}
    assert [_text(row) for row in rows] == ["A", "B", "C"]
    turn = resealing.reseal(limit=2)
    assert (turn.moved, turn.unopened) == (2, 0)
    assert resealing.rows_by_key() == {1: 1, 2: 2}
    assert turn.rest is not None
    assert resealing.reseal(limit=2, at=turn.rest) == Turn(1, 0, None)
    assert resealing.reseal() == Turn(0, 0, None)
    assert resealing.rows_by_key() == {1: 0, 2: 3}
    assert [_text(row) for row in rows] == ["A", "B", "C"]
    assert {line.action for line in AuditLine.objects.all()} == {"platform.rotate_key"}


def test_a_field_that_somebody_seals_anew_meanwhile_is_not_overwritten(
    keys: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = _connector("A", now)
    resealing.rotate(SYSTEM, now)

    def rival(table: str, key: str, name: str, sealed: bytes) -> str:
        Connector.objects.filter(pk=row.pk).update(key_sealed=seal_field(TABLE, "A", "key", "new"))
        return open_field(table, key, name, sealed)

    monkeypatch.setattr(resealing, "open_field", rival)
    assert resealing.reseal() == Turn(0, 0, None)
    assert _text(row) == "new"


def test_a_key_that_still_seals_or_is_the_newest_is_not_retired(keys: Path, now: datetime) -> None:
    row = _connector("A", now)
    with pytest.raises(Refused, match="最新"):
        resealing.retire(SYSTEM, 1, now)
    resealing.rotate(SYSTEM, now)
    with pytest.raises(Refused, match="还有 1 个字段"):
        resealing.retire(SYSTEM, 1, now)
    with pytest.raises(Refused, match="没有编号"):
        resealing.retire(SYSTEM, 7, now)
    resealing.reseal()
    resealing.retire(SYSTEM, 1, now)
    assert set(center_keys().fields) == {2}
    assert (keys / "retired" / "field-1").stat().st_mode & 0o777 == 0o600
    assert _text(row) == "A"


def test_what_a_missing_key_sealed_says_so_and_stays(keys: Path, now: datetime) -> None:
    row = _connector("A", now)
    resealing.rotate(SYSTEM, now)
    (keys / "field-1").unlink()
    with pytest.raises(CannotOpen, match="key 1 of services_connector"):
        _text(row)
    resealing.rotate(SYSTEM, now)
    assert resealing.reseal() == Turn(0, 0, None)
    assert resealing.rows_by_key()[1] == 1
    assert resealing.unopened() == {1: 1}


def test_what_does_not_open_holds_nothing_up_and_is_told(
    keys: Path, now: datetime, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than a turn looks at stand before those that open."""
    monkeypatch.setattr(resealing._wiring, "at", resealing.START)
    broken = [_connector(f"B{number}", now) for number in range(resealing.BATCH + 5)]
    for row in broken:
        row.key_sealed = seal_field(TABLE, "of another row", "key", "x")
    Connector.objects.bulk_update(broken, ["key_sealed"])
    good = [_connector(f"G{number}", now) for number in range(3)]
    resealing.rotate(SYSTEM, now)
    assert [resealing.reseal_on(now), resealing.reseal_on(now)] == [0, 3]
    assert [_text(row) for row in good] == ["G0", "G1", "G2"]
    assert "fields=105" in capsys.readouterr().out
    assert [resealing.reseal_on(now), resealing.reseal_on(now)] == [0, 0], "the next pass begins anew"
    assert resealing.unopened() == {1: 105}
    assert main(["keys", "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == [
        {"key": 1, "fields": 105, "newest": False, "unopened": 105},
        {"key": 2, "fields": 3, "newest": True, "unopened": 0},
    ]
    (check,) = [one for one in doctor.CHECKS if "sealed" in one.name]
    assert check.find() == "105 of key 1 cannot be opened"


def test_only_the_system_administrator_changes_keys(keys: Path, now: datetime) -> None:
    for act in (lambda: resealing.rotate(Actor.public(), now), lambda: resealing.retire(Actor.public(), 1, now)):
        with pytest.raises(Forbidden):
            act()


def test_every_sealed_column_of_the_house_is_in_the_list() -> None:
    """A column that is not in the list would be left behind by a change of keys and lost with the old one."""
    # What a phone gave is sealed to the journey's own key: this center cannot open it, and it is gone within the hour.
    foreign = {("services.uploadedsheet", "sealed")}
    known = {(one.model.lower(), one.column) for one in resealing.columns()}
    found = {
        (f"{model._meta.app_label}.{model._meta.model_name}", field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.BinaryField) and "seal" in field.name
    }
    assert found - foreign == known


@pytest.mark.django_db(transaction=True)
def test_a_key_is_made_and_put_aside_outside_of_any_transaction(keys: Path, now: datetime) -> None:
    """As the command line calls them: the audit line needs a transaction of their own."""
    resealing.rotate(SYSTEM, now)
    resealing.retire(SYSTEM, 1, now)
    assert {line.action for line in AuditLine.objects.all()} == {"platform.rotate_key", "platform.retire_key"}
