from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("terminals", "0002_facts_and_services")]

    operations = [
        migrations.RemoveConstraint(model_name="watchsource", name="watch_source_kind"),
        migrations.AlterField(
            model_name="watchsource",
            name="kind",
            field=models.CharField(
                choices=[
                    ("ping", "ping"),
                    ("tcp", "端口连接"),
                    ("http", "网页检查"),
                    ("snmp_printer", "打印机 SNMP"),
                    ("snmp_port", "交换机端口 SNMP"),
                    ("plug", "计量插座"),
                    ("heartbeat", "机器自己的心跳"),
                    ("door", "门禁控制器"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="watchsource",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["ping", "tcp", "http", "snmp_printer", "snmp_port", "plug", "heartbeat", "door"])
                ),
                name="watch_source_kind",
            ),
        ),
    ]
