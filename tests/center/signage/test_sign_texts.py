"""What signs say: written by one, approved by another; rule sets by a document's number; official symbols cleaned."""

from __future__ import annotations

import io
from datetime import date, datetime

import pytest
from PIL import Image
from tests.center.hall import PASSWORD, SYSTEM, Hall

from budayang.center.platform import actions as platform
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden, Role
from budayang.center.platform.models import AuditLine
from budayang.center.platform.queries import actor_of
from budayang.center.signage import composition_actions, text_actions, text_queries
from budayang.center.signage.models import OfficialSymbol, SignText
from budayang.center.signage.svg_cleaning import NotADrawing, clean_svg
from budayang.data.sign_kinds import SYMBOL_MARK, sign_kinds
from budayang.rules.signs.composing import Language

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 23)
SAMPLE = "ᠨᠣᠮ ᠤᠰᠤ"  # a layout sample of common nouns (book, water), not the text of any sign


@pytest.fixture
def boss(hall: Hall, now: datetime) -> Actor:
    person = platform.add_staff(SYSTEM, username="zhu", name="测试主管", password=PASSWORD)
    platform.grant_role(SYSTEM, person, Role.SUPERVISOR, hall.city, now=now)
    return actor_of(person)


def write(hall: Hall, who: Actor, now: datetime, text: str = SAMPLE, language: str = "mn") -> SignText:
    return text_actions.write_text(who, hall.area.place, "entrance", language, text, source="测试译员，样例", now=now)


def lines(hall: Hall) -> dict[Language, tuple[str, bool]]:
    kind = sign_kinds()["entrance"]
    found = text_queries.wording_at(hall.area.place.path).lines("entrance", message=kind.message, english=kind.english)
    return {line.language: (line.text, line.approved) for line in found}


def test_no_mongolian_is_there_until_a_person_wrote_it_and_another_approved_it(
    hall: Hall, boss: Actor, now: datetime
) -> None:
    assert Language.MN not in lines(hall)
    row = write(hall, hall.actor("lin"), now)
    assert lines(hall)[Language.MN] == (SAMPLE, False)
    text_actions.approve_text(boss, row, now=now)
    assert lines(hall)[Language.MN] == (SAMPLE, True)
    assert (row.approved_by.username if row.approved_by else "") == "zhu"
    actions = list(
        AuditLine.objects.filter(action__startswith="signage.").order_by("id").values_list("action", flat=True)
    )
    assert actions == ["signage.write_text", "signage.approve_text"]


def test_who_wrote_it_does_not_approve_it_nor_one_without_the_right(hall: Hall, boss: Actor, now: datetime) -> None:
    own = write(hall, boss, now)
    with pytest.raises(Refused, match="另一位"):
        text_actions.approve_text(boss, own, now=now)
    with pytest.raises(Forbidden):
        text_actions.approve_text(hall.actor("lin"), own, now=now)
    with pytest.raises(Forbidden):
        write(hall, hall.actor("ou"), now)
    assert SignText.objects.get().state == SignText.State.WRITTEN


def test_a_new_text_takes_the_place_of_the_old_one_once_approved(hall: Hall, boss: Actor, now: datetime) -> None:
    lin = hall.actor("lin")
    first = text_actions.approve_text(boss, write(hall, lin, now, "进口", "zh"), now=now)
    second = write(hall, lin, now, "入口处", "zh")
    assert lines(hall)[Language.ZH] == ("进口", True), "what waits does not push out what was approved"
    with pytest.raises(Refused, match="待审定"):
        write(hall, lin, now, "别的", "zh")
    text_actions.approve_text(boss, second, now=now)
    first.refresh_from_db()
    assert first.state == SignText.State.WITHDRAWN
    text_actions.withdraw_text(boss, second, now=now)
    assert lines(hall)[Language.ZH] == ("入口", True), "the catalogue's own word stands again"
    with pytest.raises(Refused, match="已撤下"):
        text_actions.approve_text(boss, second, now=now)


@pytest.mark.parametrize(
    ("change", "says"),
    [({"kind": "x"}, "标志"), ({"language": "fr"}, "语种"), ({"text": " "}, "文字"), ({"source": ""}, "来源"),
     ({"text": "𠮷"}, "印不出来"), ({"text": "字" * 201}, "200")],
)  # fmt: skip
def test_a_text_that_cannot_stand_is_refused(hall: Hall, now: datetime, change: dict[str, str], says: str) -> None:
    told = {"kind": "entrance", "language": "mn", "text": "x", "source": "y", **change}
    with pytest.raises(Refused, match=says):
        text_actions.write_text(
            hall.actor("lin"), hall.area.place, told["kind"], told["language"], told["text"], source=told["source"],
            now=now,
        )  # fmt: skip


def test_a_rule_set_counts_only_by_a_documents_number_from_its_day_where_it_was_entered(
    hall: Hall, boss: Actor, now: datetime
) -> None:
    path = hall.area.place.path
    told = {"valid_from": DAY, "horizontal": "above", "percent": 100, "now": now}
    assert text_queries.find_rule(path, DAY) is None
    with pytest.raises(Refused, match="文号"):
        composition_actions.put_in_force(boss, hall.city, "mn_1996", document=" ", **told)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        composition_actions.put_in_force(hall.actor("lin"), hall.city, "mn_1996", document="x", **told)  # type: ignore[arg-type]
    row = composition_actions.put_in_force(boss, hall.city, "mn_1996", document="样例〔2026〕1号", **told)  # type: ignore[arg-type]
    found = text_queries.find_rule(path, DAY)
    assert found is not None
    assert (found.rule.code, found.document) == ("mn_1996", "样例〔2026〕1号")
    assert text_queries.find_rule(path, date(2026, 11, 22)) is None
    assert text_queries.find_rule("/elsewhere/", DAY) is None
    with pytest.raises(Refused, match="先停用"):
        composition_actions.put_in_force(boss, hall.city, "zh_2026", document="y", **told)  # type: ignore[arg-type]
    composition_actions.end_rule(boss, row, DAY, now=now)
    assert text_queries.find_rule(path, DAY) is None
    with pytest.raises(Refused, match="已经停用"):
        composition_actions.end_rule(boss, row, DAY, now=now)
    assert row.place.path in AuditLine.objects.get(action="signage.end_rule").place_path


EVIL = """<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 width="40" height="40" onload="alert(1)"><script>alert(1)</script><style>@import url(http://x/)</style>
 <image xlink:href="http://x/y.png"/><foreignObject><p/></foreignObject><a href="javascript:x"><rect width="1"/></a>
 <g style="fill:#c00;background:url(http://x/)"><path d="M0 0h40v40z" onclick="x" stroke="url(http://x/)"/></g></svg>"""


def test_of_an_svg_only_shapes_and_colours_stay() -> None:
    cleaned = clean_svg(EVIL.encode())
    assert 'viewBox="0 0 40 40"' in cleaned
    assert '<path d="M0 0h40v40z"' in cleaned
    assert 'fill="#c00"' in cleaned
    for word in ("script", "http://x", "onclick", "onload", "style", "image", "javascript", "foreignObject"):
        assert word not in cleaned
    bomb = '<!DOCTYPE s [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">&a;</svg>'
    for wrong in (b"", b"<html/>", bomb.encode(), b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'):
        with pytest.raises(NotADrawing):
            clean_svg(wrong)


def test_official_artwork_takes_the_place_of_our_drawing_and_names_its_source(
    hall: Hall, boss: Actor, now: datetime
) -> None:
    picture = io.BytesIO()
    Image.new("RGBA", (20, 20), (200, 0, 0, 255)).save(picture, "PNG")
    for content, media in ((EVIL.encode(), "image/svg+xml"), (picture.getvalue(), "image/png")):
        row = composition_actions.import_symbol(
            boss, hall.city, "entrance", content, source="GB/T 10001.1-2023 样例", now=now
        )
        assert row.media == media
    (kept,) = OfficialSymbol.objects.filter(withdrawn_at__isnull=True)
    assert kept.media == "image/png"
    with pytest.raises(Refused, match="SVG"):
        composition_actions.import_symbol(boss, hall.city, "entrance", b"<svg/>", source="x", now=now)
    with pytest.raises(Refused, match="标准"):
        composition_actions.import_symbol(boss, hall.city, "entrance", EVIL.encode(), source=" ", now=now)
    assert SYMBOL_MARK not in kept.source
    composition_actions.withdraw_symbol(boss, kept, now=now)
    assert text_queries.wording_at(hall.area.place.path).symbols == {}
