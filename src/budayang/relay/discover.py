"""What a range of the hall's addresses offers to watch: a slow sweep, a small table of ports, one question by SNMP.

It looks only where it is told to, only at private addresses, at most a /22, at a bounded rate; it sends nothing but an
echo, a connection that is closed at once, and two SNMP questions with the community "public".
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from budayang.relay.errors import NoResult, RelayError
from budayang.relay.sources.ping.source import ping
from budayang.relay.sources.snmp.client import Agent
from budayang.relay.sources.snmp.printer import ERROR_STATE
from budayang.relay.sources.table import Plan
from budayang.relay.sources.tcp.source import connect
from budayang.rules.watch_settings import check
from budayang.rules.watching import BY_KIND, FACT_NAMES

SMALLEST_PREFIX = 22
AT_ONCE = 16
PER_S = 50.0  # hosts begun in a second
CONNECT_S = 1.0
SYS_DESCR = "1.3.6.1.2.1.1.1.0"
IF_COUNT = "1.3.6.1.2.1.2.1.0"


@dataclass(frozen=True)
class Port:
    """A port worth a look, and what it is when something listens. `scheme`: a page is there."""

    number: int
    name: str
    scheme: str = ""


PORTS: tuple[Port, ...] = (
    Port(80, "网页", "http"),
    Port(443, "加密网页", "https"),
    Port(631, "打印（IPP）"),
    Port(9100, "打印（原始端口）"),
)


class RangeRefused(RelayError):
    """A range that is not swept. The message names the repair, in Chinese and English."""


@dataclass(frozen=True)
class Offer:
    """One source that could be added, and the facts that it could prove."""

    kind: str
    settings: dict[str, Any]
    saw: str

    def words(self) -> str:
        proves = "、".join(FACT_NAMES[fact] for fact in BY_KIND[self.kind].proves)
        return f"{BY_KIND[self.kind].name}：{self.saw}；能证明：{proves}"


@dataclass(frozen=True)
class Found:
    """What one address offers."""

    host: str
    offers: tuple[Offer, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)

    def plain(self) -> dict[str, Any]:
        """As JSON: for --json and for the center."""
        sources = [{"kind": one.kind, "settings": one.settings, "saw": one.saw} for one in self.offers]
        return {"host": self.host, "sources": sources, "notes": list(self.notes)}


def hosts_of(text: str) -> list[str]:
    """The addresses of a range. Raises RangeRefused for one that is too large, not private or no range at all."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise RangeRefused(
            f"“{text}”不是地址段，请写成 192.168.10.0/28 这样。 / Not a range; write it like 192.168.10.0/28."
        ) from None
    if not isinstance(network, ipaddress.IPv4Network) or network.prefixlen < SMALLEST_PREFIX:
        raise RangeRefused(
            f"地址段 {text} 太大或不是 IPv4，最大 /{SMALLEST_PREFIX}（1024 个地址），请分段查找。 / "
            f"At most an IPv4 /{SMALLEST_PREFIX}: sweep it in parts."
        )
    if not any(network.subnet_of(one) for one in _HALLS):
        raise RangeRefused(
            f"地址段 {text} 不是内网地址，只在自助区自己的网段里查找。 / Only private ranges of the hall are swept."
        )
    return [str(one) for one in network.hosts()] or [str(network.network_address)]


_HALLS = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")))


async def sweep(hosts: Sequence[str], *, ports: Sequence[Port] = PORTS, snmp_port: int = 161) -> list[Found]:
    """What each address offers, in their order; those that offer nothing are left out."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(place: int, host: str) -> Found:
        await asyncio.sleep(place / PER_S)
        async with gate:
            return await look(host, ports, snmp_port)

    found = await asyncio.gather(*(one(place, host) for place, host in enumerate(hosts)))
    return [each for each in found if each.offers]


async def look(host: str, ports: Sequence[Port], snmp_port: int) -> Found:
    """One address. SNMP is asked only where something else answered: a silent address costs few packets."""
    offers: list[Offer] = []
    notes: list[str] = []
    try:
        _sent, received, average = await ping(host, 1)
        if received:
            offers.append(Offer("ping", check("ping", {"host": host}), f"有应答 {average} ms"))
    except NoResult as error:
        notes.append(str(error))
    open_ports = await asyncio.gather(*(connect(host, port.number, CONNECT_S) for port in ports))
    for port, (refused, _took) in zip(ports, open_ports, strict=True):
        if refused:
            continue
        if port.scheme:
            url = f"{port.scheme}://{host}:{port.number}/"
            given = {"url": url, "verify": False} if port.scheme == "https" else {"url": url}
            offers.append(Offer("http", check("http", given), f"{port.name} {port.number} 端口在听".strip()))
        else:
            settings = check("tcp", {"host": host, "port": port.number})
            offers.append(Offer("tcp", settings, f"{port.name} {port.number} 端口在听".strip()))
    if offers:
        offers += await _snmp(host, snmp_port, notes)
    return Found(host, tuple(offers), tuple(notes))


async def _snmp(host: str, port: int, notes: list[str]) -> list[Offer]:
    settings = check("snmp_printer", {"host": host, "port": port})
    agent = Agent(Plan("", "", "snmp_printer", settings, 60, 60, {}))
    try:
        found = await agent.get(SYS_DESCR, IF_COUNT)
        printer = await agent.walk(ERROR_STATE)
    except NoResult:
        return []
    finally:
        await agent.close()
    description = str(found.get(SYS_DESCR, ""))[:80]
    if printer:
        return [Offer("snmp_printer", settings, f"打印机：{description}")]
    if int(found.get(IF_COUNT, 0)) > 4:
        notes.append(
            f"像交换机（{description}，{int(found[IF_COUNT])} 个端口）：接到机器的端口要写上 ifIndex 后手工添加"
        )
    return []
