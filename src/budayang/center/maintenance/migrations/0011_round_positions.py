"""Where a phone was when a fixed label was read."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("maintenance", "0010_assets_and_ledgers")]

    operations = [
        migrations.AddField("roundpresence", "latitude", models.FloatField(null=True)),
        migrations.AddField("roundpresence", "longitude", models.FloatField(null=True)),
        migrations.AddField("roundpresence", "accuracy_m", models.FloatField(null=True)),
    ]
