"""`budayang simulate fleet`: thousands of simulated terminals and a plan of faults against a real center.

The center's processes (web with the terminals' doors, worker, the sandbox's departments) are started on loopback with a
folder of their own, or a demonstration's center that runs already is used. The fleet speaks real HTTP. At the end what
the center found is laid beside what it should have found.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import httpx

from budayang.cli import fleet_report
from budayang.cli.messages import Stop, say
from budayang.cli.processes import House, Program, refuse_taken_ports
from budayang.sandbox.faults.plans import PLANS, BadPlan, Plan, as_json, compose
from budayang.sandbox.faults.scoring import Found, score
from budayang.sandbox.faults.table import Timing
from budayang.sandbox.fleet.layout import AREA_SIZE, lay_out
from budayang.sandbox.fleet.play import NotReady, Play

MINUTE_S = 60.0
STOPS_LEAD_S = 6.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("what", choices=("fleet",), help="仿真一个机群 / simulate a fleet")
    parser.add_argument("--terminals", type=int, default=200, help="终端台数 / machines")
    parser.add_argument("--minutes", type=float, default=5.0, help="仿真时长，真实分钟 / real minutes")
    parser.add_argument(
        "--faults", default="mixed", metavar="PLAN", help=f"{'、'.join(PLANS)}，或 JSON 文件 / or a JSON file"
    )
    parser.add_argument("--seed", type=int, default=1, help="同一种子，同一计划 / the same seed gives the same plan")
    parser.add_argument("--area-size", type=int, default=AREA_SIZE, help="每个自助区的台数 / machines in an area")
    parser.add_argument("--plan-s", type=int, default=30, help="计划联系间隔，秒 / planned pause between two words")
    parser.add_argument("--grace-s", type=int, default=30, help="失联宽限，秒 / grace before silence")
    parser.add_argument("--database-url", default="", help="空的 PostgreSQL 库，默认 SQLite / an empty database")
    parser.add_argument(
        "--center", default="", metavar="URL", help="已在运行的演示管理平台，环境变量须与它相同 / a running demo center"
    )
    parser.add_argument("--port", type=int, default=0, help="管理平台端口，0 自选 / the center's port, 0 chooses")
    parser.add_argument("--data-dir", type=Path, help="保留数据的空目录，默认用临时目录 / keep the data here")
    parser.add_argument("--show-plan", action="store_true", help="只打印计划 / print the plan and do nothing")
    parser.add_argument(
        "--require", type=float, metavar="SHARE", help="低于此查准、查全或超时则退出码 1 / exit 1 when worse"
    )
    parser.add_argument("--json", action="store_true", help="JSON 输出 / print JSON")


def run(arguments: argparse.Namespace) -> int:
    """0; with --require 1 when precision, recall or latency are worse than asked."""
    fleet = lay_out(arguments.terminals, arguments.area_size)
    timing = Timing(arguments.plan_s, arguments.grace_s, arguments.minutes * MINUTE_S)
    try:
        plan = compose(arguments.faults, fleet, timing, arguments.seed, departments=not arguments.center)
    except BadPlan as error:
        raise Stop("这个故障计划不能执行，见下一行。", str(error), code=2) from error
    if arguments.show_plan:
        print(as_json(plan))
        return 0
    signal.signal(signal.SIGTERM, _interrupt)
    tell = _silent if arguments.json else say
    with contextlib.ExitStack() as held:
        folder = arguments.data_dir
        if folder is None:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="budayang-fleet-")))
        stage = FleetStage(folder.absolute(), arguments, tell)
        held.callback(stage.house.stop)
        stage.prepare()
        report = asyncio.run(_play(plan, stage))
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        print(fleet_report.table(report))
    return 0 if arguments.require is None or fleet_report.holds(report, arguments.require) else 1


@dataclass(slots=True)
class FleetStage:
    """The center that the fleet meets: its folder, environment and processes."""

    folder: Path
    arguments: argparse.Namespace
    tell: Callable[[str, str], None]
    house: House = field(default_factory=House)
    port: int = 0

    @property
    def center(self) -> str:
        return str(self.arguments.center) or f"http://127.0.0.1:{self.port}"

    @property
    def sandbox(self) -> str:
        return f"http://127.0.0.1:{self.port + 10}"

    @property
    def keys_file(self) -> Path:
        return self.folder / "keys-of-fleet.json"

    def environment(self) -> dict[str, str]:
        """Settings of the center's programs; of a center that runs already only what is set outside."""
        if self.arguments.center:
            return {}
        return {
            "DJANGO_SETTINGS_MODULE": "budayang.center.config.settings",
            "BUDAYANG_DEMO": "1",
            "BUDAYANG_DATA_DIR": str(self.folder),
            "BUDAYANG_DATABASE_URL": self.arguments.database_url,
            "BUDAYANG_PUBLIC_URL": self.center,
            "BUDAYANG_SANDBOX_URL": self.sandbox,
        }

    def prepare(self) -> None:
        """Register the fleet and start the center.

        Raises:
            Stop: with the repair.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.arguments.center:
            self.port = self.arguments.port or _free_port()
            refuse_taken_ports({"管理平台 center": self.port, "沙盒 sandbox": self.port + 10})
        given = self.arguments
        self.tell(f"登记 {given.terminals} 台仿真终端", f"registering {given.terminals} machines")
        asyncio.run(
            self.call(
                "seed", "--terminals", str(given.terminals), "--area-size", str(given.area_size), "--plan-s",
                str(given.plan_s), "--grace-s", str(given.grace_s), "--file", str(self.keys_file),
            )
        )  # fmt: skip
        if given.center:
            return
        self.tell("启动管理平台", "starting the center")
        logs = self.folder / "logs"
        logs.mkdir(exist_ok=True)
        sandbox = ["sandbox", "--port", str(self.port + 10), "--data-dir", str(self.folder / "sandbox")]
        self._start("sandbox", sandbox, f"{self.sandbox}/control/state", logs)
        self._start("web", ["web", "--port", str(self.port)], f"{self.center}/accounts/login/", logs)

    def start_worker(self) -> None:
        """The worker of a center of our own."""
        if not self.arguments.center:
            self._start("worker", ["worker"], "", self.folder / "logs")

    def _start(self, name: str, words: list[str], health: str, logs: Path) -> None:
        self.house.start(Program(name, words, self.environment(), health, logs / f"{name}.log"))

    async def call(self, *words: str) -> str:
        """`budayang fleet …` in a process of its own, so that this one carries no Django; what it printed.

        Raises:
            Stop: when it failed.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "budayang.cli.main", "fleet", *words,
            env=os.environ | self.environment(), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, error = await process.communicate()
        if process.returncode:
            raise Stop(
                f"budayang fleet {words[0]} 没有完成：\n{error.decode()[-2000:].strip()}",
                "The center could not be prepared or read; see above.",
            )
        return out.decode()

    async def switch(self, department: str, down: bool) -> None:
        """Turn a department's system of the sandbox off or on."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"{self.sandbox}/control/departments/{department}", json={"down": down})
            answer.raise_for_status()


async def _play(plan: Plan, stage: FleetStage) -> dict[str, Any]:
    keys = json.loads(stage.keys_file.read_text(encoding="utf-8"))
    stage.keys_file.unlink()
    play = Play(plan, stage.center, keys, stage.switch)
    stage.tell("机群入网", "the fleet joins")
    began = time.monotonic()
    try:
        await play.agree()
        # Only now: thousands of new machines are much news, and nobody waits for it while they agree their keys.
        stage.start_worker()
        await play.gather()
        await stage.call("rest")
    except NotReady as error:
        await play.stop()
        raise Stop("机群没有全部接入，没有开始。请查看 logs 里的日志。", str(error)) from error
    joined_s = time.monotonic() - began
    began_at = time.time() + 0.5
    if plan.stops():
        began_at = await _announce(plan, stage)
    lasts = plan.timing.length_s
    stage.tell(f"开始，{len(plan.faults)} 处故障，{lasts:.0f} 秒", f"{len(plan.faults)} faults in {lasts:.0f} s")
    try:
        await play.run(began_at)
        rows = json.loads(await stage.call("found", "--since", f"{began_at:.3f}"))
    finally:
        await play.stop()
    found = [_found(row) for row in rows if row["noticed_at"] <= began_at + lasts]
    judged = score(plan.truth(), found, play.diary, began_at, plan.timing)
    database = "postgresql" if stage.arguments.database_url else "given" if stage.arguments.center else "sqlite"
    return fleet_report.report(plan, play, judged, began_at, joined_s=joined_s, database=database)


async def _announce(plan: Plan, stage: FleetStage) -> float:
    """Announce the plan's stops; returns when the play begins. A stop is announced before it starts."""
    file = stage.folder / "stops.json"
    began_at = time.time() + STOPS_LEAD_S
    rows = [
        {
            "area": stop.area,
            "terminal": stop.terminal,
            "starts_at": began_at + stop.start_s,
            "ends_at": began_at + stop.end_s,
        }
        for stop in plan.stops()
    ]
    file.write_text(json.dumps(rows), encoding="utf-8")
    await stage.call("stops", "--file", str(file))
    return max(began_at, time.time())


def _found(row: Mapping[str, Any]) -> Found:
    return Found(**{**row, "turns": tuple((turn, at) for turn, at in row["turns"])})


def _free_port() -> int:
    """A port whose tenth follower is free as well."""
    for _attempt in range(50):
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            with contextlib.suppress(OSError, OverflowError):
                other.bind(("127.0.0.1", port + 10))
                return port
    raise Stop("没有空闲端口，请用 --port 指定。", "No free port was found; name one with --port.")


def _silent(_zh: str, _en: str) -> None:
    """Progress is not printed when the answer is JSON."""


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
