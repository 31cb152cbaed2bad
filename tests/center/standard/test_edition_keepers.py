"""An edition is one for the whole center: who keeps it, and that its files can be taken away from a real page."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests.center.hall import SYSTEM, Hall, build

from budayang.center.console.listing import XLSX
from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Forbidden, Role
from budayang.center.platform.models import AuditLine
from budayang.center.standard import actions, edition_actions, queries
from budayang.center.standard.models import Edition


def supervisors(hall: Hall, now: datetime) -> None:
    """`zhu` of the whole, `qi` of one banner."""
    banner = hall.far_area.place.parent
    assert banner is not None
    for name, place in (("zhu", hall.city), ("qi", banner)):
        person = platform.add_staff(SYSTEM, username=name, name=f"测试{name}", password="night-shift-2026")
        platform.grant_role(SYSTEM, person, Role.SUPERVISOR, place, now=now - timedelta(days=1))
        hall.staff[name] = person


def signed_in(hall: Hall, name: str) -> Client:
    client = Client()
    client.force_login(hall.staff[name])
    return client


@pytest.mark.django_db
def test_a_banners_supervisor_does_not_change_what_the_city_is_judged_by() -> None:
    now = timezone.now().replace(microsecond=0)
    hall = build(now)
    supervisors(hall, now)
    qi, edition = hall.actor("qi"), Edition.objects.get()
    for call in (
        lambda: actions.adopt_edition(qi, edition, now),
        lambda: edition_actions.bring_edition(qi, b"", file_name="x", now=now),
        lambda: edition_actions.move_edition(qi, edition, "abolish", now=now),
        lambda: edition_actions.load_proposal(qi, 1, now),
        lambda: edition_actions.drop_proposal(qi, 1, now),
    ):
        with pytest.raises(Forbidden):
            call()
    client = signed_in(hall, "qi")
    assert client.get("/console/editions/import/").status_code == 403
    assert client.post(f"/console/editions/{edition.code}/adopt/").status_code == 403
    assert "导入版本" not in client.get("/console/editions/").content.decode()
    assert "导入版本" in signed_in(hall, "zhu").get("/console/editions/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_files_can_be_taken_away_and_leave_a_line() -> None:
    now = timezone.now().replace(microsecond=0)
    hall = build(now)
    supervisors(hall, now)
    actions.assess_many([hall.area.place], queries.month_of(now), now)
    Edition.objects.create(code="REF-2027", title="另一版", is_reference=True, loaded_at=now, loaded_by="测试")
    client = signed_in(hall, "zhu")
    for address in (
        "/console/editions/REF-2026/workbook/",
        "/console/editions/REF-2027/compare/?with=REF-2026&export=xlsx",
        f"/console/conformity/{hall.area.code}/score/?export=xlsx",
    ):
        before = AuditLine.objects.filter(action="console.export").count()
        answer = client.get(address)
        assert (answer.status_code, answer["Content-Type"]) == (200, XLSX), address
        assert AuditLine.objects.filter(action="console.export").count() == before + 1
