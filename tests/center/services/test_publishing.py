"""Terminals are told what changed, once, and what they are told makes them judge as the center does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.center.services_cast import ALL_WEEK, SYSTEM, set_state

from budayang.center.areas import actions as areas
from budayang.center.services import actions, jobs, judging, marks, publishing, queries
from budayang.center.services.models import Published
from budayang.center.terminals.actions import register_terminal
from budayang.center.terminals.models import Outgoing, Terminal
from budayang.search import Index


class News:
    """A transition as consumers read it."""

    def __init__(self, kind: str, **payload: Any) -> None:
        self.kind, self.payload, self.place_path = kind, payload, payload.pop("place_path", "")


def sent(kind: str, terminal: Terminal) -> list[dict[str, Any]]:
    return [row.body for row in Outgoing.objects.filter(terminal=terminal, kind=kind).order_by("pk")]


@pytest.fixture
def told(judged: datetime) -> datetime:
    """Everything was sent once."""
    assert publishing.publish_due(judged) == 4
    return judged


def test_the_same_is_not_sent_twice(told: datetime) -> None:
    assert publishing.publish_due(told) == 0
    assert publishing.publish_catalogue(SYSTEM, told + timedelta(seconds=1)) == 0
    assert publishing.publish_due(told + timedelta(minutes=5)) == 0


def test_a_department_s_own_machine_is_told_nothing(told: datetime, jia: Terminal) -> None:
    watched = register_terminal(SYSTEM, code="JIA-11", name="专机", area=jia.area.code, owner=jia.owner.code,
                                kind="watched", now=told)  # fmt: skip
    Terminal.objects.filter(pk=watched.pk).update(state="active")
    Published.objects.create(terminal=watched, kind="catalogue", due_at=told)  # as an earlier edition left it
    assert publishing.publish_due(told + timedelta(seconds=1)) == 0
    assert not Outgoing.objects.filter(terminal=watched).exists()


def test_a_catalogue_holds_what_the_terminal_needs_to_judge(told: datetime, jia: Terminal) -> None:
    body = sent("catalogue", jia)[0]
    item = next(one for one in body["items"] if one["code"] == "ZZ001")
    assert item["calendar"] == "RS:ZZ001"
    assert item["needs"] == ["idReader", "printer"]
    assert item["schema"]["properties"]
    assert body["calendars"]["RS:ZZ001"]["confirmed"] is True
    index = Index.from_json(body["index"])
    assert [hit.item_code for hit in index.find("sbzm")][:1] == ["ZZ001"]
    assert body["consent"]["lines"]


def test_confirmed_hours_reach_the_terminal(told: datetime, jia: Terminal) -> None:
    row = actions.set_department_hours(SYSTEM, "SF", item_code="ZZ130", weekly=ALL_WEEK, source="测试")
    later = told + timedelta(hours=2)
    publishing.publish_due(later)
    actions.confirm_hours(SYSTEM, row.pk, confirmed_by="司法局", now=later + timedelta(seconds=1))
    assert publishing.publish_due(later + timedelta(seconds=2)) > 0
    assert sent("catalogue", jia)[-1]["calendars"]["SF:ZZ130"]["confirmed"] is True


def test_paper_out_elsewhere_changes_where_people_are_sent(told: datetime, jia: Terminal, yi: Terminal) -> None:
    assert sent("availability", jia)[0]["alternatives"]["ZZ001"][0]["terminal"] == "YJHL-01"
    set_state(yi, "printer", "paper.upper", "out", told)
    later = told + timedelta(seconds=1)
    jobs.hear_terminals([News("terminals.status", terminal="YJHL-01", before="full")], later)
    assert publishing.publish_due(later) == 1  # 甲 alone: what 乙 may send people to did not change
    assert "ZZ001" not in sent("availability", jia)[-1]["alternatives"]
    assert len(sent("availability", yi)) == 1


def test_an_announced_stop_is_judged_and_told_at_once(told: datetime, jia: Terminal, yi: Terminal) -> None:
    later = told + timedelta(seconds=1)
    areas.plan_stop(
        SYSTEM,
        place=jia.area.place,
        starts_at=told - timedelta(minutes=1),
        ends_at=told + timedelta(hours=1),
        reason="检修",
        now=told,
    )
    jobs.hear_areas([News("areas.stop_planned", place_path=jia.area.place.path)], later)
    jobs.judge_due(later)
    publishing.publish_due(later)
    assert [stop["reason"] for stop in sent("availability", jia)[-1]["stops"]] == ["检修"]
    assert sent("availability", yi)[-1]["stops"] == []
    assert queries.where("ZZ001", later)[0].terminal == yi


def test_a_stop_is_told_ahead_in_words_and_a_part_takes_only_its_items(
    told: datetime, jia: Terminal, yi: Terminal
) -> None:
    start, later = told + timedelta(days=3), told + timedelta(seconds=1)
    areas.plan_stop(
        SYSTEM, place=jia.area.place, starts_at=start, ends_at=start + timedelta(hours=8), reason="换定影组件",
        now=told, component="printer",
    )  # fmt: skip
    jobs.hear_areas([News("areas.stop_planned", place_path=jia.area.place.path)], later)
    jobs.judge_due(later)
    publishing.publish_due(later)
    body = sent("availability", jia)[-1]
    assert {stop["scope"] for stop in body["stops"]} == {"item"}
    needing = {
        one.item.code for one in judging.active_offerings(terminal=jia) if "printer" in (one.needs or one.item.needs)
    }
    assert {stop["code"] for stop in body["stops"]} == needing
    planned = body["planned"][0]
    assert planned["from"] == (start - timedelta(hours=48)).isoformat()
    assert planned["until"] == start.isoformat()
    assert "本自助区 打印机暂停服务：换定影组件" in planned["text"]
    assert sent("availability", yi)[-1].get("planned") == []


def test_a_department_down_reaches_every_terminal(told: datetime, jia: Terminal, yi: Terminal) -> None:
    for _one in range(2):
        actions.note_connector("RS", ok=False, why="down", now=told)
    later = told + timedelta(seconds=1)
    jobs.hear_connectors([News("services.connector", department="RS")], later)
    jobs.judge_due(later)
    assert publishing.publish_due(later) == 2
    assert sent("availability", yi)[-1]["connectors"]["RS"]["state"] == "down"


def test_a_terminal_that_enrolled_anew_gets_everything_again(told: datetime, jia: Terminal) -> None:
    later = told + timedelta(seconds=1)
    jobs.hear_terminals([News("terminals.enrolled", terminal="KBS-01")], later)
    assert publishing.publish_due(later) == 2
    assert len(sent("catalogue", jia)) == 2


def test_news_while_a_message_is_built_is_not_lost(
    told: datetime, jia: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = told + timedelta(minutes=2)
    row = publishing.Published.objects.get(terminal=jia, kind="availability")

    def build(terminal_id: int, now: datetime) -> dict[str, Any]:
        publishing.Published.objects.filter(pk=row.pk).update(due_at=later)  # the rival's mark
        return {}

    monkeypatch.setitem(publishing.BUILDERS, "availability", build)  # type: ignore[arg-type]
    publishing.publish(row, later)
    row.refresh_from_db()
    assert row.due_at == later


def test_news_of_what_is_due_already_is_not_lost_while_it_is_built(told: datetime, jia: Terminal) -> None:
    """It was marked, is being built, and is marked again before it is sent."""
    later = told + timedelta(seconds=5)
    marks.mark(marks.CATALOGUE, later)
    row = Published.objects.get(terminal=jia, kind="catalogue")

    def build(terminal_id: int, now: datetime) -> dict[str, Any]:
        body = publishing.catalogue_of(terminal_id, now)
        marks.mark(marks.CATALOGUE, now)
        return body

    publishing.publish(row, later, build)
    row.refresh_from_db()
    assert row.due_at <= later + timedelta(milliseconds=1)


def test_the_center_and_what_it_sends_agree_on_stops(told: datetime, jia: Terminal) -> None:
    body = publishing.availability_of(jia.pk, told)
    assert body["stops"] == []
    offered = {item["code"] for item in publishing.catalogue_of(jia.pk, told)["items"]}
    assert set(queries.verdicts(jia.pk, told)) == offered
