import budayang.center.platform.migrating
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('platform', '0001_initial'), ('platform', '0002_facts_and_services'), ('platform', '0003_window_clerk'), ('platform', '0004_guards_and_cleaners'), ('platform', '0005_window_counts')]

    initial = True

    dependencies = [
    ]

    operations = [
        budayang.center.platform.migrating.CreateModels(
            operations=[
                migrations.CreateModel(
                    name='AuditHead',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('seq', models.BigIntegerField(unique=True)),
                        ('hash', models.CharField(max_length=64)),
                        ('at', models.DateTimeField()),
                        ('signature', models.CharField(max_length=128)),
                    ],
                ),
                migrations.CreateModel(
                    name='AuditLine',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('actor_kind', models.CharField(max_length=10)),
                        ('actor', models.CharField(max_length=60)),
                        ('action', models.CharField(max_length=60)),
                        ('subject', models.CharField(max_length=80)),
                        ('place_path', models.CharField(blank=True, max_length=200)),
                        ('details', models.JSONField(default=dict)),
                        ('record', models.TextField()),
                        ('seq', models.BigIntegerField(null=True, unique=True)),
                        ('hash', models.CharField(blank=True, max_length=64)),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('seq__isnull', True)), fields=['id'], name='audit_unsealed'), models.Index(fields=['action', '-at'], name='audit_action')],
                    },
                ),
                migrations.CreateModel(
                    name='Place',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=32, unique=True)),
                        ('name', models.CharField(max_length=80)),
                        ('kind', models.CharField(choices=[('region', '行政区划'), ('area', '自助区')], max_length=8)),
                        ('path', models.CharField(max_length=200, unique=True)),
                        ('zone', models.CharField(default='Asia/Shanghai', max_length=40)),
                        ('is_demo', models.BooleanField(default=False)),
                        ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='platform.place')),
                    ],
                    options={
                        'ordering': ['path'],
                        'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['region', 'area'])), name='place_kind')],
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
                    name='Transition',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(max_length=60)),
                        ('subject', models.CharField(max_length=120)),
                        ('place_path', models.CharField(blank=True, max_length=200)),
                        ('payload', models.JSONField(default=dict)),
                        ('occurred_at', models.DateTimeField()),
                        ('recorded_at', models.DateTimeField(db_index=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='WindowCount',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('key', models.CharField(max_length=160, unique=True)),
                        ('n', models.PositiveIntegerField()),
                        ('ends_at', models.DateTimeField(db_index=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='Delivery',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('consumer', models.CharField(max_length=40)),
                        ('lease_until', models.DateTimeField(null=True)),
                        ('lease_by', models.CharField(blank=True, max_length=40)),
                        ('attempts', models.PositiveIntegerField(default=0)),
                        ('done_at', models.DateTimeField(null=True)),
                        ('error', models.CharField(blank=True, max_length=300)),
                        ('transition', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='platform.transition')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('done_at__isnull', True)), fields=['consumer', 'lease_until'], name='delivery_waiting')],
                        'constraints': [models.UniqueConstraint(fields=('transition', 'consumer'), name='delivery_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Organization',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=32, unique=True)),
                        ('name', models.CharField(max_length=80)),
                        ('kind', models.CharField(choices=[('manager', '综合管理单位'), ('owner', '设备归属单位'), ('vendor', '运维商'), ('property', '物业'), ('host', '投放场所')], max_length=8)),
                        ('phone', models.CharField(blank=True, max_length=32)),
                        ('place', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='platform.place')),
                    ],
                    options={
                        'ordering': ['code'],
                        'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['manager', 'owner', 'vendor', 'property', 'host'])), name='organization_kind')],
                    },
                ),
                migrations.CreateModel(
                    name='Parameter',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=60)),
                        ('value', models.JSONField()),
                        ('valid_from', models.DateTimeField()),
                        ('edition', models.CharField(blank=True, max_length=40)),
                        ('clause', models.CharField(blank=True, max_length=20)),
                        ('place', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='platform.place')),
                        ('due_at', models.DateTimeField(null=True)),
                        ('set_by', models.CharField(blank=True, max_length=60)),
                        ('subject', models.CharField(blank=True, max_length=60)),
                        ('withdrawn', models.BooleanField(default=False)),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='parameter_due'), models.Index(condition=models.Q(('subject', ''), _negated=True), fields=['subject'], name='parameter_subject')],
                        'constraints': [models.UniqueConstraint(fields=('name', 'place', 'subject', 'valid_from'), name='parameter_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Work',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=60)),
                        ('title', models.CharField(max_length=120)),
                        ('arguments', models.JSONField(default=dict)),
                        ('state', models.CharField(choices=[('waiting', '等待'), ('running', '进行中'), ('done', '完成'), ('failed', '失败'), ('cancelled', '已取消')], default='waiting', max_length=10)),
                        ('done', models.PositiveIntegerField(default=0)),
                        ('total', models.PositiveIntegerField(default=0)),
                        ('cancel_requested_at', models.DateTimeField(null=True)),
                        ('lease_until', models.DateTimeField(null=True)),
                        ('attempts', models.PositiveIntegerField(default=0)),
                        ('result', models.JSONField(null=True)),
                        ('error', models.CharField(blank=True, max_length=300)),
                        ('requested_by', models.CharField(max_length=60)),
                        ('requested_at', models.DateTimeField()),
                        ('finished_at', models.DateTimeField(null=True)),
                        ('place', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='platform.place')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('state', 'running')), fields=['lease_until'], name='work_running')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'running', 'done', 'failed', 'cancelled'])), name='work_state'), models.CheckConstraint(condition=models.Q(('total', 0), ('done__lte', models.F('total')), _connector='OR'), name='work_progress')],
                    },
                ),
                migrations.CreateModel(
                    name='Staff',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('password', models.CharField(max_length=128, verbose_name='password')),
                        ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                        ('username', models.CharField(max_length=40, unique=True)),
                        ('name', models.CharField(max_length=40)),
                        ('phone', models.CharField(blank=True, max_length=32)),
                        ('is_active', models.BooleanField(default=True)),
                        ('joined_at', models.DateTimeField(auto_now_add=True)),
                        ('organization', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='platform.organization')),
                    ],
                    options={
                        'ordering': ['username'],
                    },
                ),
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
                    name='RoleGrant',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('role', models.CharField(choices=[('supervisor', '主管'), ('area_keeper', '自助区管理员'), ('owner_unit', '设备归属单位人员'), ('vendor_engineer', '运维工程师'), ('inspector', '督查'), ('window_clerk', '窗口人员'), ('guard', '保安'), ('cleaner', '保洁'), ('system_admin', '系统管理员'), ('security_admin', '安全管理员'), ('audit_admin', '审计管理员')], max_length=20)),
                        ('granted_at', models.DateTimeField()),
                        ('granted_by', models.CharField(max_length=60)),
                        ('organization', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='platform.organization')),
                        ('place', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='platform.place')),
                        ('staff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('staff', 'role', 'place'), name='role_once_per_place'), models.UniqueConstraint(condition=models.Q(('role__in', ['audit_admin', 'security_admin', 'system_admin'])), fields=('staff',), name='one_administrator_role'), models.CheckConstraint(condition=models.Q(models.Q(('role__in', ['owner_unit', 'vendor_engineer']), _negated=True), ('organization__isnull', False), _connector='OR'), name='body_role_names_its_body'), models.CheckConstraint(condition=models.Q(('role__in', ['supervisor', 'area_keeper', 'owner_unit', 'vendor_engineer', 'inspector', 'window_clerk', 'guard', 'cleaner', 'system_admin', 'security_admin', 'audit_admin'])), name='role_known')],
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
            ],
        ),
    ]
