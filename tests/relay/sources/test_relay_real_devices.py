"""Sources against Debian's own snmpd and mosquitto: the protocols are theirs, the values are ours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from tests.conftest import missing

from budayang.relay.discover import sweep
from budayang.relay.errors import NoResult
from budayang.relay.sources.snmp.printer import Printer
from budayang.relay.sources.table import Plan, Said, build
from budayang.rules.watch_settings import check
from budayang.uplink.clock import SystemClock

pytestmark = pytest.mark.processes

# snmpd asks this for each OID below Printer-MIB, hrPrinterTable and ifTable; values are read anew each time.
ANSWERS = """
import json, sys
values = json.load(open(sys.argv[1]))
def key(oid): return [int(x) for x in oid.strip(".").split(".")]
asked, oid = sys.argv[2], sys.argv[3]
if asked == "-g":
    found = oid.strip(".") if oid.strip(".") in values else None
else:
    later = sorted((one for one in values if key(one) > key(oid)), key=key)
    found = later[0] if later else None
if found:
    kind, value = values[found]
    print("." + found); print(kind); print(value)
"""
ERRORS = "1.3.6.1.2.1.25.3.5.1.2.1"
LIFE = "1.3.6.1.2.1.43.10.2.1.4.1.1"
SUPPLY = "1.3.6.1.2.1.43.11.1.1"
PORT_7 = "1.3.6.1.2.1.2.2.1.8.7"


@dataclass
class Agent:
    """A running snmpd and the values that it serves."""

    port: int
    folder: Path
    values: dict[str, tuple[str, str]]

    def set(self, **values: tuple[str, str]) -> None:
        self.values |= {_OIDS[name]: value for name, value in values.items()}
        self.write()

    def write(self) -> None:
        text = json.dumps({oid: list(value) for oid, value in self.values.items()})
        draft = self.folder / "draft"
        draft.write_text(text)
        draft.replace(self.folder / "values.json")


_OIDS = {"errors": ERRORS, "life": LIFE, "level": f"{SUPPLY}.9.1.1", "port": PORT_7}


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    program = shutil.which("snmpd") or ("/usr/sbin/snmpd" if Path("/usr/sbin/snmpd").exists() else None)
    if program is None:
        missing("snmpd", "apt-get install snmpd")
    port = free_port()
    found = Agent(port, tmp_path, {
        ERRORS: ("octet", "00"), "1.3.6.1.2.1.25.3.5.1.1.1": ("integer", "3"), LIFE: ("counter", "4711"),
        f"{SUPPLY}.4.1.1": ("integer", "3"), f"{SUPPLY}.5.1.1": ("integer", "3"),
        f"{SUPPLY}.8.1.1": ("integer", "100"), f"{SUPPLY}.9.1.1": ("integer", "64"), PORT_7: ("integer", "1"),
    })  # fmt: skip
    found.write()
    (tmp_path / "answers.py").write_text(ANSWERS)
    answer = f"{sys.executable} {tmp_path / 'answers.py'} {tmp_path / 'values.json'}"
    (tmp_path / "snmpd.conf").write_text(
        "rocommunity public 127.0.0.1\n"
        "createUser watcher SHA authpass123 AES privpass123\nrouser watcher priv\n"
        + "".join(f"pass -p 1 .{oid} {answer}\n" for oid in
                  ("1.3.6.1.2.1.43", "1.3.6.1.2.1.25.3.5.1.1", "1.3.6.1.2.1.25.3.5.1.2", "1.3.6.1.2.1.2.2.1.8"))
    )  # fmt: skip
    environment = {"PATH": "/usr/sbin:/usr/bin:/bin", "SNMP_PERSISTENT_DIR": str(tmp_path / "state")}
    running = subprocess.Popen(
        [str(program), "-f", "-Lf", str(tmp_path / "log"), "-C", "-c", str(tmp_path / "snmpd.conf"), "-p",
         str(tmp_path / "pid"), f"udp:127.0.0.1:{port}"],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(lambda: _answers(port), "snmpd answers")
        yield found
    finally:
        running.terminate()
        running.wait(10)


def _answers(port: int) -> bool:
    try:
        look(plan("snmp_port", host="127.0.0.1", port=port, if_index=7))
    except NoResult:
        return False
    return True


def until(true: Any, what: str, limit_s: float = 15) -> None:
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def plan(kind: str, secret: dict[str, str] | None = None, keep_s: float = 60, **settings: Any) -> Plan:
    return Plan("KBS-11", "printer" if kind == "snmp_printer" else "it-1", kind, check(kind, settings), 5, keep_s,
                secret or {})  # fmt: skip


def look(wanted: Plan) -> list[Said]:
    async def once() -> list[Said]:
        source = build(wanted, SystemClock())
        try:
            return await source.check()
        finally:
            await source.close()

    return asyncio.run(once())


def states(said: list[Said]) -> dict[str, str]:
    return {one.prop: one.state for one in said}


def test_a_printer_by_a_real_agent(agent: Agent) -> None:
    wanted = plan("snmp_printer", host="127.0.0.1", port=agent.port)

    async def once() -> tuple[list[Said], list[Any]]:
        source = build(wanted, SystemClock())
        assert isinstance(source, Printer)
        try:
            return await source.check(), source.meters
        finally:
            await source.close()

    said, meters = asyncio.run(once())
    assert states(said) == {"device": "online", "paper.upper": "full", "toner": "full", "x-printer.outputBin": "ok"}
    assert [(one.subject, one.counter, one.value) for one in meters] == [("printer", "pages", 4711)]
    assert {(one.subject, one.kind) for one in said} == {("printer", "printer")}
    agent.set(errors=("octet", "40"), level=("integer", "12"))
    said = look(wanted)
    assert {"paper.upper": "out", "toner": "low"}.items() <= states(said).items()
    assert "errors 40 toner 12%" in said[0].raw
    agent.set(errors=("octet", "0C"))
    assert {"device": "userError", "paper.upper": "jammed"}.items() <= states(look(wanted)).items()


def test_a_printer_by_snmp_v3(agent: Agent) -> None:
    secret = {"user": "watcher", "auth_key": "authpass123", "priv_key": "privpass123"}
    settings = check("snmp_printer", {"host": "127.0.0.1", "port": agent.port, "version": "3", "secret": "printer"})

    def with_secret(entry: dict[str, str]) -> Plan:
        return Plan("KBS-11", "printer", "snmp_printer", settings, 5, 60, entry)

    assert states(look(with_secret(secret)))["device"] == "online"
    with pytest.raises(NoResult):
        look(with_secret({**secret, "auth_key": "wrongpass123"}))
    with pytest.raises(NoResult, match="no entry"):
        look(with_secret({}))


def test_a_switch_port_by_a_real_agent(agent: Agent) -> None:
    wanted = plan("snmp_port", host="127.0.0.1", port=agent.port, if_index=7)
    assert states(look(wanted)) == {"link": "up"}
    agent.set(port=("integer", "2"))
    look(plan("snmp_printer", host="127.0.0.1", port=agent.port))  # snmpd keeps the last answer of its script 30 s
    assert states(look(wanted)) == {"link": "down"}
    agent.set(port=("integer", "4"))  # unknown(4): the switch does not know
    look(plan("snmp_printer", host="127.0.0.1", port=agent.port))
    with pytest.raises(NoResult):
        look(wanted)
    with pytest.raises(NoResult, match="ifIndex 99"):
        look(plan("snmp_port", host="127.0.0.1", port=agent.port, if_index=99))


def test_an_agent_that_does_not_answer_says_nothing(agent: Agent) -> None:
    with pytest.raises(NoResult):
        look(plan("snmp_port", host="127.0.0.1", port=free_port(), if_index=7))
    with pytest.raises(NoResult):
        look(plan("snmp_port", host="127.0.0.1", port=agent.port, if_index=7, community="other"))


def test_discover_recognizes_a_printer(agent: Agent) -> None:
    (found,) = asyncio.run(sweep(["127.0.0.1"], ports=[], snmp_port=agent.port))
    assert [one.kind for one in found.offers] == ["ping", "snmp_printer"]
    assert "纸和碳粉" in found.offers[1].words()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    program = shutil.which("mosquitto") or ("/usr/sbin/mosquitto" if Path("/usr/sbin/mosquitto").exists() else None)
    if program is None:
        missing("mosquitto", "apt-get install mosquitto")
    port = free_port(socket.SOCK_STREAM)
    (tmp_path / "mosquitto.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    running = subprocess.Popen(
        [str(program), "-c", str(tmp_path / "mosquitto.conf")],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def listens() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    try:
        until(listens, "mosquitto listens")
        yield port
    finally:
        running.terminate()
        running.wait(10)


def test_a_plug_by_a_real_broker(broker: int) -> None:
    wanted = plan("plug", keep_s=1.0, url=f"mqtt://127.0.0.1:{broker}", topic="tele/plug-3/SENSOR", path="ENERGY.Power")
    plug = Client(CallbackAPIVersion.VERSION2)
    plug.connect("127.0.0.1", broker)
    plug.loop_start()

    def tell(watts: float, *, retain: bool = False) -> None:
        text = json.dumps({"ENERGY": {"Power": watts}})
        plug.publish(wanted.settings["topic"], text, qos=1, retain=retain).wait_for_publish(5)

    async def scene() -> None:
        tell(50, retain=True)  # what the broker kept may be days old
        source = build(wanted, SystemClock())
        try:
            await asyncio.sleep(0.7)
            with pytest.raises(NoResult):
                await source.check()
            for watts, word in ((86.0, "drawing"), (4.0, "standby"), (0.2, "off")):
                tell(watts)
                await asyncio.sleep(0.3)
                assert [one.state for one in await source.check()] == [word]
            await asyncio.sleep(1.1)
            with pytest.raises(NoResult):  # a plug that went quiet proves nothing
                await source.check()
        finally:
            await source.close()

    try:
        asyncio.run(scene())
    finally:
        plug.disconnect()
        plug.loop_stop()


def test_a_broker_that_is_not_there_says_nothing() -> None:
    wanted = plan("plug", url=f"mqtt://127.0.0.1:{free_port(socket.SOCK_STREAM)}", topic="t")
    with pytest.raises(NoResult):
        look(wanted)
