"""Supervision visits by the pages: planned at the desk, filled in on a phone behind a link, replied to at the desk."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, night, open_page, sign_in
from tests.center.console.the_desk import Desk
from tests.center.evaluation.the_visit import NAME, ROLE, adopt, picture, planned, sheet

from budayang.center.evaluation import supervision_actions as actions
from budayang.center.evaluation import supervision_queries as queries
from budayang.center.evaluation.models import Improvement, SupervisionVisit
from budayang.center.evaluation.supervision_actions import Given

__all__ = ["in_chromium", "night"]

browser = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DAY = timedelta(days=1)


def visit_in(desk: Desk, kind: str = "delegate") -> tuple[SupervisionVisit, str]:
    now = timezone.now()
    adopt(desk.hall, now, timezone.localdate())
    return planned(desk.actor("zhu"), desk.hall, now, timezone.localdate(), kind)


def handed_in(desk: Desk) -> SupervisionVisit:
    row, _token = visit_in(desk)
    faults = {"visit_devices": Given("no", "一号机黑屏", "KBS-01", picture()), "own1": Given("厕所没有灯")}
    actions.save_sheet(row, sheet(row, **faults), "总的不错，晚上灯暗。", timezone.now())
    return actions.hand_in(row, timezone.now())


@pytest.mark.django_db
def test_the_desk_plans_shows_the_link_once_and_reads_the_name_with_a_trace(desk: Desk) -> None:
    adopt(desk.hall, timezone.now(), timezone.localdate())
    ning, today = desk.client("ning"), timezone.localdate()
    typed = {
        "area": "KBS", "kind": "delegate", "list_code": "visit", "opens_on": today, "closes_on": today, "role": ROLE,
        "name": NAME, "visitor": "",
    }  # fmt: skip
    assert ning.post("/console/supervision/new/", typed | {"role": ""}).status_code == 422
    shown = ning.post("/console/supervision/new/", typed).content.decode()
    (token,) = re.findall(r"/visit/([\w-]+)/", shown)[:1]
    row = SupervisionVisit.objects.get()
    page = f"/console/supervision/{row.number}/"
    assert token not in ning.get(page).content.decode()
    assert NAME not in ning.get(page).content.decode()
    assert NAME in ning.post(f"{page}name/").content.decode()
    assert desk.client("lin").post(f"{page}name/").status_code == 403
    assert Client().get(f"/visit/{token}/").status_code == 200
    assert Client().get("/visit/nothing/").status_code == 404
    assert "新链接" in ning.post(f"{page}link/").content.decode()
    assert Client().get(f"/visit/{token}/").status_code == 404
    ning.post(f"{page}cancel/", {"note": "改期"})
    row.refresh_from_db()
    assert row.state == "cancelled"


@pytest.mark.django_db
def test_who_has_an_account_opens_the_sheet_from_the_desk(desk: Desk) -> None:
    now, today = timezone.now(), timezone.localdate()
    adopt(desk.hall, now, today)
    row, token = planned(desk.actor("zhu"), desk.hall, now, today, "unannounced", visitor=desk.hall.staff["ning"])
    assert token == ""
    answer = desk.client("ning").post(f"/console/supervision/{row.number}/link/")
    assert answer.status_code == 302
    assert Client().get(answer.headers["Location"]).status_code == 200
    for name in ("lin", "ren", "mo"):
        client = desk.client(name)
        assert client.get(f"/console/supervision/{row.number}/").status_code == 404
        assert row.number not in client.get("/console/supervision/?export=csv").content.decode()
        assert client.post(f"/console/supervision/{row.number}/link/").status_code == 404


@pytest.mark.django_db
def test_the_phone_keeps_what_was_typed_and_strips_the_photograph(desk: Desk) -> None:
    row, token = visit_in(desk)
    phone, page = Client(), f"/visit/{token}/"
    photo = SimpleUploadedFile("x.jpg", picture(), content_type="image/jpeg")
    part = {"value-visit_tidy": "no", "note-visit_tidy": "地上有水", "photo-visit_tidy": photo}
    assert phone.post(page, {**part, "save": "1"}).headers["Location"] == f"{page}?saved"
    assert "还有 9 题" in phone.get(f"{page}?saved").content.decode()
    kept = queries.read_photo(row.photos.get())
    assert kept is not None
    assert b"SECRET" not in kept
    assert phone.get(f"{page}photos/{row.photos.get().pk}.jpg").content == kept
    refused = phone.post(page, {"value-visit_find": "yes", "words": "还行", "hand_in": "1"})
    assert refused.status_code == 422
    shown = refused.content.decode()
    assert "还有 8 题没有答" in shown
    assert "地上有水" in shown
    assert "还行" in shown
    text = SimpleUploadedFile("x.jpg", b"no picture", content_type="image/jpeg")
    assert phone.post(page, {"photo-visit_tidy": text, "save": "1"}).status_code == 422
    every = {f"value-{code}": given.value for code, given in sheet(row).items()}
    assert phone.post(page, {**every, "hand_in": "1"}).status_code == 302
    assert "100" in phone.get(page).content.decode()
    assert phone.post(page, {**every, "hand_in": "1"}).status_code == 422


@pytest.mark.django_db
def test_a_photograph_that_cannot_be_read_loses_nothing_that_was_typed(desk: Desk) -> None:
    row, token = visit_in(desk)
    phone, page = Client(), f"/visit/{token}/"
    heic = SimpleUploadedFile("a.heic", b"\x00\x00\x00\x18ftypheic", content_type="image/heic")
    pdf = SimpleUploadedFile("b.pdf", b"%PDF-1.7 x", content_type="application/pdf")
    good = SimpleUploadedFile("c.jpg", picture(), content_type="image/jpeg")
    every = {f"value-{code}": given.value for code, given in sheet(row).items()}
    typed = {
        **every, "value-visit_tidy": "no", "note-visit_tidy": "地上有水", "value-own1": "门口没有灯", "words": "还行",
        "photo-visit_tidy": heic, "photo-own1": pdf, "photo-visit_find": good, "hand_in": "1",
    }  # fmt: skip
    refused = phone.post(page, typed)
    shown = refused.content.decode()
    assert refused.status_code == 422
    for words in ("地上有水", "门口没有灯", "还行", "“问题 1”的照片没有收下", "填写的内容都存下了"):
        assert words in shown, words
    assert (
        next(one.text for one in queries.questions_of(row) if one.code == "visit_tidy")
        in shown.split("照片没有收下")[0]
    )
    row.refresh_from_db()
    assert (row.state, row.words) == ("planned", "还行"), "it is not handed in without its photographs"
    assert row.answers.get(question="visit_tidy").note == "地上有水"
    assert row.answers.get(question="own1").value == "门口没有灯"
    assert [one.question for one in row.photos.all()] == ["visit_find"], "the good one is kept"
    later = phone.get(page).content.decode()
    assert "地上有水" in later
    assert "门口没有灯" in later


@pytest.mark.django_db
def test_findings_are_replied_to_filtered_and_exported(desk: Desk) -> None:
    row = handed_in(desk)
    machine, own = row.findings.order_by("pk")
    ren, zhu, lin = desk.client("ren"), desk.client("zhu"), desk.client("lin")
    page = ren.get(f"/console/supervision/{row.number}/").content.decode()
    assert "一号机黑屏" in page
    assert "厕所没有灯" not in page, "another body's finding"
    assert "总的不错" not in page
    photo = row.photos.get().pk
    assert ren.get(f"/console/supervision/{row.number}/photos/{photo}.jpg").status_code == 200
    assert desk.client("shui").get(f"/console/supervision/{row.number}/").status_code == 404
    ren.post(f"/console/supervision-findings/{machine.pk}/reply/", {"note": "已换电源"})
    ren.post(f"/console/supervision-findings/{machine.pk}/accept/", {"note": ""})
    machine.refresh_from_db()
    assert machine.state == "replied", "who replied does not accept"
    zhu.post(f"/console/supervision-findings/{machine.pk}/accept/", {"note": ""})
    lin.post(f"/console/supervision-findings/{own.pk}/improvement/")
    assert Improvement.objects.get().problem == "厕所没有灯"
    assert zhu.post(f"/console/supervision-findings/{own.pk}/nonsense/").status_code == 404
    own.due_at = timezone.now() - DAY
    own.save(update_fields=["due_at"])
    late = zhu.get("/console/supervision-findings/?state=late").content.decode()
    assert "厕所没有灯" in late
    assert "一号机黑屏" not in late
    assert "已超期" in late
    assert row.number in zhu.get("/console/supervision/?state=late&sort=-found").content.decode()
    for address in ("supervision", "supervision-findings"):
        assert zhu.get(f"/console/{address}/?export=xlsx").content[:2] == b"PK"


class TestInChromium:
    """What a person sees."""

    pytestmark = browser

    @pytest.mark.parametrize("size", SIZES)
    def test_the_pages_are_accessible_and_fit(
        self, night: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
    ) -> None:
        row = handed_in(night)
        waiting, token = planned(
            night.actor("zhu"), night.hall, timezone.now(), timezone.localdate(), "experience", role="体验官"
        )
        done_token = actions.renew_link(night.actor("zhu"), row, timezone.now())
        desk = {
            "list": "/console/supervision/",
            "new": "/console/supervision/new/",
            "done": f"/console/supervision/{row.number}/",
            "waiting": f"/console/supervision/{waiting.number}/",
            "findings": "/console/supervision-findings/",
        }
        public = {"sheet": f"/visit/{token}/", "handed-in": f"/visit/{done_token}/", "over": "/visit/nothing/"}

        def look(chromium: Browser) -> list[str]:
            errors: list[str] = []
            page, wrong = open_page(chromium, size, errors), []
            for name, path in public.items():
                page.goto(live_server.url + path)
                page.screenshot(path=artifacts / f"supervision-public-{name}-{size}.png", full_page=True)
                wrong += judge(page, name)
            sign_in(page, live_server.url, "zhu")
            for name, path in desk.items():
                page.goto(live_server.url + path)
                page.screenshot(path=artifacts / f"supervision-{name}-{size}.png", full_page=True)
                wrong += judge(page, name)
            return wrong + [one for one in errors if "status of 404" not in one]

        assert in_chromium(look) == []

    def test_a_delegate_fills_it_in_on_a_phone(
        self, night: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, tmp_path: Path
    ) -> None:
        row, token = visit_in(night)
        file = tmp_path / "wet.jpg"
        file.write_bytes(picture())
        asked = [one.text for one in queries.questions_of(row)]

        def walk(chromium: Browser) -> list[str]:
            errors: list[str] = []
            phone = open_page(chromium, "phone", errors)
            phone.goto(f"{live_server.url}/visit/{token}/")
            assert phone.locator("input:checked").count() == 0, "nothing is chosen beforehand"
            assert not phone.locator(".why").first.is_visible()
            for text in asked:
                group = phone.get_by_role("group", name=re.compile(re.escape(text)))
                group.get_by_role("radio", name="异常" if "乱贴" in text else "正常").check()
            assert phone.locator(".why:visible").count() == 1
            phone.locator(".why:visible").get_by_label("看到什么").fill("地上有水")
            phone.locator(".why:visible").get_by_label("照片").set_input_files(file)
            phone.get_by_text("问题 1").click()
            phone.get_by_label("是什么问题").first.fill("厕所没有灯")
            phone.screenshot(path=artifacts / "supervision-public-filled-phone.png", full_page=True)
            wrong = judge(phone, "filled")
            phone.get_by_role("button", name="先存起来").click()
            phone.get_by_text("已存下").wait_for()
            wrong += judge(phone, "saved")
            phone.get_by_role("button", name="交上，不再改").click()
            phone.get_by_text("谢谢您").wait_for()
            wrong += judge(phone, "thanks")

            desk = open_page(chromium, "desk", errors)
            sign_in(desk, live_server.url, "lin")
            desk.goto(f"{live_server.url}/console/supervision-findings/?state=open")
            desk.get_by_role("link", name="厕所没有灯").click()
            form = desk.locator("li", has_text="厕所没有灯")
            form.get_by_label("答复：查到什么").fill("灯管已订，周五换。")
            form.get_by_role("button", name="答复").click()
            desk.get_by_text("待认可").first.wait_for()
            phone.reload()
            phone.get_by_text("灯管已订，周五换。").wait_for()
            return wrong + errors

        assert in_chromium(walk) == []
        row.refresh_from_db()
        assert (row.state, row.well, row.failed, row.findings.count(), row.photos.count()) == ("done", 9, 1, 2, 1)
