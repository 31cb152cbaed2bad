from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('platform', '0002_facts_and_services'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='rolegrant',
            name='role_known',
        ),
        migrations.AlterField(
            model_name='rolegrant',
            name='role',
            field=models.CharField(choices=[('supervisor', '主管'), ('area_keeper', '自助区管理员'), ('owner_unit', '设备归属单位人员'), ('vendor_engineer', '运维工程师'), ('inspector', '督查'), ('window_clerk', '窗口人员'), ('system_admin', '系统管理员'), ('security_admin', '安全管理员'), ('audit_admin', '审计管理员')], max_length=20),
        ),
        migrations.AddConstraint(
            model_name='rolegrant',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['supervisor', 'area_keeper', 'owner_unit', 'vendor_engineer', 'inspector', 'window_clerk', 'system_admin', 'security_admin', 'audit_admin'])), name='role_known'),
        ),
    ]
