"""`budayang sandbox`: department systems, card readers and printers that speak the real protocols."""

from __future__ import annotations

import argparse
from pathlib import Path

from budayang.sandbox import app


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument(
        "--port", type=int, default=8810, help="部门系统与控制台的端口 / port of departments and control"
    )
    parser.add_argument("--data-dir", type=Path, default=Path("var/sandbox"), help="数据目录 / data folder")
    parser.add_argument(
        "--reader", type=int, action="append", default=[], help="读卡器端口，可多次 / port of a card reader"
    )
    parser.add_argument(
        "--printer", type=int, action="append", default=[], help="打印机端口，可多次 / port of a printer"
    )
    parser.add_argument(
        "--machine", type=int, action="append", default=[],
        help="部门专机的网页端口，可多次 / port of the page of a department's own machine",
    )  # fmt: skip
    parser.add_argument(
        "--scanner", type=int, action="append", default=[],
        help="付款码扫描窗端口，可多次 / port of a scanner of payers' codes",
    )  # fmt: skip
    parser.add_argument(
        "--site", type=int, default=None,
        help="部门自己的网页的端口；不给就没有 / port of the departments' own pages; none when left out",
    )  # fmt: skip
    parser.add_argument(
        "--center", default="",
        help="演练区的机器连接的管理平台 / center to which the machines of a drill hall speak: http://127.0.0.1:PORT",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped."""
    return app.run(
        port=arguments.port,
        data_dir=arguments.data_dir,
        reader_ports=tuple(arguments.reader),
        printer_ports=tuple(arguments.printer),
        machine_ports=tuple(arguments.machine),
        scanner_ports=tuple(arguments.scanner),
        site_port=arguments.site,
        center_url=arguments.center,
    )
