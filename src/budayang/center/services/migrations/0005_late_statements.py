"""A day whose statement does not come is "late" once somebody was told."""

from django.db import migrations, models
from django.db.models import Q

STATES = ("waiting", "late", "even", "differs")


class Migration(migrations.Migration):
    dependencies = [("services", "0004_booking_and_corrections")]

    operations = [
        migrations.RemoveConstraint("reconciliation", "services_reconciliation_state"),
        migrations.AddConstraint(
            "reconciliation",
            models.CheckConstraint(condition=Q(("state__in", STATES)), name="services_reconciliation_state"),
        ),
    ]
