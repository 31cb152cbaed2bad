"""The door of other machines: keys act as their people, lists stay in scope, errors repeat nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.center.console import the_desk
from tests.center.console.the_desk import Desk

from budayang.center.areas.models import PlannedStop
from budayang.center.platform import tokens
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.models import ApiToken, AuditLine, RoleGrant, Staff

pytestmark = pytest.mark.django_db
NOW = timezone.now
BASE = "/api/v1"


@pytest.fixture
def desk(now: datetime) -> Desk:
    return the_desk.build(now)


class Machine:
    """Another machine with a key of somebody's."""

    def __init__(self, actor: Actor, *, may_write: bool = False) -> None:
        self.row, self.key = tokens.issue_token(actor, name="数据平台", days=30, may_write=may_write, now=NOW())
        self.client = Client()

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(BASE + path, query, headers={"Authorization": f"Bearer {self.key}"})

    def post(self, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        return self.client.post(BASE + path, body or {}, content_type="application/json", headers=headers)


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["code"] for row in answer.json()["items"]]


LISTS = ("/areas", "/terminals", "/incidents", "/orders", "/items", "/verdicts", "/cases", "/hours")


@pytest.mark.parametrize("path", LISTS)
def test_without_a_key_nothing_is_told(desk: Desk, path: str) -> None:
    assert Client().get(BASE + path).status_code == 401
    assert desk.client("zhu").get(BASE + path).status_code == 401, "a browser's session is no key"
    wrong = Client().get(BASE + path, headers={"Authorization": "Bearer bdy_wrong"})
    assert wrong.status_code == 401


@pytest.mark.parametrize("path", LISTS)
def test_every_list_answers_its_people(desk: Desk, path: str) -> None:
    answer = Machine(desk.actor("zhu")).get(path)
    assert answer.status_code == 200
    assert set(answer.json()) == {"items", "next"}


def test_a_key_sees_what_its_person_sees(desk: Desk) -> None:
    assert codes(Machine(desk.actor("zhu")).get("/areas")) == ["KBS", "HJ"]
    assert codes(Machine(desk.actor("ou")).get("/areas")) == ["HJ"]
    assert codes(Machine(desk.actor("lin")).get("/terminals")) == ["KBS-01", "KBS-02"]
    stranger = Machine(desk.actor("ou"))
    assert codes(stranger.get("/terminals")) == []
    assert stranger.get("/terminals/KBS-01").status_code == 404


def test_pages_follow_each_other_without_gap_or_twin(desk: Desk) -> None:
    machine = Machine(desk.actor("zhu"))
    first = machine.get("/terminals", limit=1).json()
    second = machine.get("/terminals", limit=1, after=first["next"]).json()
    assert [row["code"] for row in first["items"] + second["items"]] == ["KBS-01", "KBS-02"]
    assert second["next"] is None


def test_who_loses_a_role_or_leaves_takes_the_key_along(desk: Desk) -> None:
    machine = Machine(desk.actor("lin"))
    lin = desk.hall.staff["lin"]
    RoleGrant.objects.filter(staff=lin).delete()
    assert codes(machine.get("/areas")) == []
    Staff.objects.filter(pk=lin.pk).update(is_active=False)
    assert machine.get("/areas").status_code == 401


@pytest.mark.parametrize(
    "since", ["0342-03-09T01:41:43.9-23:22", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"]
)
def test_a_moment_that_no_database_can_name_is_still_a_moment(desk: Desk, since: str) -> None:
    assert Machine(desk.actor("zhu")).get("/cases", since=since).status_code == 200


def test_a_moment_without_a_zone_is_named_as_the_fault(desk: Desk) -> None:
    wrong = Machine(desk.actor("zhu")).get("/cases", since="2026-11-26T10:00:00")
    assert (wrong.status_code, wrong.json()["fields"]) == (422, ["since"])


def test_a_word_with_nul_finds_what_is_left_of_it(desk: Desk) -> None:
    machine = Machine(desk.actor("zhu"))
    assert codes(machine.get("/terminals", area="KBS\x00")) == ["KBS-01", "KBS-02"]
    assert machine.get("/terminals/KBS-01%00").status_code == 200
    assert machine.get("/terminals/%00").status_code == 404


@pytest.mark.parametrize("ended", ["revoked", "expired"])
def test_an_ended_key_opens_nothing(desk: Desk, ended: str) -> None:
    machine = Machine(desk.actor("zhu"))
    if ended == "revoked":
        tokens.revoke_token(desk.actor("zhu"), machine.row.pk, NOW())
    else:
        ApiToken.objects.update(expires_at=NOW() - timedelta(seconds=1))
    assert machine.get("/areas").status_code == 401


def test_a_key_is_kept_as_a_hash_and_its_life_is_audited(desk: Desk) -> None:
    machine = Machine(desk.actor("zhu"))
    machine.get("/areas")
    row = ApiToken.objects.get()
    assert machine.key not in str(row.__dict__)
    assert row.last_used_at is not None
    tokens.revoke_token(desk.actor("zhu"), row.pk, NOW())
    tokens.revoke_token(desk.actor("zhu"), row.pk, NOW())
    lines = list(AuditLine.objects.filter(action__contains="token").values_list("action", flat=True))
    assert lines == ["platform.issue_token", "platform.revoke_token"]


@pytest.mark.parametrize(
    ("values", "why"), [({"name": " ", "days": 30}, "哪个系统"), ({"name": "x", "days": 0}, "1 到 366")]
)
def test_a_key_that_nobody_could_account_for_is_not_made(desk: Desk, values: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        tokens.issue_token(desk.actor("zhu"), now=NOW(), **values)
    with pytest.raises(Forbidden):
        tokens.issue_token(Actor.public(), name="x", days=1, now=NOW())


def _stop(hours: int = 2, **more: Any) -> dict[str, Any]:
    start = NOW() + timedelta(days=1)
    end = start + timedelta(hours=hours)
    return {"starts_at": start.isoformat(), "ends_at": end.isoformat(), "reason": "线路检修", **more}


def test_a_writing_key_announces_a_stop_and_calls_it_off(desk: Desk) -> None:
    machine = Machine(desk.actor("lin"), may_write=True)
    made = machine.post("/areas/KBS/stops", _stop(terminal="KBS-01"))
    assert made.status_code == 201, made.content
    assert made.json()["terminal"] == "KBS-01"
    stop = PlannedStop.objects.get()
    assert machine.post(f"/stops/{stop.pk}/cancel").status_code == 204
    assert machine.post("/stops/999999/cancel").status_code == 404


def test_a_reading_key_and_a_stranger_write_nothing(desk: Desk) -> None:
    assert Machine(desk.actor("lin")).post("/areas/KBS/stops", _stop()).status_code == 403
    assert Machine(desk.actor("ou"), may_write=True).post("/areas/KBS/stops", _stop()).status_code == 404
    assert not PlannedStop.objects.exists()


def test_what_is_wrong_is_named_and_never_repeated(desk: Desk) -> None:
    machine = Machine(desk.actor("lin"), may_write=True)
    wrong = machine.post("/areas/KBS/stops", _stop() | {"starts_at": "机密 138"})
    assert wrong.status_code == 422
    assert wrong.json()["fields"] == ["given.starts_at"]
    assert "机密" not in wrong.content.decode()
    assert machine.get("/areas", limit=0).status_code == 422
    naive = machine.post("/areas/KBS/stops", _stop() | {"starts_at": "2099-01-01T10:00:00"})
    assert naive.status_code == 409
    assert "时区" in naive.json()["detail"]
    backwards = machine.post("/areas/KBS/stops", _stop(hours=-1))
    assert backwards.status_code == 409
