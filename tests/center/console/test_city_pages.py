"""Overview, wall, fleet list and terminal page: what they tell, to whom, and with how many queries."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.center.console.the_desk import Desk
from tests.center.hall import SYSTEM

from budayang.center.areas.models import Area, PlannedStop
from budayang.center.console.wall import grid_of
from budayang.center.maintenance.hours_recent import compute_recent, hour_of
from budayang.center.maintenance.models import DutyMember, DutyShift, Incident
from budayang.center.platform.templatetags.platform_format import moment
from budayang.center.terminals import actions as terminals
from budayang.center.terminals.models import GRAVITY, Terminal, TerminalNow
from budayang.center.terminals.summary_actions import recompute
from budayang.center.terminals.summary_queries import count_by_area


def get(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def codes(html: str) -> list[str]:
    """Codes of the terminals of a list, in order."""
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        part.partition('"')[0].strip("/").rpartition("/")[2] for part in body.split('href="/console/terminals/')[1:]
    ]


def grow(desk: Desk, count: int, now: datetime, area: str = "KBS") -> list[Terminal]:
    """More terminals at work, of RS."""
    made = [
        terminals.register_terminal(
            SYSTEM, code=f"G-{area}-{n:03}", name=f"{n} 号", area=area, owner="RS", vendor="VN1", now=now
        )
        for n in range(count)
    ]
    Terminal.objects.filter(pk__in=[one.pk for one in made]).update(
        state="active", enrolled_at=now - timedelta(hours=5), last_seen_at=now
    )
    recompute([one.pk for one in made], now)
    return made


def queries_of(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        get(client, address)
    return len(caught)


def test_the_overview_answers_its_questions_from_counts(desk: Desk, today: datetime) -> None:
    hall = desk.hall
    hall.tell(hall.terminal, "printer", "paper.upper", "out", today - timedelta(minutes=9), today)
    hall.silence(hall.other, today - timedelta(minutes=3), today)
    compute_recent(today)
    shift = DutyShift.objects.create(
        organization=hall.bodies["ZW1"], place=hall.area.place, name="全天", days="every", opens=time(0),
        closes=time(0), starts_on=today.date() - timedelta(days=3),
    )  # fmt: skip
    DutyMember.objects.create(shift=shift, staff=hall.staff["lin"], position=0)
    PlannedStop.objects.create(
        place=hall.area.place, kind="site", starts_at=today - timedelta(hours=1), ends_at=today + timedelta(hours=1),
        last_ends_at=today + timedelta(hours=1), reason="地面打蜡", announced_at=today - timedelta(days=2),
        announced_by="zhu", next_change_at=today + timedelta(hours=1), running_since_at=today - timedelta(hours=1),
    )  # fmt: skip
    html = get(desk.client("zhu"), "/console/")
    assert "缺纸" in html
    assert "地面打蜡" in html
    assert "正在停用" in html
    assert "测试甲" in html
    assert "没有人值班" not in html
    assert "康巴什区自助区" in html.split("承诺与实际可用")[1], "the strip names the area"
    counted = count_by_area(desk.actor("zhu"))[hall.area.pk]
    assert (counted["silent"], counted["fault"]) == (1, 1)


def test_a_gap_of_the_roster_says_its_days_and_no_end_that_nobody_knows(desk: Desk, today: datetime) -> None:
    hall = desk.hall
    here = today.astimezone(ZoneInfo("Asia/Shanghai"))
    leaves, comes = (here + timedelta(hours=2)).time(), (here + timedelta(hours=20)).time()
    shift = DutyShift.objects.create(
        organization=hall.bodies["ZW1"], place=hall.area.place, name="长班", days="every", opens=comes, closes=leaves,
        starts_on=here.date() - timedelta(days=3),
    )  # fmt: skip
    DutyMember.objects.create(shift=shift, staff=hall.staff["lin"], position=0)
    start, end = moment(here + timedelta(hours=2)), moment(here + timedelta(hours=20))
    assert f"{start}—{end} 没有人" in get(desk.client("zhu"), "/console/")
    shift.ends_on = here.date()
    shift.save()
    html = get(desk.client("zhu"), "/console/")
    assert f"{start} 起没有人" in html
    assert f"{start}—" not in html


def test_an_owner_unit_sees_its_own_machines_on_overview_wall_and_list(desk: Desk, today: datetime) -> None:
    hall = desk.hall
    hall.tell(hall.terminal, "printer", "paper.upper", "out", today - timedelta(minutes=9), today)
    compute_recent(today)
    mine, theirs = desk.client("ren"), desk.client("shui")
    assert sum(count_by_area(desk.actor("shui"))[hall.area.pk].values()) == 1
    for page in ("/console/", "/console/wall/"):
        assert "缺纸" in get(mine, page), page
        assert "缺纸" not in get(theirs, page), page
    assert codes(get(mine, "/console/terminals/")) == ["KBS-01"]
    assert codes(get(theirs, "/console/terminals/")) == ["KBS-02"]


def test_administrators_have_no_wall(desk: Desk) -> None:
    for name in ("sys", "sec", "aud"):
        assert desk.client(name).get("/console/wall/").status_code == 403
        assert desk.client(name).get("/console/live/").content == b""


@pytest.mark.parametrize(
    "address", ["/console/", "/console/wall/", "/console/terminals/", "/console/terminals/KBS-01/?span=30d"]
)
def test_queries_do_not_grow_with_the_city(desk: Desk, today: datetime, address: str) -> None:
    """What may be asked of the database for one page, whatever the number of terminals: pinned as a bound."""
    most = {"/console/": 34, "/console/wall/": 36, "/console/terminals/": 24}.get(address, 48)
    hall, client = desk.hall, desk.client("zhu")
    hall.tell(hall.terminal, "printer", "paper.upper", "out", today - timedelta(minutes=9), today)
    few = grow(desk, 3, today)
    for one in few[:2]:
        hall.tell(one, "printer", "paper.upper", "out", today - timedelta(minutes=5), today)
    compute_recent(today)
    first = queries_of(client, address)
    many = grow(desk, 45, today, "HJ")
    for one in many[:12]:
        hall.tell(one, "printer", "paper.upper", "out", today - timedelta(minutes=5), today)
    compute_recent(today)
    assert queries_of(client, address) == first
    assert first <= most


def test_the_wall_tells_each_division_in_a_word(desk: Desk, today: datetime) -> None:
    hall = desk.hall
    hall.tell(hall.terminal, "printer", "paper.upper", "out", today - timedelta(minutes=9), today)
    compute_recent(today)
    html = get(desk.client("zhu"), "/console/wall/")
    assert "康巴什区：故障 1 起" in html
    assert "杭锦旗：没有终端" in html
    assert "示意" in html
    assert 'class="side"' not in html, "no navigation on a wall"
    Incident.objects.update(severity="urgent")
    assert "康巴什区：紧急 1 起" in get(desk.client("zhu"), "/console/wall/live/")


def test_tiles_lie_as_the_places_do() -> None:
    north_west, north_east, south = (40.0, 108.0), (40.1, 111.0), (38.0, 109.0)
    assert grid_of([south, north_east, None, north_west], 2) == [(0, 1), (1, 0), (1, 1), (0, 0)]
    assert grid_of([None, None, None], 2) == [(0, 0), (1, 0), (0, 1)]


def test_the_fleet_shows_the_worst_first_and_says_why(desk: Desk, today: datetime) -> None:
    hall, client = desk.hall, desk.client("zhu")
    hall.tell(hall.other, "printer", "toner", "low", today - timedelta(minutes=9), today)
    grow(desk, 1, today)
    html = get(client, "/console/terminals/")
    assert codes(html)[0] == "KBS-02"
    assert "碳粉" in html
    hall.silence(hall.terminal, today - timedelta(minutes=3), today)
    assert codes(get(client, "/console/terminals/"))[:2] == ["KBS-01", "KBS-02"], "silent before anything else"
    assert codes(get(client, "/console/terminals/?sort=-state"))[-1] == "KBS-01"


def test_the_fleet_is_narrowed_by_what_is_wrong_and_where(desk: Desk, today: datetime) -> None:
    hall, client = desk.hall, desk.client("zhu")
    hall.tell(hall.other, "printer", "toner", "low", today - timedelta(minutes=9), today)
    Terminal.objects.filter(pk=hall.other.pk).update(software="1.2.3", make="甲型")
    for query, found in (
        ("now=warning", ["KBS-02"]), ("part=printer", ["KBS-02"]), ("part=scanner", []), ("region=150603", 2),
        ("region=150625", []), ("software=1.2.3", ["KBS-02"]), ("make=甲型", ["KBS-02"]), ("kind=watched", []),
        ("now=silent", []), ("vendor=VN1&sort=code", ["KBS-01", "KBS-02"]),
    ):  # fmt: skip
        shown = codes(get(client, f"/console/terminals/?{query}"))
        assert (len(shown) if isinstance(found, int) else shown) == found, query


def test_gravity_follows_life_link_and_devices(desk: Desk, today: datetime) -> None:
    hall = desk.hall

    def word() -> str:
        recompute([hall.terminal.pk], today)
        return GRAVITY[TerminalNow.objects.get(pk=hall.terminal.pk).gravity]

    assert word() == "unknown", "nothing was told: never shown as well"
    hall.tell(hall.terminal, "printer", "paper.upper", "out", today - timedelta(minutes=9), today)
    assert word() == "fault"
    Terminal.objects.filter(pk=hall.terminal.pk).update(silent_since=today)
    assert word() == "silent"
    terminals.suspend(SYSTEM, hall.terminal.pk, today, reason="搬动")
    assert word() == "suspended"
    terminals.retire(SYSTEM, hall.terminal.pk, today)
    assert GRAVITY[TerminalNow.objects.get(pk=hall.terminal.pk).gravity] == "retired"
    assert sum(count_by_area(desk.actor("zhu"))[hall.area.pk].values()) == 1


def test_a_long_list_is_not_counted_to_its_end(desk: Desk, today: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("budayang.center.console.listing.COUNTED", 100)
    grow(desk, 120, today)
    html = get(desk.client("zhu"), "/console/terminals/?sort=code&page=2")
    assert "超过 100 条，正看第 51—100 条" in html
    assert "缩小范围" in html
    assert "共 1 条" in get(desk.client("zhu"), "/console/terminals/?owner=SW"), "a short one is counted exactly"


def test_a_terminals_timeline_marks_faults_stops_and_commands(desk: Desk, today: datetime) -> None:
    hall, client = desk.hall, desk.client("zhu")
    hall.tell(hall.terminal, "printer", "paper.upper", "out", today - timedelta(days=3), today)
    PlannedStop.objects.create(
        place=hall.area.place, kind="site", starts_at=today - timedelta(hours=5), ends_at=today - timedelta(hours=4),
        last_ends_at=today - timedelta(hours=4), reason="地面打蜡", announced_at=today - timedelta(days=2),
        announced_by="zhu",
    )  # fmt: skip
    day = get(client, "/console/terminals/KBS-01/")
    assert "地面打蜡" in day
    assert "未了结的故障" in day
    assert day.count("m-incident") == 1
    month = get(client, "/console/terminals/KBS-01/live/?span=30d")
    assert "30 天" in month
    assert "?span=30d" in month, "the live part keeps the chosen time"
    assert "span=24h" in get(client, "/console/terminals/KBS-01/live/?span=nonsense")


def test_hours_added_up_are_the_hours(desk: Desk, today: datetime) -> None:
    """What the overview reads is what the hours say, and an area without machines any more goes."""
    hall, client = desk.hall, desk.client("zhu")
    hall.silence(hall.terminal, today - timedelta(hours=2), today)
    compute_recent(today)
    html = get(client, "/console/")
    assert f"{timezone.localtime(hour_of(today) - timedelta(hours=1)):%H}:00" in html, "the lost hour is told"
    Area.objects.filter(pk=hall.far_area.pk).update(latitude=40.1, longitude=107.0)
    assert "按方位示意" in get(client, "/console/wall/")
