"""`budayang <command>`: one table of commands, help in Chinese and English.

Each command is a module with `add_arguments(parser)` and `run(arguments) -> int`, loaded when it is called: a terminal
must not carry Django, and `--help` must answer at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from budayang import __version__
from budayang.cli.messages import Stop


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its name, module and help in both languages."""

    name: str
    module: str
    zh: str
    en: str
    on_center: bool = False  # works inside the center: Django is set up before the module is loaded

    @property
    def help(self) -> str:
        return f"{self.zh} / {self.en}"


COMMANDS: tuple[Command, ...] = (
    Command(
        "demo",
        "budayang.cli.demo",
        "启动整套演示，或运行一个演示故事",
        "start the whole demonstration, or play a story",
    ),
    Command(
        "web", "budayang.cli.web", "启动管理平台（页面与终端接入）", "serve the center: pages and the terminals' doors"
    ),
    Command("ingest", "budayang.cli.ingest", "只启动终端接入", "serve the terminals' doors alone"),
    Command(
        "worker",
        "budayang.cli.worker",
        "启动后台作业（消息、时限、封存、长任务）",
        "run deliveries, due times, the audit seal and long work",
        on_center=True,
    ),
    Command("terminal", "budayang.cli.terminal", "启动一台自助终端", "run a self-service terminal"),
    Command(
        "sandbox",
        "budayang.cli.sandbox",
        "启动沙盒（部门系统、读卡器、打印机）",
        "run the sandbox: departments, card readers, printers",
    ),
    Command("seed", "budayang.cli.seed", "建库并装入数据", "create the database and load data", on_center=True),
    Command("audit", "budayang.cli.audit", "核验审计链", "check the audit chain", on_center=True),
    Command(
        "doctor",
        "budayang.cli.doctor",
        "检查运行环境并给出修复办法",
        "check the installation and say the repairs",
        on_center=True,
    ),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    parser = _parser()
    if not given or given[0] in {"-h", "--help", "--version"}:
        parser.parse_args(given or ["--help"])
        return 0
    command = next((row for row in COMMANDS if row.name == given[0]), None)
    if command is None:
        parser.error(f"没有这个命令 / unknown command: {given[0]}")
    own = argparse.ArgumentParser(prog=f"budayang {command.name}", description=command.help)
    try:
        if command.on_center:
            import_module("budayang.cli.center").set_up()
        module = import_module(command.module)
        module.add_arguments(own)
        code: int = module.run(own.parse_args(given[1:]))
    except Stop as stop:
        print(stop, file=sys.stderr)
        return stop.code
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {row.name:<10} {row.zh}\n{'':<13}{row.en}" for row in COMMANDS)
    parser = argparse.ArgumentParser(
        prog="budayang",
        usage="budayang <命令 command> [选项 options]",
        description="不打烊：政务服务24小时自助服务区管理平台\nBudayang: runs 24-hour government self-service areas\n\n"
        f"命令 commands:\n{listed}\n\n每个命令加 --help 看它的选项 / add --help to a command for its options",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"budayang {__version__}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
