import django.db.models.deletion
from django.db import migrations, models

# Whose the incident is; it is copied at its opening and never changes.
COPY = """
UPDATE maintenance_workorder SET
    owner_id = (SELECT i.owner_id FROM maintenance_incident i WHERE i.id = maintenance_workorder.incident_id),
    vendor_id = (SELECT i.vendor_id FROM maintenance_incident i WHERE i.id = maintenance_workorder.incident_id)
"""


def body() -> models.ForeignKey:
    return models.ForeignKey(
        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="platform.organization"
    )


class Migration(migrations.Migration):

    dependencies = [("maintenance", "0012_due_kinds")]

    operations = [
        migrations.AddField(model_name="workorder", name="owner", field=body()),
        migrations.AddField(model_name="workorder", name="vendor", field=body()),
        migrations.RunSQL(COPY, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="incident",
            name="cause",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="symptoms",
                to="maintenance.incident",
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                condition=models.Q(("cause__isnull", False)), fields=["cause"], name="maintenance_incident_symptoms"
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                condition=models.Q(("cause__isnull", True), ("closed_at__isnull", True)),
                fields=["place_path", "owner", "vendor", "severity"],
                name="maintenance_incident_causes",
            ),
        ),
        migrations.AddIndex(
            model_name="workorder",
            index=models.Index(fields=["opened_at", "place_path"], name="maintenance_order_newest"),
        ),
        migrations.AddIndex(
            model_name="workorder",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)),
                fields=["opened_at", "place_path", "organization", "owner", "vendor"],
                name="maintenance_order_active",
            ),
        ),
        migrations.AlterField(
            model_name="workorder",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="maintenance.workorder",
            ),
        ),
        migrations.AddIndex(
            model_name="workorder",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="maintenance_order_merged",
            ),
        ),
    ]
