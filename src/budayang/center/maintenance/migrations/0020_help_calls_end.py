from __future__ import annotations

import django.utils.timezone
from django.db import migrations, models
from django.db.models import F, Q


def last_is_first(apps, schema_editor):
    """Of the calls that are there only the first press is known."""
    apps.get_model("maintenance", "HelpCall").objects.update(last_pressed_at=F("pressed_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("maintenance", "0019_handover_left_out"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="helpcall",
            name="maintenance_help_call_one_open",
        ),
        migrations.AddField(
            model_name="helpcall",
            name="ended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="helpcall",
            name="last_pressed_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.RunPython(last_is_first, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="helpcall",
            constraint=models.CheckConstraint(
                condition=Q(("answered_at__isnull", True), ("ended_at__isnull", True), _connector="OR"),
                name="maintenance_help_call_one_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="helpcall",
            constraint=models.UniqueConstraint(
                condition=Q(("answered_at__isnull", True), ("ended_at__isnull", True), ("late", False)),
                fields=("terminal", "kind"),
                name="maintenance_help_call_one_open",
            ),
        ),
    ]
