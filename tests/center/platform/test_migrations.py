"""A fresh database gets its tables by a short way; a database that stands goes the old steps. Both end at the same."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import CreateModel
from django.db.migrations.state import ProjectState

from budayang.center.platform.migrating import CreateModels

ROOMS = ("platform", "areas", "terminals", "services", "maintenance")


def described(state: ProjectState, room: str) -> dict[str, Any]:
    """Every table of a room: fields, options, indexes and constraints, as Django would write them."""
    return {
        name: (
            {field: one.deconstruct()[1:] for field, one in model.fields.items()},
            {
                option: sorted(repr(one.deconstruct()) for one in value)
                if option in ("indexes", "constraints")
                else value
                for option, value in model.options.items()
                if value
            },
        )
        for (app, name), model in state.models.items()
        if app == room
    }


@pytest.mark.parametrize("room", ROOMS)
def test_the_short_way_ends_where_the_old_steps_end(room: str) -> None:
    loader = MigrationLoader(None, replace_migrations=False)
    (short,) = [name for app, name in loader.disk_migrations if app == room and name.startswith("0001_squashed_")]
    replaced = [name for _app, name in loader.disk_migrations[room, short].replaces]
    assert [(type(one).__name__) for one in loader.disk_migrations[room, short].operations] == ["CreateModels"]
    old = described(loader.project_state((room, replaced[-1])), room)
    assert described(loader.project_state((room, short)), room) == old
    assert old


def test_tables_that_are_made_at_once_are_there_for_what_follows() -> None:
    from_django = MigrationLoader(None).disk_migrations["platform", "0001_initial"].operations
    tables = [one for one in from_django if isinstance(one, CreateModel)][:2]
    state = ProjectState()
    assert state.apps.get_models() == []
    CreateModels(tables).state_forwards("platform", state)
    assert {model.__name__ for model in state.apps.get_models()} == {one.name for one in tables}
