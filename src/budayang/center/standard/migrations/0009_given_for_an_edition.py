import django.db.models.deletion
from django.db import migrations, models

GIVEN = ("GivenNumbers", "GivenDocument", "ClauseException")


def say_for_which_edition(apps, _editor):
    """What was given before rows said it was given for the edition in force at that moment, or the first one after."""
    in_force = list(apps.get_model("standard", "InForce").objects.order_by("at", "pk").values_list("at", "edition"))
    loaded = apps.get_model("standard", "Edition").objects.order_by("loaded_at", "pk").values_list("pk", flat=True)
    first = in_force[0][1] if in_force else loaded.first()
    for name in GIVEN:
        for row in apps.get_model("standard", name).objects.filter(edition__isnull=True).only("pk", "at"):
            row.edition_id = next((edition for at, edition in reversed(in_force) if at <= row.at), first)
            row.save(update_fields=["edition"])


def edition():
    return models.ForeignKey(
        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="standard.edition"
    )


# That every row says so is asked for in the next step: PostgreSQL alters no table that this transaction has written.
class Migration(migrations.Migration):

    dependencies = [
        ("standard", "0008_in_force"),
    ]

    operations = [
        *(migrations.AddField(model_name=name.lower(), name="edition", field=edition()) for name in GIVEN),
        migrations.RunPython(say_for_which_edition, migrations.RunPython.noop),
    ]
