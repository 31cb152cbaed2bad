"""The fleet against a real center: real HTTP, real processes, a plan whose truth is known."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from budayang.cli import fleet_report
from budayang.cli.main import main

# Plan 5 s, grace 8 s: a silence is one 13 s after the last word at the latest. Areas FL001 to FL004, 12 machines each;
# FL002 and FL004 have a UPS.
FAULTS: list[dict[str, Any]] = [
    {"kind": "area_power", "area": "FL001", "start_s": 5, "end_s": 27},
    {"kind": "area_power_battery", "area": "FL002", "start_s": 6, "end_s": 30},
    {"kind": "area_network", "area": "FL003", "start_s": 8, "end_s": 31},
    {"kind": "program_died", "terminal": "FL004-03", "start_s": 5, "end_s": 28},
    {"kind": "switched_off", "terminal": "FL004-04", "start_s": 9},
    {"kind": "paper_out", "terminal": "FL004-05", "start_s": 6, "end_s": 24},
    {"kind": "sent_twice", "terminal": "FL004-06", "start_s": 7, "end_s": 25},
    {"kind": "wrong_clock", "terminal": "FL004-07", "start_s": 8},
    {"kind": "copied_machine", "terminal": "FL004-08", "start_s": 9},
    {"kind": "late_history", "terminal": "FL004-09", "start_s": 10},
    {"kind": "late_standing", "terminal": "FL004-10", "start_s": 11},
    {"kind": "flapping", "terminal": "FL004-11", "start_s": 3, "end_s": 36},
    {"kind": "blip", "terminal": "FL004-12", "start_s": 10, "end_s": 16},
    {"kind": "new_disk", "terminal": "FL004-02", "start_s": 14},
]


def simulate(folder: Path, *words: str) -> dict[str, Any]:
    """Run the command; the report it prints."""
    command = [sys.executable, "-m", "budayang.cli.main", "simulate", "fleet", "--json", "--data-dir", str(folder)]
    done = subprocess.run([*command, *words], capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.processes
def test_a_center_finds_the_causes_and_nothing_else(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"faults": FAULTS}))
    report = simulate(
        tmp_path / "fleet", "--terminals", "48", "--area-size", "12", "--minutes", "0.75", "--plan-s", "5",
        "--grace-s", "8", "--faults", str(plan),
    )  # fmt: skip
    told = json.dumps({name: report[name] for name in ("missed", "false")}, indent=1)
    assert report["precision"] >= 0.98, told
    assert report["recall"] >= 0.98, told
    assert report["true_causes"] == 11
    assert not report["wrong_bucket"], report["wrong_bucket"]
    assert not report["blamed_owner_units"]
    assert report["load"]["errors"].keys() <= {"counter_reused", "suspended"}


@pytest.mark.processes
def test_where_nothing_is_wrong_nothing_is_found(tmp_path: Path) -> None:
    report = simulate(
        tmp_path / "fleet", "--terminals", "12", "--minutes", "0.25", "--plan-s", "5", "--grace-s", "8", "--faults",
        "quiet", "--require", "1",
    )  # fmt: skip
    assert (report["found_causes"], report["false_causes"]) == (0, 0)
    assert report["load"]["syncs"] > 12


def test_the_plan_is_shown_without_playing_it(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["simulate", "fleet", "--terminals", "80", "--minutes", "10", "--seed", "3", "--show-plan"]
    assert main(words) == 0
    first = capsys.readouterr().out
    assert main(words) == 0
    assert capsys.readouterr().out == first
    assert {"kind", "start_s", "end_s"} <= json.loads(first)["faults"][0].keys()


def test_a_plan_that_does_not_fit_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "fleet", "--minutes", "1"]) == 2
    assert "play longer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("precision", "recall", "latency", "holds"),
    [(0.98, 0.98, 31.0, True), (0.97, 1.0, 1.0, False), (1.0, 0.97, 1.0, False), (1.0, 1.0, 31.5, False)],
)
def test_what_is_required(precision: float, recall: float, latency: float, holds: bool) -> None:
    report = {"precision": precision, "recall": recall, "latency_p95_s": latency, "latency_bound_s": 31.0}
    assert fleet_report.holds(report, 0.98) is holds


def test_a_fleet_goes_into_a_demonstration_only(monkeypatch: pytest.MonkeyPatch) -> None:
    # The settings of the tests are those of a demonstration.
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "budayang.center.config.settings")
    monkeypatch.setenv("BUDAYANG_DEMO", "0")
    monkeypatch.setenv("BUDAYANG_PUBLIC_URL", "https://zwfw.example.cn")
    command = [sys.executable, "-m", "budayang.cli.main", "fleet", "found"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "BUDAYANG_DEMO=1" in done.stderr
