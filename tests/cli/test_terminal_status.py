"""`budayang terminal status`: the demonstration without a center, and one terminal of a center."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone
from tests.center import hall as halls

from budayang.center.terminals.models import IngestLease, Peripheral, Terminal
from budayang.cli import terminal_states
from budayang.cli.main import COMMANDS, main
from budayang.cli.messages import Stop


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_the_demonstration_needs_no_django() -> None:
    program = (
        "import sys; from budayang.cli.main import main;"
        "code = main(['terminal', 'status', '--demo', '--format', 'xfs4iot']);"
        "sys.exit(code or any(name.split('.')[0] == 'django' for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["header"]["requestId"] for one in found] == list(range(1, len(found) + 1))
    assert {one["payload"]["x-budayang"]["kind"] for one in found} >= {"printer", "idReader", "ups", "lights"}


def test_a_reader_that_stops_early_is_no_error() -> None:
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; '{sys.executable}' -m budayang.cli.main terminal status --demo | head -1"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_the_table_says_what_each_state_means_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["terminal", "status", "--demo"]) == 0
    out = lines(capsys)
    assert out[0].split()[:3] == ["部件", "项目", "状态"]
    assert len([line for line in out if "打印机缺纸" in line and "补充A4打印纸（clear）" in line]) == 1
    assert not [line for line in out if "自助服务程序" in line], "the terminal itself is no peripheral"


@pytest.mark.django_db
def test_one_terminal_of_a_center(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("budayang.cli.center.set_up", lambda: None)  # Django is set up by the tests
    now = timezone.now()
    hall = halls.build(now)
    at = now - timedelta(minutes=5)
    hall.tell(hall.terminal, "printer", "device", "online", at, now)
    hall.tell(hall.terminal, "printer", "paper.upper", "out", at, now)
    hall.tell(hall.terminal, "terminal", "application", "inService", at, now)
    Peripheral.objects.create(terminal=hall.terminal, subject="camera", kind="camera", first_seen_at=at, gone_since=at)
    assert main(["terminal", "status", "KBS-01"]) == 0
    out = lines(capsys)
    assert out[0].startswith("KBS-01")
    assert "自助终端在线；自助服务程序正常；设备：故障" in out[0]
    assert [line for line in out if "打印机缺纸" in line]
    assert [line for line in out if "不再上报，自" in line]
    assert main(["terminal", "status", "KBS-01", "--format", "xfs4iot"]) == 0
    found = {(one := json.loads(line))["payload"]["x-budayang"]["subject"]: one["payload"] for line in lines(capsys)}
    assert set(found) == {"printer", "camera"}
    assert found["printer"]["printer"]["paper"] == {"upper": "out"}
    assert found["printer"]["completionCode"] == "success"
    assert found["camera"]["common"] == {"device": "noDevice"}
    Terminal.objects.filter(pk=hall.terminal.pk).update(silent_since=now)
    main(["terminal", "status", "KBS-01", "--format", "xfs4iot"])
    silent = json.loads(lines(capsys)[-1])["payload"]
    assert silent["completionCode"] == "deviceNotReady"
    assert "silent since" in silent["errorDescription"]
    Terminal.objects.filter(pk=hall.terminal.pk).update(silent_since=None)
    IngestLease.objects.all().delete()
    main(["terminal", "status", "KBS-01", "--format", "xfs4iot"])
    assert json.loads(lines(capsys)[-1])["payload"]["completionCode"] == "deviceNotReady", "nobody listens"


@pytest.mark.django_db
def test_a_terminal_that_is_not_there() -> None:
    with pytest.raises(Stop):
        terminal_states.read("NOWHERE-01")


def test_the_longer_name_is_meant_and_the_terminal_still_runs_by_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    names = [row.name for row in COMMANDS]
    assert {"terminal", "terminal status"} <= set(names)
    for given, says in ((["terminal", "--help"], "--reader-url"), (["terminal", "status", "--help"], "--format")):
        with pytest.raises(SystemExit) as end:
            main(given)
        assert end.value.code == 0
        assert says in capsys.readouterr().out
