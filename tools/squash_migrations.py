#!/usr/bin/env python3
"""The short way to a fresh database: for each room of the center one migration that makes all its tables at once.

    .venv/bin/python tools/squash_migrations.py

Writes `0001_squashed_<last>.py` beside a room's migrations, which it replaces on databases that have none of them; one
that stands goes the old steps. Earlier squashed files must be removed first. `tests/center/platform/test_migrations.py`
proves that both ways end at the same tables.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django  # noqa: E402  # the settings must be named first

django.setup()

from django.db.migrations import Migration  # noqa: E402  # Django must be set up first
from django.db.migrations.loader import MigrationLoader  # noqa: E402
from django.db.migrations.operations import CreateModel  # noqa: E402
from django.db.migrations.state import ModelState  # noqa: E402
from django.db.migrations.writer import MigrationWriter  # noqa: E402
from django.utils import translation  # noqa: E402

from budayang.center.platform.migrating import CreateModels  # noqa: E402

ROOMS = ("platform", "areas", "terminals", "services", "maintenance", "evaluation", "standard")


def references(model: ModelState, room: str) -> set[tuple[str, str]]:
    """(app, model) of every foreign key of a table."""
    found = set()
    for field in model.fields.values():
        remote = getattr(field, "remote_field", None)
        target = remote.model if remote else None
        if isinstance(target, str):
            app, _dot, name = target.lower().rpartition(".")
            found.add((app or room, name))
    return found


def in_order(models: dict[str, ModelState], room: str) -> Iterable[ModelState]:
    """The tables of a room, each after those that it refers to. Raises SystemExit for a ring."""
    todo = dict(models)
    while todo:
        ready = sorted(
            name
            for name, model in todo.items()
            if not any(app == room and other in todo and other != name for app, other in references(model, room))
        )
        if not ready:
            raise SystemExit(f"{room}: {', '.join(todo)} refer to each other")
        for name in ready:
            yield todo.pop(name)


def whole(model: ModelState) -> CreateModel:
    """A table with its indexes and constraints."""
    options = {name: value for name, value in model.options.items() if value or name not in ("indexes", "constraints")}
    return CreateModel(model.name, list(model.fields.items()), options, model.bases, list(model.managers))


def main() -> None:
    """Write the file of each room."""
    translation.deactivate_all()
    loader = MigrationLoader(None)
    state = loader.project_state()
    steps = {room: sorted(name for app, name in loader.disk_migrations if app == room) for room in ROOMS}
    short = {room: f"0001_squashed_{names[-1]}" for room, names in steps.items()}
    for room, names in steps.items():
        models = {name: model for (app, name), model in state.models.items() if app == room}
        needs = {app for model in models.values() for app, _name in references(model, room) if app in ROOMS}
        outside = {
            one for name in names for one in loader.disk_migrations[room, name].dependencies if one[0] not in ROOMS
        }
        contents: dict[str, Any] = {
            "initial": True,
            "replaces": [(room, name) for name in names],
            "dependencies": sorted({(app, short[app]) for app in needs - {room}} | outside),
            "operations": [CreateModels([whole(model) for model in in_order(models, room)])],
        }
        migration = type("Migration", (Migration,), contents)(short[room], room)
        path = ROOT / "src/budayang/center" / room / "migrations" / f"{short[room]}.py"
        path.write_text(MigrationWriter(migration, include_header=False).as_string())
        print(path.relative_to(ROOT), len(models))


if __name__ == "__main__":
    main()
