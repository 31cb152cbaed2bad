from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


KINDS = (
    "extinguisher",
    "fire_test",
    "electric_test",
    "certificate",
    "battery",
    "drill",
    "help_test",
    "exit_test",
    "warranty",
    "life",
)


class Migration(migrations.Migration):
    dependencies = [
        ("areas", "0002_facts_and_services"),
        ("maintenance", "0007_fault_notices"),
        ("platform", "0003_window_clerk"),
        ("terminals", "0002_facts_and_services"),
    ]

    operations = [
        migrations.CreateModel(
            name="Camera",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("covers", models.CharField(max_length=80)),
                ("recorder", models.CharField(max_length=60)),
                ("keep_d", models.PositiveSmallIntegerField()),
                ("retired_at", models.DateTimeField(null=True)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name="CameraCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=80)),
                ("online", models.BooleanField()),
                ("earliest_on", models.DateField(null=True)),
                ("days", models.PositiveIntegerField(null=True)),
                ("ok", models.BooleanField()),
                ("note", models.CharField(blank=True, max_length=120)),
            ],
        ),
        migrations.CreateModel(
            name="DoorEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("by", models.CharField(max_length=8)),
                ("ok", models.BooleanField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Emergency",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=24)),
                ("name", models.CharField(max_length=40)),
                ("steps", models.JSONField()),
                ("drill", models.BooleanField(default=False)),
                ("state", models.CharField(max_length=10)),
                ("planned_on", models.DateField(null=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name="EmergencyEdition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=24)),
                ("name", models.CharField(max_length=40)),
                ("severity", models.CharField(max_length=16)),
                ("basis", models.CharField(blank=True, max_length=200)),
                ("valid_from", models.DateField()),
                ("starts_from", models.JSONField(default=list)),
                ("steps", models.JSONField()),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name="EmergencyEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("what", models.CharField(max_length=8)),
                ("step", models.PositiveSmallIntegerField(null=True)),
                ("at", models.DateTimeField()),
                ("told_at", models.DateTimeField()),
                ("by", models.CharField(max_length=80)),
                ("note", models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name="KeyHolding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=32, unique=True)),
                ("kind", models.CharField(max_length=12)),
                ("label", models.CharField(max_length=60)),
                ("holder_sealed", models.BinaryField(null=True)),
                ("given_at", models.DateTimeField()),
                ("given_by", models.CharField(max_length=80)),
                ("returned_at", models.DateTimeField(null=True)),
                ("returned_to", models.CharField(blank=True, max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name="SafetyTest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("started_at", models.DateTimeField()),
                ("started_by", models.CharField(max_length=80)),
                ("ended_at", models.DateTimeField(null=True)),
                ("seconds", models.FloatField(null=True)),
                ("limit_s", models.FloatField()),
                ("passed", models.BooleanField(null=True)),
                ("note", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.AddField(
            model_name="camera",
            name="area",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="areas.area"),
        ),
        migrations.AddField(
            model_name="cameracheck",
            name="camera",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="checks", to="maintenance.camera"
            ),
        ),
        migrations.AddField(
            model_name="doorevent",
            name="area",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="areas.area"),
        ),
        migrations.AddField(
            model_name="doorevent",
            name="terminal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="terminals.terminal"
            ),
        ),
        migrations.AddField(
            model_name="emergency",
            name="area",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="areas.area"),
        ),
        migrations.AddField(
            model_name="emergency",
            name="cause",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="maintenance.incident"
            ),
        ),
        migrations.AddField(
            model_name="emergency",
            name="incident",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="maintenance.incident"
            ),
        ),
        migrations.AddField(
            model_name="emergencyedition",
            name="place",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="platform.place"),
        ),
        migrations.AddField(
            model_name="emergencyevent",
            name="emergency",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="events", to="maintenance.emergency"
            ),
        ),
        migrations.AddField(
            model_name="keyholding",
            name="area",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="areas.area"),
        ),
        migrations.AddField(
            model_name="keyholding",
            name="organization",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="platform.organization"
            ),
        ),
        migrations.AddField(
            model_name="safetytest",
            name="area",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="areas.area"),
        ),
        migrations.AddConstraint(
            model_name="camera",
            constraint=models.UniqueConstraint(
                condition=models.Q(("retired_at__isnull", True)),
                fields=("area", "name"),
                name="maintenance_camera_name",
            ),
        ),
        migrations.AddIndex(
            model_name="cameracheck",
            index=models.Index(fields=["camera", "-at"], name="maintenance_camera_checks"),
        ),
        migrations.AddIndex(
            model_name="doorevent",
            index=models.Index(fields=["area", "by", "-at"], name="maintenance_door_way"),
        ),
        migrations.AddIndex(
            model_name="doorevent",
            index=models.Index(fields=["at"], name="maintenance_door_at"),
        ),
        migrations.AddConstraint(
            model_name="doorevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("by__in", ["card", "face", "code", "inside", "key", "remote", "alarm"])),
                name="maintenance_door_by",
            ),
        ),
        migrations.AddIndex(
            model_name="emergency",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="maintenance_emergency_due"
            ),
        ),
        migrations.AddIndex(
            model_name="emergency",
            index=models.Index(fields=["-made_at"], name="maintenance_emergency_last"),
        ),
        migrations.AddConstraint(
            model_name="emergency",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ("planned", "running", "ended", "reviewed", "called_off"))),
                name="maintenance_emergency_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="emergency",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ("planned", "called_off")), ("started_at__isnull", False), _connector="OR"
                ),
                name="maintenance_emergency_started",
            ),
        ),
        migrations.AddConstraint(
            model_name="emergency",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "running")),
                fields=("area", "code", "drill"),
                name="maintenance_emergency_one_running",
            ),
        ),
        migrations.AddConstraint(
            model_name="emergencyedition",
            constraint=models.UniqueConstraint(
                fields=("place", "code", "valid_from"), name="maintenance_emergency_edition"
            ),
        ),
        migrations.AddIndex(
            model_name="emergencyevent",
            index=models.Index(fields=["emergency", "at", "id"], name="maintenance_emergency_events"),
        ),
        migrations.AddConstraint(
            model_name="emergencyevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("what__in", ["started", "done", "skipped", "late", "note", "finding", "ended", "reviewed"])
                ),
                name="maintenance_emergency_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="emergencyevent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("what__in", ("done", "skipped"))),
                fields=("emergency", "step"),
                name="maintenance_emergency_step_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="keyholding",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["key", "card", "code", "cabinet"])), name="maintenance_key_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="keyholding",
            constraint=models.UniqueConstraint(
                condition=models.Q(("returned_at__isnull", True)),
                fields=("area", "kind", "label"),
                name="maintenance_key_one_holder",
            ),
        ),
        migrations.AddIndex(
            model_name="safetytest",
            index=models.Index(fields=["area", "kind", "-started_at"], name="maintenance_safety_tests"),
        ),
        migrations.AddConstraint(
            model_name="safetytest",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["help", "exit"])), name="maintenance_safety_test_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="safetytest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("passed__isnull", True)),
                    models.Q(("ended_at__isnull", False), ("passed__isnull", False)),
                    _connector="OR",
                ),
                name="maintenance_safety_test_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="safetytest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("area", "kind"),
                name="maintenance_safety_test_one_running",
            ),
        ),
        # Tests that fall due; days of assets are named here too, so that this list and theirs do not hang on an order.
        migrations.RemoveConstraint(model_name="duething", name="maintenance_due_thing_kind"),
        migrations.AddConstraint(
            model_name="duething",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", list(KINDS))), name="maintenance_due_thing_kind"
            ),
        ),
    ]
