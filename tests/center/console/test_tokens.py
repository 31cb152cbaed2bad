"""One's own keys on the pages: shown once, nobody else's, ended at once."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.test import Client
from tests.center.console import the_desk
from tests.center.console.the_desk import Desk

from budayang.center.platform.models import ApiToken

pytestmark = pytest.mark.django_db
FORM = {"name": "数据平台", "days": "30"}


@pytest.fixture
def desk(now: datetime) -> Desk:
    return the_desk.build(now)


def test_a_key_is_shown_once_and_opens_the_door_until_it_is_ended(desk: Desk) -> None:
    client = desk.client("lin")
    assert "还没有接口密钥" in client.get("/console/tokens/").content.decode()
    made = client.post("/console/tokens/new/", FORM)
    assert "no-store" in made["Cache-Control"]
    found = re.search(r"bdy_[\w-]{43}", made.content.decode())
    assert found is not None
    row = ApiToken.objects.get()
    for page in ("/console/tokens/", f"/console/tokens/{row.pk}/"):
        assert found[0] not in client.get(page).content.decode()
    bearer = {"Authorization": f"Bearer {found[0]}"}
    assert Client().get("/api/v1/areas", headers=bearer).status_code == 200
    assert client.post(f"/console/tokens/{row.pk}/end/").status_code == 302
    assert Client().get("/api/v1/areas", headers=bearer).status_code == 401
    assert "已停用" in client.get(f"/console/tokens/{row.pk}/").content.decode()


def test_a_refused_form_keeps_what_was_typed(desk: Desk) -> None:
    answer = desk.client("lin").post("/console/tokens/new/", FORM | {"days": "999"})
    assert answer.status_code == 422
    assert "数据平台" in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_nobody_sees_or_ends_somebody_elses_key(desk: Desk) -> None:
    desk.client("lin").post("/console/tokens/new/", FORM)
    row = ApiToken.objects.get()
    stranger = desk.client("zhu")
    assert stranger.get(f"/console/tokens/{row.pk}/").status_code == 404
    assert stranger.post(f"/console/tokens/{row.pk}/end/").status_code == 404
    assert ApiToken.objects.get().revoked_at is None
