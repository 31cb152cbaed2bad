"""The public pages of complaints and surveys: no sign-in, nothing typed is lost, nobody is named."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from tests.center.evaluation.the_rater import PHONE
from tests.center.hall import SYSTEM, Hall, build

from budayang.center.evaluation import complaint_actions as actions
from budayang.center.evaluation import survey_actions
from budayang.center.evaluation.models import Complaint, Survey, SurveySheet

DAY = timedelta(days=1)
TEXT = "周日晚上九点按帮办没有人应"


@pytest.fixture
def hall(db: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Hall:
    """The pages read the clock: it stands still."""
    made = build(now)
    cache.clear()
    monkeypatch.setattr(timezone, "now", lambda: now)
    return made


@pytest.fixture
def survey(hall: Hall, now: datetime) -> Survey:
    today = timezone.localdate(now)
    return survey_actions.open_survey(
        SYSTEM, place_path=hall.city.path, title="下半年问卷", opens_on=today, closes_on=today + 9 * DAY, now=now
    )


def test_one_is_handed_in_and_followed_to_its_answer(client: Client, hall: Hall, now: datetime) -> None:
    page = client.get("/complaints/?area=KBS").content.decode()
    assert '<option value="KBS" selected>' in page
    assert "checked" not in page
    given = {"kind": "complaint", "area": "KBS", "text": TEXT, "phone": PHONE, "terminal": ""}
    answer = client.post("/complaints/", given)
    row = Complaint.objects.get()
    assert answer["Location"].startswith(f"/complaints/{row.number}/?own=")
    page = client.get(answer["Location"]).content.decode()
    for said in ("待受理", "最迟", "139****1234", row.number):
        assert said in page, said
    assert PHONE not in page
    assert TEXT not in page, "whoever finds the number does not read what was written"
    lin = hall.actor("lin")
    for step in ("accept", "investigate", "handle"):
        actions.take_step(lin, row, step, note="内部的话", now=now)
    actions.answer(lin, row, text="已安排夜间值守。", now=now)
    page = client.get(answer["Location"]).content.decode()
    assert "已安排夜间值守。" in page
    assert "内部的话" not in page
    assert lin.label not in page


@pytest.mark.parametrize(
    ("change", "said"), [({"kind": ""}, "请先选投诉"), ({"area": ""}, "哪个自助区"), ({"phone": "110"}, "11 位数字")]
)
def test_what_is_refused_keeps_what_was_typed(client: Client, hall: Hall, change: dict[str, str], said: str) -> None:
    given = {"kind": "praise", "area": "KBS", "text": TEXT, "phone": "", **change}
    answer = client.post("/complaints/", given)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert TEXT in answer.content.decode()
    assert not Complaint.objects.exists()


def test_it_is_found_by_its_number_and_withdrawn(client: Client, hall: Hall) -> None:
    own = client.post("/complaints/", {"kind": "suggestion", "area": "KBS", "text": TEXT})["Location"]
    number = Complaint.objects.get().number
    assert client.get("/complaints/find/", {"number": number.lower().replace("-", "")})["Location"].endswith(
        f"{number}/"
    )
    assert client.get("/complaints/find/", {"number": "12"}).status_code == 400
    assert client.get("/complaints/ZZZZ-ZZZZ-ZZZZ/").status_code == 404
    assert "/withdraw/" not in client.get(f"/complaints/{number}/").content.decode(), "whom it blames has the number"
    refused = client.post(f"/complaints/{number}/withdraw/")
    assert refused.status_code == 403
    assert "凭号码只能看" in refused.content.decode()
    assert Complaint.objects.get().state == "received"
    assert "/withdraw/" in client.get(own).content.decode()
    client.post(f"/complaints/{number}/withdraw/", {"own": own.partition("?own=")[2]})
    assert "您已撤回" in client.get(f"/complaints/{number}/").content.decode()


def test_a_sheet_is_filled_in_with_what_one_wants(client: Client, survey: Survey) -> None:
    address = f"/survey/{survey.code}/"
    assert client.get("/survey/?area=KBS")["Location"] == f"{address}?area=KBS"
    page = client.get(address).content.decode()
    assert "checked" not in page
    refused = client.post(address, {"area": "KBS"})
    assert (refused.status_code, "请至少回答一项" in refused.content.decode()) == (422, True)
    refused = client.post(address, {"area": "", "way": "satisfied"})
    assert "哪个自助区" in refused.content.decode()
    assert 'name="way" value="satisfied" checked' in refused.content.decode()
    assert client.post(address, {"area": "KBS", "way": "satisfied", "wishes": ["items", "x"]}).status_code == 302
    sheet = SurveySheet.objects.get()
    assert (sheet.answers, sheet.wishes) == ({"way": "satisfied"}, ["items"])
    assert "谢谢您" in client.get("/survey/thanks/").content.decode()


def test_a_survey_that_is_not_there_or_over_says_so(
    client: Client, survey: Survey, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/survey/none/").status_code == 404
    monkeypatch.setattr(timezone, "now", lambda: now + 30 * DAY)
    assert "现在不收" in client.get(f"/survey/{survey.code}/").content.decode()
    assert "现在没有问卷" in client.get("/survey/").content.decode()
    assert client.post(f"/survey/{survey.code}/", {"area": "KBS", "way": "satisfied"}).status_code == 422
