from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("areas", "0002_facts_and_services"),
        ("maintenance", "0008_safety_at_night"),
        ("maintenance", "0009_duty_leave"),
        ("platform", "0003_window_clerk"),
        ("terminals", "0002_facts_and_services"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Asset",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, unique=True)),
                ("kind", models.CharField(max_length=16)),
                ("name", models.CharField(max_length=80)),
                ("component", models.CharField(blank=True, max_length=64)),
                ("spot", models.CharField(blank=True, max_length=80)),
                ("supplier", models.CharField(blank=True, max_length=80)),
                ("make", models.CharField(blank=True, max_length=80)),
                ("serial", models.CharField(blank=True, max_length=80)),
                ("bought_on", models.DateField(blank=True, null=True)),
                ("warranty_until", models.DateField(blank=True, null=True)),
                ("life_until", models.DateField(blank=True, null=True)),
                ("state", models.CharField(default="waiting", max_length=12)),
                ("registered_at", models.DateTimeField()),
                ("registered_by", models.CharField(max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name="AssetAcceptance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("accepted_on", models.DateField()),
                ("passed", models.BooleanField()),
                ("findings", models.JSONField()),
                ("people", models.CharField(max_length=120)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name="AssetEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event", models.CharField(max_length=12)),
                ("state", models.CharField(max_length=12)),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=80)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("details", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="AssetFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.CharField(max_length=32, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("media", models.CharField(max_length=40)),
                ("content_sealed", models.BinaryField(null=True)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("added_at", models.DateTimeField()),
                ("by", models.CharField(max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name="AssetOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name="AssetStay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("component", models.CharField(blank=True, max_length=64)),
                ("spot", models.CharField(blank=True, max_length=80)),
                ("since_at", models.DateTimeField()),
                ("until_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="DutyEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("written_at", models.DateTimeField()),
                ("by", models.CharField(max_length=80)),
                ("why", models.CharField(blank=True, max_length=200)),
                ("kind", models.CharField(max_length=12)),
                ("text", models.CharField(max_length=600)),
            ],
        ),
        migrations.CreateModel(
            name="LedgerArchive",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("year", models.PositiveSmallIntegerField()),
                ("edition", models.PositiveSmallIntegerField()),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=80)),
                ("done_at", models.DateTimeField(null=True)),
                ("gaps", models.JSONField(default=list)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("sm3", models.CharField(blank=True, max_length=64)),
                ("size", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="LedgerArchiveBook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("book", models.CharField(max_length=12)),
                ("rows", models.PositiveIntegerField()),
                ("digests", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="LedgerArchiveFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=120)),
                ("content", models.BinaryField()),
                ("size", models.PositiveIntegerField()),
                ("rows", models.PositiveIntegerField(null=True)),
                ("sha256", models.CharField(max_length=64)),
                ("sm3", models.CharField(max_length=64)),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="LedgerFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("book", models.CharField(max_length=12)),
                ("form", models.CharField(max_length=4)),
                ("first_on", models.DateField()),
                ("last_on", models.DateField()),
                ("asked_at", models.DateTimeField()),
                ("name", models.CharField(blank=True, max_length=160)),
                ("media", models.CharField(blank=True, max_length=100)),
                ("content", models.BinaryField(null=True)),
                ("size", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="LostThing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.CharField(max_length=32, unique=True)),
                ("kind", models.CharField(max_length=12)),
                ("what", models.CharField(max_length=80)),
                ("found_at", models.DateTimeField()),
                ("found_where", models.CharField(max_length=80)),
                ("found_by", models.CharField(max_length=40)),
                ("kept_where", models.CharField(max_length=80)),
                ("kept_by", models.CharField(max_length=40)),
                ("owner_sealed", models.BinaryField(null=True)),
                ("state", models.CharField(default="kept", max_length=12)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_by", models.CharField(blank=True, max_length=80)),
                ("claimant_mark", models.CharField(blank=True, max_length=40)),
                ("claimant_sealed", models.BinaryField(null=True)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("registered_at", models.DateTimeField()),
                ("registered_by", models.CharField(max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name="Training",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("written_at", models.DateTimeField()),
                ("by", models.CharField(max_length=80)),
                ("why", models.CharField(blank=True, max_length=200)),
                ("kind", models.CharField(max_length=12)),
                ("subject", models.CharField(max_length=80)),
                ("minutes", models.PositiveIntegerField()),
                ("teacher", models.CharField(max_length=80)),
                ("people", models.CharField(max_length=600)),
                ("present", models.PositiveIntegerField()),
                ("result", models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name="VideoViewing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("written_at", models.DateTimeField()),
                ("by", models.CharField(max_length=80)),
                ("why", models.CharField(blank=True, max_length=200)),
                ("ref", models.CharField(max_length=32, unique=True)),
                ("camera", models.CharField(max_length=120)),
                ("from_at", models.DateTimeField()),
                ("to_at", models.DateTimeField()),
                ("authority", models.CharField(max_length=12)),
                ("paper", models.CharField(blank=True, max_length=80)),
                ("approved_by", models.CharField(max_length=40)),
                ("unit", models.CharField(max_length=80)),
                ("viewer_mark", models.CharField(max_length=20)),
                ("viewer_sealed", models.BinaryField(null=True)),
                ("purpose", models.CharField(max_length=200)),
                ("result", models.CharField(max_length=300)),
                ("copied", models.BooleanField(default=False)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="duething",
            name="maintenance_due_thing_kind",
        ),
        migrations.AddField(
            model_name="asset",
            name="area",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="areas.area"),
        ),
        migrations.AddField(
            model_name="asset",
            name="contract",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="maintenance.contract",
            ),
        ),
        migrations.AddField(
            model_name="asset",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="platform.organization"
            ),
        ),
        migrations.AddField(
            model_name="asset",
            name="terminal",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="terminals.terminal",
            ),
        ),
        migrations.AddField(
            model_name="duething",
            name="asset",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="due_things",
                to="maintenance.asset",
            ),
        ),
        migrations.AddConstraint(
            model_name="duething",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "extinguisher",
                            "fire_test",
                            "electric_test",
                            "certificate",
                            "battery",
                            "drill",
                            "warranty",
                            "life",
                        ],
                    )
                ),
                name="maintenance_due_thing_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="duething",
            constraint=models.UniqueConstraint(
                condition=models.Q(("asset__isnull", False), ("retired_at__isnull", True)),
                fields=("asset", "kind"),
                name="maintenance_due_thing_of_asset",
            ),
        ),
        migrations.AddField(
            model_name="assetacceptance",
            name="asset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="acceptances", to="maintenance.asset"
            ),
        ),
        migrations.AddField(
            model_name="assetevent",
            name="asset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="events", to="maintenance.asset"
            ),
        ),
        migrations.AddField(
            model_name="assetfile",
            name="acceptance",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="files",
                to="maintenance.assetacceptance",
            ),
        ),
        migrations.AddField(
            model_name="assetfile",
            name="asset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="files", to="maintenance.asset"
            ),
        ),
        migrations.AddField(
            model_name="assetorder",
            name="asset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="tied_orders", to="maintenance.asset"
            ),
        ),
        migrations.AddField(
            model_name="assetorder",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="tied_assets", to="maintenance.workorder"
            ),
        ),
        migrations.AddField(
            model_name="assetstay",
            name="area",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="areas.area"),
        ),
        migrations.AddField(
            model_name="assetstay",
            name="asset",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="stays", to="maintenance.asset"
            ),
        ),
        migrations.AddField(
            model_name="assetstay",
            name="terminal",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="terminals.terminal"
            ),
        ),
        migrations.AddField(
            model_name="dutyentry",
            name="area",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="areas.area"),
        ),
        migrations.AddField(
            model_name="dutyentry",
            name="corrects",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrected_by",
                to="maintenance.dutyentry",
            ),
        ),
        migrations.AddField(
            model_name="ledgerarchive",
            name="place",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="platform.place"),
        ),
        migrations.AddField(
            model_name="ledgerarchive",
            name="work",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="platform.work"
            ),
        ),
        migrations.AddField(
            model_name="ledgerarchivebook",
            name="archive",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="books", to="maintenance.ledgerarchive"
            ),
        ),
        migrations.AddField(
            model_name="ledgerarchivefile",
            name="archive",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="files", to="maintenance.ledgerarchive"
            ),
        ),
        migrations.AddField(
            model_name="ledgerfile",
            name="place",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="platform.place"),
        ),
        migrations.AddField(
            model_name="ledgerfile",
            name="staff",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="ledgerfile",
            name="work",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="platform.work"
            ),
        ),
        migrations.AddField(
            model_name="lostthing",
            name="area",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="areas.area"),
        ),
        migrations.AddField(
            model_name="training",
            name="area",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="areas.area"),
        ),
        migrations.AddField(
            model_name="training",
            name="corrects",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrected_by",
                to="maintenance.training",
            ),
        ),
        migrations.AddField(
            model_name="videoviewing",
            name="area",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="areas.area"),
        ),
        migrations.AddField(
            model_name="videoviewing",
            name="corrects",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrected_by",
                to="maintenance.videoviewing",
            ),
        ),
        migrations.AddIndex(
            model_name="asset",
            index=models.Index(fields=["area", "code"], name="maintenance_asset_area"),
        ),
        migrations.AddIndex(
            model_name="asset",
            index=models.Index(fields=["terminal", "component"], name="maintenance_asset_terminal"),
        ),
        migrations.AddConstraint(
            model_name="asset",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "terminal",
                            "component",
                            "extinguisher",
                            "ups",
                            "camera",
                            "network",
                            "door",
                            "furniture",
                            "other",
                        ],
                    )
                ),
                name="maintenance_asset_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="asset",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "in_use", "stopped", "scrapped", "returned"])),
                name="maintenance_asset_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="asset",
            constraint=models.CheckConstraint(
                condition=models.Q(("component", ""), ("terminal__isnull", False), _connector="OR"),
                name="maintenance_asset_part_of_terminal",
            ),
        ),
        migrations.AddIndex(
            model_name="assetacceptance",
            index=models.Index(fields=["asset", "-at"], name="maintenance_acceptances"),
        ),
        migrations.AddIndex(
            model_name="assetevent",
            index=models.Index(fields=["asset", "at", "id"], name="maintenance_asset_events"),
        ),
        migrations.AddConstraint(
            model_name="assetevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "event__in",
                        [
                            "register",
                            "accept",
                            "refuse",
                            "return",
                            "stop",
                            "start",
                            "scrap",
                            "move",
                            "change",
                            "file",
                            "order",
                        ],
                    )
                ),
                name="maintenance_asset_event",
            ),
        ),
        migrations.AddConstraint(
            model_name="assetfile",
            constraint=models.UniqueConstraint(fields=("asset", "sha256"), name="maintenance_asset_file_once"),
        ),
        migrations.AddConstraint(
            model_name="assetorder",
            constraint=models.UniqueConstraint(fields=("asset", "order"), name="maintenance_asset_order_once"),
        ),
        migrations.AddIndex(
            model_name="assetstay",
            index=models.Index(fields=["terminal", "component", "since_at"], name="maintenance_stay_terminal"),
        ),
        migrations.AddConstraint(
            model_name="assetstay",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until_at__isnull", True)), fields=("asset",), name="maintenance_stay_one_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="assetstay",
            constraint=models.UniqueConstraint(
                condition=models.Q(("terminal__isnull", False), ("until_at__isnull", True)),
                fields=("terminal", "component"),
                name="maintenance_stay_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="assetstay",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until_at__isnull", True), ("until_at__gte", models.F("since_at")), _connector="OR"
                ),
                name="maintenance_stay_ends_later",
            ),
        ),
        migrations.AddIndex(
            model_name="dutyentry",
            index=models.Index(fields=["area", "-at"], name="maintenance_duty_entries"),
        ),
        migrations.AddConstraint(
            model_name="dutyentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["routine", "unusual", "visit", "call", "order", "other"])),
                name="maintenance_duty_entry_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerarchive",
            constraint=models.UniqueConstraint(fields=("place", "year", "edition"), name="maintenance_archive_edition"),
        ),
        migrations.AddConstraint(
            model_name="ledgerarchive",
            constraint=models.UniqueConstraint(
                condition=models.Q(("done_at__isnull", True)),
                fields=("place", "year"),
                name="maintenance_archive_one_running",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerarchivebook",
            constraint=models.UniqueConstraint(fields=("archive", "book"), name="maintenance_archive_book_once"),
        ),
        migrations.AddConstraint(
            model_name="ledgerarchivefile",
            constraint=models.UniqueConstraint(fields=("archive", "position"), name="maintenance_archive_file_place"),
        ),
        migrations.AddConstraint(
            model_name="ledgerarchivefile",
            constraint=models.UniqueConstraint(fields=("archive", "name"), name="maintenance_archive_file_name"),
        ),
        migrations.AddIndex(
            model_name="ledgerfile",
            index=models.Index(fields=["staff", "-asked_at"], name="maintenance_ledger_files"),
        ),
        migrations.AddConstraint(
            model_name="ledgerfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "book__in",
                        [
                            "assets",
                            "patrol",
                            "inspection",
                            "repair",
                            "supplies",
                            "cleaning",
                            "fire",
                            "training",
                            "duty",
                            "lost",
                            "viewing",
                        ],
                    )
                ),
                name="maintenance_ledger_book",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("form__in", ["pdf", "docx", "xlsx"])), name="maintenance_ledger_form"
            ),
        ),
        migrations.AddIndex(
            model_name="lostthing",
            index=models.Index(fields=["area", "-found_at"], name="maintenance_lost_things"),
        ),
        migrations.AddConstraint(
            model_name="lostthing",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["document", "card", "paper", "thing", "cash", "other"])),
                name="maintenance_lost_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="lostthing",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["kept", "claimed", "police", "returned", "disposed"])),
                name="maintenance_lost_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="lostthing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("state", "kept")),
                    models.Q(models.Q(("state", "kept"), _negated=True), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="maintenance_lost_ended",
            ),
        ),
        migrations.AddIndex(
            model_name="training",
            index=models.Index(fields=["area", "-at"], name="maintenance_trainings"),
        ),
        migrations.AddConstraint(
            model_name="training",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["operation", "service", "fire", "drill", "security", "other"])),
                name="maintenance_training_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="training",
            constraint=models.CheckConstraint(
                condition=models.Q(("minutes__gte", 1), ("present__gte", 1)), name="maintenance_training_some"
            ),
        ),
        migrations.AddIndex(
            model_name="videoviewing",
            index=models.Index(fields=["area", "-at"], name="maintenance_viewings"),
        ),
        migrations.AddConstraint(
            model_name="videoviewing",
            constraint=models.CheckConstraint(
                condition=models.Q(("authority__in", ["inside", "police", "court", "person", "supervision"])),
                name="maintenance_viewing_authority",
            ),
        ),
        migrations.AddConstraint(
            model_name="videoviewing",
            constraint=models.CheckConstraint(
                condition=models.Q(("to_at__gt", models.F("from_at"))), name="maintenance_viewing_period"
            ),
        ),
    ]
