import budayang.center.platform.migrating
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('areas', '0001_initial'), ('areas', '0002_facts_and_services')]

    initial = True

    dependencies = [
        ('platform', '0001_squashed_0005_window_counts'),
    ]

    operations = [
        budayang.center.platform.migrating.CreateModels(
            operations=[
                migrations.CreateModel(
                    name='Area',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=24, unique=True)),
                        ('name', models.CharField(max_length=80)),
                        ('kind', models.CharField(choices=[('center', '政务服务中心'), ('outreach', '便民服务点')], default='center', max_length=10)),
                        ('address', models.CharField(blank=True, max_length=160)),
                        ('keeper_phone', models.CharField(blank=True, max_length=32)),
                        ('helper_phone', models.CharField(blank=True, max_length=32)),
                        ('helper_hours', models.CharField(blank=True, max_length=80)),
                        ('latitude', models.FloatField(blank=True, null=True)),
                        ('longitude', models.FloatField(blank=True, null=True)),
                        ('has_windows', models.BooleanField(default=False)),
                        ('is_demo', models.BooleanField(default=False)),
                        ('keeper', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('manager', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='platform.organization')),
                        ('place', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='platform.place')),
                    ],
                    options={
                        'ordering': ['place__path'],
                        'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['center', 'outreach'])), name='area_kind'), models.CheckConstraint(condition=models.Q(('latitude__isnull', True), ('latitude__range', (-90, 90)), _connector='OR'), name='area_latitude'), models.CheckConstraint(condition=models.Q(('longitude__isnull', True), ('longitude__range', (-180, 180)), _connector='OR'), name='area_longitude')],
                    },
                ),
                migrations.CreateModel(
                    name='PlannedStop',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('terminal_id', models.BigIntegerField(blank=True, db_index=True, null=True)),
                        ('department', models.CharField(blank=True, max_length=16)),
                        ('kind', models.CharField(choices=[('maintenance', '设备维护'), ('site', '场所安排'), ('department', '部门系统停办')], max_length=12)),
                        ('starts_at', models.DateTimeField()),
                        ('ends_at', models.DateTimeField()),
                        ('reason', models.CharField(max_length=120)),
                        ('announced_at', models.DateTimeField()),
                        ('announced_by', models.CharField(max_length=60)),
                        ('cancelled_at', models.DateTimeField(blank=True, null=True)),
                        ('place', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='platform.place')),
                        ('component', models.CharField(blank=True, max_length=24)),
                        ('last_ends_at', models.DateTimeField(blank=True, null=True)),
                        ('next_change_at', models.DateTimeField(blank=True, null=True)),
                        ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='platform.organization')),
                        ('replaces', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='areas.plannedstop')),
                        ('rrule', models.CharField(blank=True, max_length=160)),
                        ('running_since_at', models.DateTimeField(blank=True, null=True)),
                        ('subject', models.CharField(blank=True, max_length=32)),
                        ('until_at', models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        'ordering': ['starts_at'],
                        'indexes': [models.Index(condition=models.Q(('cancelled_at__isnull', True)), fields=['last_ends_at', 'starts_at'], name='stop_in_force'), models.Index(condition=models.Q(('next_change_at__isnull', False)), fields=['next_change_at'], name='stop_next_change')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='stop_order'), models.CheckConstraint(condition=models.Q(('terminal_id__isnull', True), ('department', ''), _connector='OR'), name='stop_of_one_thing'), models.CheckConstraint(condition=models.Q(('subject', ''), models.Q(('component', ''), ('terminal_id__isnull', False)), _connector='OR'), name='stop_subject'), models.CheckConstraint(condition=models.Q(('component', ''), ('department', ''), _connector='OR'), name='stop_component')],
                    },
                ),
                migrations.CreateModel(
                    name='Facility',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('door', '门禁'), ('camera', '视频监控'), ('ups', '不间断电源'), ('light', '照明'), ('heating', '采暖空调'), ('fire', '消防设施'), ('call', '求助呼叫'), ('accessible', '无障碍设施'), ('seats', '等候座椅'), ('water', '饮水'), ('charger', '充电'), ('toilet', '卫生间'), ('other', '其他')], max_length=12)),
                        ('name', models.CharField(max_length=60)),
                        ('count', models.PositiveSmallIntegerField(default=1)),
                        ('note', models.CharField(blank=True, max_length=120)),
                        ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='areas.area')),
                    ],
                    options={
                        'ordering': ['kind', 'name'],
                        'constraints': [models.UniqueConstraint(fields=('area', 'kind', 'name'), name='facility_once'), models.CheckConstraint(condition=models.Q(('count__gte', 1)), name='facility_count')],
                    },
                ),
                migrations.CreateModel(
                    name='HoursException',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('on', models.DateField()),
                        ('closed', models.BooleanField(default=True)),
                        ('opens', models.TimeField(blank=True, null=True)),
                        ('closes', models.TimeField(blank=True, null=True)),
                        ('reason', models.CharField(max_length=120)),
                        ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='areas.area')),
                    ],
                    options={
                        'ordering': ['on'],
                        'constraints': [models.UniqueConstraint(fields=('area', 'on'), name='exception_once_a_day'), models.CheckConstraint(condition=models.Q(models.Q(('closed', True), ('closes__isnull', True), ('opens__isnull', True)), models.Q(('closed', False), ('closes__gt', models.F('opens')), ('closes__isnull', False), ('opens__isnull', False)), _connector='OR'), name='exception_window')],
                    },
                ),
                migrations.CreateModel(
                    name='PromisedHours',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('valid_from', models.DateField()),
                        ('set_at', models.DateTimeField()),
                        ('set_by', models.CharField(max_length=60)),
                        ('area', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='areas.area')),
                    ],
                    options={
                        'ordering': ['-valid_from'],
                        'constraints': [models.UniqueConstraint(fields=('area', 'valid_from'), name='promise_once_a_day')],
                    },
                ),
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
                migrations.CreateModel(
                    name='PromisedWindow',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('weekday', models.PositiveSmallIntegerField()),
                        ('opens', models.TimeField()),
                        ('closes', models.TimeField()),
                        ('closes_next_day', models.BooleanField(default=False)),
                        ('hours', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='windows', to='areas.promisedhours')),
                    ],
                    options={
                        'ordering': ['weekday', 'opens'],
                        'constraints': [models.CheckConstraint(condition=models.Q(('weekday__lte', 6)), name='promise_weekday'), models.CheckConstraint(condition=models.Q(('closes_next_day', True), ('closes__gt', models.F('opens')), _connector='OR'), name='promise_order')],
                    },
                ),
            ],
        ),
    ]
