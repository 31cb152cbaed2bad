"""`budayang relay discover RANGE`: what a range of addresses offers to watch; asks for each before the center hears."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

from budayang.cli.messages import Stop
from budayang.relay.discover import PORTS, Found, Port, RangeRefused, hosts_of, sweep
from budayang.relay.errors import BadSetting
from budayang.relay.settings import load
from budayang.uplink.clock import SystemClock
from budayang.uplink.outbox import EventOutbox


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("range", help="地址段，最大 /22 / range of addresses, at most a /22, e.g. 192.168.10.0/28")
    parser.add_argument("--json", action="store_true", help="只打印，不询问也不添加 / print only, add nothing")
    parser.add_argument("--data-dir", type=Path, help="中继的数据目录 / the relay's data folder")
    parser.add_argument("--ports", help="改看这些 TCP 端口 / other TCP ports, e.g. 80,8080")
    parser.add_argument("--snmp-port", type=int, default=161, help="SNMP 端口 / SNMP port")


def run(arguments: argparse.Namespace) -> int:
    """Sweep, show, ask."""
    try:
        hosts = hosts_of(arguments.range)
        settings = load(os.environ, data_dir=arguments.data_dir)
        ports = _ports(arguments.ports)
    except (RangeRefused, BadSetting, ValueError) as error:
        raise Stop("没有查找。", str(error)) from error
    found = asyncio.run(sweep(hosts, ports=ports, snmp_port=arguments.snmp_port))
    if arguments.json:
        print(json.dumps([one.plain() for one in found], ensure_ascii=False, indent=1))
        return 0
    if not found:
        print(f"{arguments.range} 里 {len(hosts)} 个地址都没有应答。 / Nothing answered.")
        return 0
    store = settings.data_dir / "outbox.sqlite3"
    if not store.exists():
        raise Stop(
            f"{settings.data_dir} 里没有中继：先启动一次中继，或加 --json 只看结果。",
            "No relay lives in this folder: start it once, or look only, with --json.",
        )
    outbox = EventOutbox(store, SystemClock())
    try:
        taken = sum(_ask(one, outbox) for one in found)
    finally:
        outbox.close()
    print(f"报给管理平台 {taken} 台；请在这个中继的页面上把它们归到机器。 / {taken} handed to the center.")
    return 0


def _ask(found: Found, outbox: EventOutbox) -> bool:
    """Show one address and ask. No answer, and anything but y, is no."""
    print(f"\n{found.host}")
    for line in (*(one.words() for one in found.offers), *found.notes):
        print(f"  {line}")
    sys.stdout.write("报给管理平台吗？ / Hand it to the center? [y/N] ")
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes", "是"):
        return False
    outbox.append("watch.found", found.plain())
    return True


def _ports(text: str | None) -> tuple[Port, ...]:
    if not text:
        return PORTS
    known = {port.number: port for port in PORTS}
    numbers = [int(one) for one in text.split(",")]
    if not numbers or any(not 0 < one < 65536 for one in numbers) or len(numbers) > 16:
        raise ValueError("--ports: at most 16 numbers between 1 and 65535")
    return tuple(known.get(one, Port(one, "")) for one in numbers)
