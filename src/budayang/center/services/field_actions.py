"""A department goes through what the catalogue says of its items and confirms or corrects it, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Organization
from budayang.center.services import catalogue_writing as writing
from budayang.center.services.catalogue import BY_KEY, BadCell, complete, values_of
from budayang.center.services.catalogue_checking import Known, Plan
from budayang.center.services.catalogue_sheets import as_text
from budayang.center.services.item_forms import items_with_forms
from budayang.center.services.models import Department, Item, ItemVersion
from budayang.center.services.rights import require_catalogue, require_department
from budayang.rules.catalogue import FIELD, Mark


@dataclass(slots=True)
class BadFields(Exception):
    """Corrections that cannot be read: column -> message. Nothing was written."""

    errors: dict[str, str] = field(default_factory=dict)


def open_version_id(item_code: str) -> int | None:
    """The version of the item that is in force: what a person looks at while confirming."""
    found = ItemVersion.objects.filter(item__code=item_code, until_at__isnull=True)
    return found.values_list("pk", flat=True).first()


def confirm_fields(
    actor: Actor,
    item_code: str,
    answers: Mapping[str, Mapping[str, str] | None],
    *,
    confirmed_by: str,
    seen: int | None,
    now: datetime,
) -> Item:
    """Confirm fields of an item in the name of its department.

    Args:
        answers: field -> None (it is right as it stands) or column -> the right text, as a cell of the catalogue table.
        seen: the version that the person looked at; another one in force is refused, not confirmed unseen.

    Raises:
        BadFields: a correction cannot be read.
    """
    item = Item.objects.select_related("department").get(code=item_code)
    require_department(actor, item.department)
    by = confirmed_by.strip()[:60]
    if not by:
        raise Refused(_("请写明是哪个单位、哪一位确认的。"))
    if not answers:
        raise Refused(_("还没有选要确认或更正的栏目。"))
    with transaction.atomic():
        writing.claim()
        item = Item.objects.select_related("department").get(code=item_code)
        if open_version_id(item_code) != seen or not item.in_force:
            raise Refused(_("这个事项刚刚有改动，请重新看过再确认。"))
        before = values_of(item)
        values = _corrected(before, answers)
        standing = {**item.standing}
        for key in answers:
            standing[key] = {"mark": Mark.CONFIRMED.value, "by": by, "at": now.isoformat()}
            values[FIELD[key].mark] = Mark.CONFIRMED.value
        plan = Plan(None, item.code, "changed", values, standing)
        plan.fields = [
            (key, as_text(key, before[key]), as_text(key, values[key])) for key in BY_KEY if before[key] != values[key]
        ]
        known = Known({item.code: item}, (), items_with_forms(), {})
        writing.write_plans([plan], known, None, who=by, now=now)
        corrections = [list(change) for change in plan.fields if change[0] not in {one.mark for one in FIELD.values()}]
        details = {"fields": sorted(answers), "corrections": corrections, "confirmed_by": by}
        record(actor, "services.confirm_fields", subject=f"item:{item.code}", details=details, at=now)
    return Item.objects.get(code=item_code)


def _corrected(before: Mapping[str, Any], answers: Mapping[str, Mapping[str, str] | None]) -> dict[str, Any]:
    """The row with the corrections. Raises BadFields."""
    bad = BadFields()
    values = dict(before)
    for key, texts in answers.items():
        for column in FIELD[key].columns if texts is not None else ():
            text = ((texts or {}).get(column) or "").strip().replace("\r\n", "\n")
            try:
                if BY_KEY[column].required and not text:
                    raise BadCell(_("这一格不能空"))
                values[column] = BY_KEY[column].read(text)
            except BadCell as error:
                bad.errors[column] = str(error)
    if not bad.errors:
        values, against = complete(values)
        bad.errors |= dict(against)
    if bad.errors:
        raise bad
    return values


@transaction.atomic
def link_department(actor: Actor, department_code: str, organization_id: int | None) -> Department:
    """Say which body stands behind a department: its people confirm hours and fields, and take its orders."""
    if not actor.may(Role.SYSTEM_ADMIN):
        require_catalogue(actor)
    department = Department.objects.select_for_update().get(code=department_code)
    body = Organization.objects.get(pk=organization_id) if organization_id is not None else None
    department.organization = body
    department.save(update_fields=["organization"])
    record(
        actor,
        "services.link_department",
        subject=f"department:{department.code}",
        details={"organization": body.code if body else ""},
    )
    return department
