"""What goes into an evidence pack and what does not: audit lines by kind, typed names, days, the line of the making."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from tests.center.hall import SYSTEM, Hall
from tests.center.maintenance.test_evidence import files_of, make, rows_of

from budayang.center.maintenance import evidence as rows_here
from budayang.center.maintenance import work_actions
from budayang.center.maintenance.models import HoursDay, WorkOrder
from budayang.center.platform import audit, evidence
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import AuditLine
from budayang.center.terminals import stock_actions
from budayang.center.terminals.evidence import about_area, about_terminal
from budayang.center.terminals.models import Stock
from budayang.cli import evidence_make
from budayang.cli.messages import Stop

pytestmark = pytest.mark.django_db
OWN_MATTERS = ("case", "joint", "payment", "roster", "lost", "view", "viewing", "report", "staff", "message", "upload")
FACTS = ("terminal", "stop", "round", "incident", "order", "notice")


def shown(files: dict[str, bytes]) -> set[str]:
    rows = [json.loads(line) for line in files["chain.jsonl"].splitlines()]
    return {json.loads(row["record"])[4] for row in rows if "record" in row}


def test_only_lines_about_facts_are_shown(hall: Hall, now: datetime) -> None:
    with transaction.atomic():
        for kind in (*OWN_MATTERS, *FACTS, "kind_of_tomorrow"):
            record(SYSTEM, "test.act", subject=f"{kind}:PROBE-1", place_path=hall.area.place.path, at=now)
    files = files_of(make(hall, now, area=True))
    assert {one for one in shown(files) if one.endswith(":PROBE-1")} == {f"{kind}:PROBE-1" for kind in FACTS}
    told = json.loads(files["manifest.json"])["chain"]["lines"]
    held = {str(one.seq): audit.sm3(one.record.encode()) for one in AuditLine.objects.filter(seq__in=told)}
    assert told == held


def test_a_part_that_somebody_typed_is_a_mark(hall: Hall, now: datetime) -> None:
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now, now)
    order = WorkOrder.objects.get()
    work_actions.use_part(hall.actor("lin"), order, name="张先生送的轮", amount=1, unit="李家个", cost_fen=1, now=now)
    stock_actions.receive(SYSTEM, organization=order.organization, area="KBS", consumable="a4", amount=5, now=now)
    of_stock = work_actions.use_stock(SYSTEM, order, stock_id=Stock.objects.get().pk, amount=3, cost_fen=2, now=now)
    files = files_of(make(hall, now))
    assert "张先生" not in "".join(content.decode() for content in files.values())
    (row,) = rows_of(files, "orders")
    assert [(one["name"], one["unit"]) for one in row["parts"]] == [  # type: ignore[attr-defined]  # JSON
        (evidence.words_mark("张先生送的轮"), evidence.words_mark("李家个")),
        (of_stock.name, of_stock.unit),
    ]


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Asia/Shanghai")])
def test_hours_are_those_of_the_days_asked_for(hall: Hall, zone: ZoneInfo) -> None:
    here = ZoneInfo("Asia/Shanghai")
    for day in range(1, 6):
        HoursDay.objects.create(
            terminal=hall.terminal, area=hall.area, owner=hall.bodies["RS"], place_path=hall.area.place.path,
            on=date(2026, 11, day), computed_at=datetime(2026, 11, 9, tzinfo=UTC),
        )  # fmt: skip
    start, end = datetime(2026, 11, 2, tzinfo=here), datetime(2026, 11, 4, tzinfo=here)
    about = about_terminal(SYSTEM, "KBS-01", start.astimezone(zone), end.astimezone(zone))
    assert [one["on"] for one in rows_here.hours(SYSTEM, about)] == ["2026-11-02", "2026-11-03"]


def test_two_makings_at_once_have_their_own_lines(hall: Hall, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    about = about_area(SYSTEM, "KBS", now - timedelta(hours=1), now)

    def and_another(actor: Actor, action: str, **told: object) -> None:
        record(actor, action, **told)  # type: ignore[arg-type]  # handed on as it came
        record(actor, action, **(told | {"details": {"manifest": "b" * 64}}))  # type: ignore[arg-type]  # likewise

    monkeypatch.setattr(evidence, "record", and_another)
    made = evidence._record(SYSTEM, about, "a" * 64, now)
    assert made.details["manifest"] == "a" * 64


def test_the_command_leaves_a_whole_file_or_none(
    hall: Hall, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parser = argparse.ArgumentParser()
    evidence_make.add_arguments(parser)
    out = tmp_path / "made.zip"
    given = ["--terminal", "KBS-01", "--from", "2026-11-01", "--to", "2026-11-02", "--out"]

    def busy(_actor: object, _about: object, file: object, **_more: object) -> str:
        assert not out.exists(), "nothing half stands under the name"
        file.write(b"half")  # type: ignore[attr-defined]  # an open file
        raise Refused("审计链正忙")

    monkeypatch.setattr(evidence_make, "make_pack", busy)
    with pytest.raises(Stop, match="正忙"):
        evidence_make.run(parser.parse_args([*given, str(out)]))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Stop, match="写不了"):
        evidence_make.run(parser.parse_args([*given, str(tmp_path / "nowhere" / "made.zip")]))


def test_a_busy_chain_says_what_was_written(hall: Hall, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "_seal", lambda _keys, _now: None)
    with pytest.raises(Refused, match="留下了这次制作的记录"):
        make(hall, now)
    assert AuditLine.objects.filter(action="platform.make_evidence").count() == 1
