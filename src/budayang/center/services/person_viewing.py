"""Whose case is it? Shown to the person on duty who must call or make good, never without a reason, never untraced."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.sealing import CannotOpen, open_field
from budayang.center.services.models import Case

VIEWERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER})


class ViewReason(StrEnum):
    """Why somebody looks. Fixed words only: free text in an audit line would soon hold what must not stand there."""

    VERIFY = "verify"
    MAKE_GOOD = "make_good"
    PERSON_ASKED = "person_asked"
    BY_LAW = "by_law"


REASON_WORDS: dict[ViewReason, Promise | str] = {
    ViewReason.VERIFY: gettext_lazy("向部门核实待核的办件"),
    ViewReason.MAKE_GOOD: gettext_lazy("联系办件人补办或退费"),
    ViewReason.PERSON_ASKED: gettext_lazy("办件人本人要求查找"),
    ViewReason.BY_LAW: gettext_lazy("依法调取（凭文书）"),
}


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """What is shown, once. It stands in no log: its repr is empty."""

    name: str = field(repr=False)
    id_number: str = field(repr=False)


def can_be_viewed(number: str) -> bool:
    """Only what is still needed is still here: a finished case has forgotten who asked for it."""
    return Case.objects.filter(number=number, request_sealed__isnull=False).exists()


@transaction.atomic
def view_person(actor: Actor, number: str, reason: str, now: datetime) -> ShownPerson:
    """The person of a case that is not finished, with a line in the audit that tells who looked and why.

    Raises:
        Refused: no reason, or the data are gone already (or sealed with a key that is not here).
        Case.DoesNotExist: no such case.
    """
    case = Case.objects.get(number=number)
    actor.require(*VIEWERS, place_path=case.place_path)
    if reason not in set(ViewReason):
        raise Refused(_("请选择查看的理由；理由和您的账号会记入审计。"))
    if not case.request_sealed:
        raise Refused(_("这件办件已经结束，办件人信息已按规定删除。"))
    try:
        body = json.loads(open_field("services_case", number, "request", bytes(case.request_sealed)))
    except CannotOpen as error:
        raise Refused(_("办件人信息打不开：加密它的密钥不在这台服务器上，请系统管理员恢复密钥。")) from error
    record(
        actor,
        "services.view_person",
        subject=f"case:{number}",
        place_path=case.place_path,
        details={"reason": reason},
        at=now,
    )
    return ShownPerson(str(body["person"]["name"]), str(body["person"]["id_number"]))
