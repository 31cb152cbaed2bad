from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.models import Exists, OuterRef, Q

ASKED = ("reached", "unreached", "fixed_satisfied", "fixed_unsatisfied", "not_fixed")


def fill(apps: Any, schema_editor: Any) -> None:
    """A number that is kept was left; of one that is deleted the trail says it: somebody looked at it, or called."""
    steps = apps.get_model("evaluation", "NegativeStep").objects.filter(case=OuterRef("pk"))
    used = steps.filter(Q(event="phone") | Q(event__in=("try_again", "call_back", "send_back"), outcome__in=ASKED))
    talked = steps.filter(event="contact", outcome="reached")
    cases = apps.get_model("evaluation", "NegativeCase").objects
    cases.filter(~Q(phone_hint="") | Exists(used) | Exists(talked)).update(left_phone=True)


class Migration(migrations.Migration):
    dependencies = [
        ("evaluation", "0008_second_answers"),
    ]

    operations = [
        migrations.AddField(
            model_name="negativecase",
            name="left_phone",
            field=models.BooleanField(default=False),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
