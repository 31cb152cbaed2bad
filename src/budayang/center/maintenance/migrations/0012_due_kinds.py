from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("maintenance", "0011_round_positions")]

    operations = [
        migrations.RemoveConstraint(model_name="duething", name="maintenance_due_thing_kind"),
        migrations.AddConstraint(
            model_name="duething",
            constraint=models.CheckConstraint(condition=models.Q(("kind__in", ["extinguisher", "fire_test", "electric_test", "certificate", "battery", "drill", "help_test", "exit_test", "warranty", "life"])), name="maintenance_due_thing_kind"),
        ),
    ]
