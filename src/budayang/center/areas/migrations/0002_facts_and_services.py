import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('areas', '0001_initial'),
        ('platform', '0002_facts_and_services'),
    ]

    operations = [
        migrations.CreateModel(
            name='StopException',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stop', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exceptions', to='areas.plannedstop')),
                ('occurrence_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField(blank=True, null=True)),
                ('set_at', models.DateTimeField()),
                ('set_by', models.CharField(max_length=60)),
            ],
            options={
                'ordering': ['occurrence_at'],
                'constraints': [models.UniqueConstraint(fields=('stop', 'occurrence_at'), name='stop_exception_once'), models.CheckConstraint(condition=models.Q(('ends_at__isnull', True), ('ends_at__gt', models.F('occurrence_at')), _connector='OR'), name='stop_exception_order')],
            },
        ),
        migrations.RemoveIndex(
            model_name='plannedstop',
            name='stop_in_force',
        ),
        migrations.AddField(
            model_name='plannedstop',
            name='component',
            field=models.CharField(blank=True, max_length=24),
        ),
        migrations.AddField(
            model_name='plannedstop',
            name='last_ends_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='plannedstop',
            name='next_change_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='plannedstop',
            name='owner',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='platform.organization'),
        ),
        migrations.AddField(
            model_name='plannedstop',
            name='replaces',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='areas.plannedstop'),
        ),
        migrations.AddField(
            model_name='plannedstop',
            name='rrule',
            field=models.CharField(blank=True, max_length=160),
        ),
        migrations.AddField(
            model_name='plannedstop',
            name='running_since_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='plannedstop',
            name='subject',
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.AddField(
            model_name='plannedstop',
            name='until_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='plannedstop',
            index=models.Index(condition=models.Q(('cancelled_at__isnull', True)), fields=['last_ends_at', 'starts_at'], name='stop_in_force'),
        ),
        migrations.AddIndex(
            model_name='plannedstop',
            index=models.Index(condition=models.Q(('next_change_at__isnull', False)), fields=['next_change_at'], name='stop_next_change'),
        ),
        migrations.AddConstraint(
            model_name='plannedstop',
            constraint=models.CheckConstraint(condition=models.Q(('subject', ''), models.Q(('component', ''), ('terminal_id__isnull', False)), _connector='OR'), name='stop_subject'),
        ),
        migrations.AddConstraint(
            model_name='plannedstop',
            constraint=models.CheckConstraint(condition=models.Q(('component', ''), ('department', ''), _connector='OR'), name='stop_component'),
        ),
    ]
