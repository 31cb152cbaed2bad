import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('platform', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('name', models.CharField(max_length=60)),
                ('key_hash', models.CharField(max_length=64, unique=True)),
                ('hint', models.CharField(max_length=12)),
                ('may_write', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['staff', '-created_at'], name='api_token_of_staff')],
            },
        ),
        migrations.CreateModel(
            name='RetentionRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.CharField(max_length=60)),
                ('at', models.DateTimeField()),
                ('erased', models.PositiveIntegerField()),
                ('held', models.PositiveIntegerField()),
                ('overdue', models.PositiveIntegerField()),
            ],
            options={
                'indexes': [models.Index(fields=['rule', '-at'], name='retention_rule_at')],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('address', models.CharField(max_length=200)),
                ('name', models.CharField(max_length=40)),
                ('query', models.CharField(blank=True, max_length=600)),
                ('shared_at', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='platform.place')),
                ('made_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['made_at', 'pk'],
                'indexes': [models.Index(fields=['address'], name='saved_view_address')],
                'constraints': [models.UniqueConstraint(fields=('staff', 'address', 'name'), name='saved_view_once')],
            },
        ),
        migrations.RemoveConstraint(
            model_name='parameter',
            name='parameter_once',
        ),
        migrations.AddField(
            model_name='parameter',
            name='due_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='parameter',
            name='set_by',
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name='parameter',
            name='subject',
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name='parameter',
            name='withdrawn',
            field=models.BooleanField(default=False),
        ),
        migrations.AddIndex(
            model_name='parameter',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='parameter_due'),
        ),
        migrations.AddIndex(
            model_name='parameter',
            index=models.Index(condition=models.Q(('subject', ''), _negated=True), fields=['subject'], name='parameter_subject'),
        ),
        migrations.AddConstraint(
            model_name='parameter',
            constraint=models.UniqueConstraint(fields=('name', 'place', 'subject', 'valid_from'), name='parameter_once'),
        ),
    ]
