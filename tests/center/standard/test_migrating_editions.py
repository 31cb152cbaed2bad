"""An edition that was loaded before its text had a state of its own: what it was in force as stays."""

from __future__ import annotations

from importlib import import_module

from budayang.rules.standard.editions import ADOPTIONS

STEP = import_module("budayang.center.standard.migrations.0002_standard_as_data")


class Rows:
    """Stands for the table of editions: filter, then update."""

    def __init__(self, rows: list[dict[str, object]]) -> None:
        self.rows = rows

    @property
    def objects(self) -> Rows:
        return self

    def filter(self, **wanted: object) -> Rows:
        return Rows([one for one in self.rows if all(one[key] == value for key, value in wanted.items())])

    def update(self, **values: object) -> None:
        for one in self.rows:
            one |= values

    def get_model(self, _room: str, _name: str) -> Rows:
        return self


def test_the_old_state_becomes_the_adoption_and_the_text_gets_its_own() -> None:
    names = [
        (type(one).__name__, getattr(one, "old_name", ""), getattr(one, "new_name", ""))
        for one in STEP.Migration.operations
    ]
    assert ("RenameField", "state", "adoption") in names
    rows: list[dict[str, object]] = [
        {"code": "REF-2026", "is_reference": True, "adoption": "adopted", "state": "reference"},
        {"code": "X", "is_reference": False, "adoption": "withdrawn", "state": "reference"},
    ]
    STEP.say_where_texts_stand(Rows(rows), None)
    assert [(one["adoption"], one["state"]) for one in rows] == [("adopted", "reference"), ("withdrawn", "draft")]
    assert {one["adoption"] for one in rows} <= set(ADOPTIONS)
