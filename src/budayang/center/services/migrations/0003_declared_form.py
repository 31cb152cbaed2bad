from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('services', '0002_facts_and_services'),
    ]

    operations = [
        migrations.AddField(
            model_name='connector',
            name='declared_unknown',
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name='connector',
            name='declared_why',
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name='connector',
            name='read_now_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='connectoritem',
            name='form',
            field=models.JSONField(blank=True, null=True),
        ),
    ]
