"""Pages of publicity and training, tests and adoption: what a press of a button does, and to whom."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import load_workbook
from PIL import Image
from tests.center.console.the_desk import Desk
from tests.center.standard.the_project import edition

from budayang.center.standard.models import Adoption, Question, SpreadEvent, TestSitting

pytestmark = pytest.mark.django_db


@pytest.fixture
def planned(desk: Desk) -> SpreadEvent:
    """An event that was planned by the form."""
    hall = desk.hall
    answer = desk.client("zhu").post(
        "/console/spread/new/",
        {
            "kind": "training", "subject": "夜间值守培训", "place": hall.city.pk, "areas": [hall.area.place.pk],
            "planned_on": timezone.localdate().isoformat(),
        },
    )  # fmt: skip
    row = SpreadEvent.objects.get()
    assert answer["Location"] == f"/console/spread/{row.pk}/"
    return row


def test_an_event_is_held_with_counts_and_shows_in_the_coverage(desk: Desk, planned: SpreadEvent) -> None:
    client, today = desk.client("zhu"), timezone.localdate().isoformat()
    address = f"/console/spread/{planned.pk}/"
    answer = client.post(address, {"held_on": today, "invited": "10", "present": "12", "proof": "签到表"})
    assert answer.status_code == 422
    assert "应到人数" in answer.content.decode()
    assert client.post(address, {"held_on": today, "invited": "12", "present": "11"}).status_code == 302
    text = client.get("/console/spread/coverage/").content.decode()
    assert "2 个自助区里 1 个办过" in text
    book = load_workbook(io.BytesIO(client.get("/console/spread/coverage/?export=xlsx").content))
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    assert ["康巴什区自助区", 1, 11] in [row[:3] for row in rows]
    assert "夜间值守培训" in client.get("/console/spread/").content.decode()


def test_readers_read_and_others_do_not(desk: Desk, planned: SpreadEvent) -> None:
    address = f"/console/spread/{planned.pk}/"
    text = desk.client("ning").get(address).content.decode()
    assert "登记办完了" not in text
    assert desk.client("ning").post(address, {"held_on": "2026-11-01", "present": "1"}).status_code == 403
    assert desk.client("ou").get(address).status_code == 404
    assert desk.client("mo").get(address).status_code == 403


def test_materials_are_kept_and_taken_away(desk: Desk, planned: SpreadEvent) -> None:
    client, out = desk.client("zhu"), io.BytesIO()
    Image.new("RGB", (300, 200), "navy").save(out, "PNG")
    address = f"/console/spread/{planned.pk}/materials/"
    client.post(address, {"file": SimpleUploadedFile("现场.png", out.getvalue())})
    answer = client.get(f"{address}{planned.materials.get().pk}/")
    assert answer["Content-Type"] == "image/jpeg"
    assert "attachment" in answer["Content-Disposition"]
    assert (
        "不是能打开" in client.post(address, {"file": SimpleUploadedFile("a.exe", b"MZ")}, follow=True).content.decode()
    )


def test_an_event_is_called_off_with_its_reason(desk: Desk, planned: SpreadEvent) -> None:
    client = desk.client("zhu")
    client.post(f"/console/spread/{planned.pk}/cancel/", {"why": "停电"})
    assert "停电" in client.get(f"/console/spread/{planned.pk}/").content.decode()


def test_a_question_is_made_and_a_test_is_taken(desk: Desk) -> None:
    keeper = desk.client("lin")
    typed = {"clause": "JB-09", "text": "断电多久发现？", "options": "1 h\n5 min", "right": "3"}
    answer = keeper.post("/console/questions/new/", typed)
    assert answer.status_code == 422
    assert "断电多久发现？" in answer.content.decode()
    keeper.post("/console/questions/new/", typed | {"right": "2"})
    row = Question.objects.get()
    assert "5 min" in keeper.get("/console/questions/").content.decode()
    assert "4.9" in keeper.get(f"/console/questions/{row.pk}/").content.decode()
    client = desk.client("mo")
    assert client.get("/console/questions/").status_code == 403
    client.post("/console/standard-test/begin/")
    assert "断电多久发现？" in client.get("/console/standard-test/").content.decode()
    text = client.post("/console/standard-test/end/", {f"q{row.pk}": "0"}, follow=True).content.decode()
    assert "没有通过" in text
    client.post("/console/standard-test/begin/")
    text = client.post("/console/standard-test/end/", {f"q{row.pk}": "1"}, follow=True).content.decode()
    assert "通过。" in text
    assert [one.passed for one in TestSitting.objects.order_by("pk")] == [False, True]
    assert "交过" in client.post("/console/standard-test/end/", follow=True).content.decode()
    keeper.post(f"/console/questions/{row.pk}/withdraw/")
    assert "还没有题目" in client.post("/console/standard-test/begin/", follow=True).content.decode()


def test_an_answer_that_is_no_choice_breaks_nothing(desk: Desk) -> None:
    keeper = desk.client("lin")
    keeper.post("/console/questions/new/", {"clause": "JB-09", "text": "x", "options": "a\nb", "right": "1"})
    keeper.post("/console/standard-test/begin/")
    pk = Question.objects.get().pk
    assert "没有答" in keeper.post("/console/standard-test/end/", {f"q{pk}": "5"}, follow=True).content.decode()


def test_adoption_of_a_reference_edition_is_refused_with_the_reason(desk: Desk) -> None:
    client = desk.client("zhu")
    typed = {
        "place": desk.hall.city.pk,
        "kind": "adopted",
        "since_on": "2026-11-01",
        "until_on": "",
        "paper": "",
        "note": "",
    }
    answer = client.post("/console/adoptions/new/", typed)
    assert answer.status_code == 422
    assert "只能登记为" in answer.content.decode()
    assert client.post("/console/adoptions/new/", typed | {"kind": "followed"}).status_code == 302
    assert Adoption.objects.get().edition == edition()
    assert "参照" in client.get("/console/adoptions/").content.decode()
    assert desk.client("ou").get("/console/adoptions/").content.decode().count("鄂尔多斯市</") == 0
