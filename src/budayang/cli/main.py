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
    """One command: its name (one word or two), module and help in both languages."""

    name: str
    module: str
    zh: str
    en: str
    on_center: bool = False  # works inside the center: Django is set up before the module is loaded

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(self.name.split())

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
        "relay",
        "budayang.cli.relay",
        "启动监测中继，从旁看部门专机",
        "watch departments' own machines from beside them",
    ),
    Command(
        "relay discover",
        "budayang.cli.relay_discover",
        "在自助区的一段地址里找可以监测的机器，逐台询问后报给管理平台",
        "propose what a range of addresses offers to watch, and ask before anything is added",
    ),
    Command(
        "terminal status",
        "budayang.cli.terminal_status",
        "列出一台终端的部件和状态，或输出 XFS4IoT 消息",
        "list a terminal's components and states, or print XFS4IoT messages",
    ),
    Command(
        "sandbox",
        "budayang.cli.sandbox",
        "启动沙盒（部门系统、读卡器、打印机）",
        "run the sandbox: departments, card readers, printers",
    ),
    Command(
        "simulate",
        "budayang.cli.simulate",
        "用成百上千台仿真终端和已知的故障检验管理平台",
        "drive a fleet of simulated terminals with known faults against a center",
    ),
    Command(
        "fleet",
        "budayang.cli.fleet",
        "仿真机群在管理平台一侧的登记与查核",
        "register a simulated fleet in a demo center and list what it found",
        on_center=True,
    ),
    Command(
        "connector",
        "budayang.cli.connector",
        "逐条核验部门接口是否合乎约定",
        "try a department's service against the contract, rule by rule",
    ),
    Command(
        "search",
        "budayang.cli.search",
        "照平常说话找事项，看找到什么、为什么",
        "find items in a person's own words, and see why",
    ),
    Command(
        "search-eval",
        "budayang.cli.search_eval",
        "用一份已知答案的问题检验搜索",
        "measure the search on questions whose item is known",
    ),
    Command("seed", "budayang.cli.seed", "建库并装入数据", "create the database and load data", on_center=True),
    Command(
        "release",
        "budayang.cli.release",
        "终端升级包：离线签名、收进管理平台",
        "packages for terminals: sign off line, take in",
        on_center=True,
    ),
    Command(
        "keys",
        "budayang.cli.keys",
        "个人信息字段的加密密钥：查看、更换、停用",
        "keys that seal personal fields: show, rotate, retire",
        on_center=True,
    ),
    Command("audit", "budayang.cli.audit", "核验审计链", "check the audit chain", on_center=True),
    Command(
        "evidence make",
        "budayang.cli.evidence_make",
        "制作一台终端或一个自助区在一段时间里的证据包",
        "make the evidence pack of a terminal or area and a period",
        on_center=True,
    ),
    Command(
        "evidence verify",
        "budayang.cli.evidence_verify",
        "在任何机器上核对证据包，不需要数据库",
        "check an evidence pack on any machine, without a database",
    ),
    Command(
        "standard check",
        "budayang.cli.standard_check",
        "检查标准版本的工作簿，指出每一个有错的格子",
        "check an edition's workbook and name each faulty cell",
        on_center=True,
    ),
    Command(
        "standard terms",
        "budayang.cli.standard_terms",
        "在文字文件里找术语以外的第二种说法",
        "find second words for defined terms in text files",
    ),
    Command(
        "standard wording",
        "budayang.cli.standard_wording",
        "检查标准文本的能愿动词、引用、编号和数值",
        "check a standard's text: modal verbs, references, numbers",
        on_center=True,
    ),
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
    # "terminal status" before "terminal": the longer name is the one that is meant
    named = sorted(COMMANDS, key=lambda row: -len(row.words))
    command = next((row for row in named if tuple(given[: len(row.words)]) == row.words), None)
    if command is None:
        parser.error(f"没有这个命令 / unknown command: {given[0]}")
    own = argparse.ArgumentParser(prog=f"budayang {command.name}", description=command.help)
    try:
        if command.on_center:
            import_module("budayang.cli.center").set_up()
        module = import_module(command.module)
        module.add_arguments(own)
        code: int = module.run(own.parse_args(given[len(command.words) :]))
    except Stop as stop:
        print(stop, file=sys.stderr)
        return stop.code
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {row.name:<15} {row.zh}\n{'':<18}{row.en}" for row in COMMANDS)
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
