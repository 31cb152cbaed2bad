from __future__ import annotations

from typing import Any

from django.db import migrations


def find_bodies(apps: Any, schema_editor: Any) -> None:
    """Events that were written before hold the body's name only: the longest name with which the words begin."""
    bodies = apps.get_model("platform", "Organization").objects.values_list("name", "pk")
    names = sorted(bodies, key=lambda pair: -len(pair[0]))
    events = apps.get_model("maintenance", "WorkOrderEvent").objects.exclude(holder="")
    for event in events.filter(holder_body=None).iterator(chunk_size=2000):
        body = next((pk for name, pk in names if f"{event.holder} ".startswith(f"{name} ")), None)
        if body is not None:
            event.holder_body_id = body
            event.save(update_fields=["holder_body"])


class Migration(migrations.Migration):

    dependencies = [
        ("maintenance", "0016_drills_and_help_calls"),
    ]

    operations = [
        migrations.RunPython(find_bodies, migrations.RunPython.noop, elidable=True),
    ]
