"""The same values through Zabbix's trapper, a peer of bench/ingest: Debian's zabbix_server on its own PostgreSQL.

Every value becomes a row of `history_uint`; a run ends when all rows are there. Processor time is that of all Zabbix
processes and of the database server together, as Zabbix keeps nothing without it.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from postgresql import cluster

SCHEMA = Path("/usr/share/zabbix-server-pgsql")
HOST_ID, ITEM_ID = 20_000, 200_000
TRAPPER, UNSIGNED = 2, 3  # items.type, items.value_type
SETTINGS = """
DBHost=127.0.0.1
DBPort={db_port}
DBName=zabbix
DBUser=budayang
ListenIP=127.0.0.1
ListenPort={port}
LogType=file
LogFile={folder}/server.log
PidFile={folder}/server.pid
SocketDir={folder}
AllowRoot=1
StartTrappers=8
StartDBSyncers=4
StartPollers=1
StartPingers=0
StartDiscoverers=0
StartHTTPPollers=0
CacheSize=256M
HistoryCacheSize=512M
HistoryIndexCacheSize=64M
ValueCacheSize=64M
StatsAllowedIP=127.0.0.1
"""


class NoZabbix(Exception):
    """Zabbix is not on this machine. The message names the repair."""


@dataclass(frozen=True, slots=True)
class PeerOutcome:
    """`processor_s`: Zabbix and its database together, until the last row was stored."""

    values: int
    elapsed_s: float
    processor_s: float

    @property
    def values_s(self) -> float:
        return self.values / self.elapsed_s

    @property
    def per_processor_s(self) -> float:
        return self.values / self.processor_s


def require() -> None:
    """Raises NoZabbix where server, sender or schema are missing."""
    if not (shutil.which("zabbix_server") and shutil.which("zabbix_sender") and SCHEMA.is_dir()):
        raise NoZabbix("apt-get install zabbix-server-pgsql zabbix-sender")


def _free_port() -> int:
    """Zabbix takes ports up to 32767 only, below those that the system hands out."""
    for port in range(21_000, 21_200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise NoZabbix("a free port between 21000 and 21200")


def _fill(address: str, hosts: int, items: int) -> None:
    """Zabbix' own schema, then hosts with trapper items. Trends are off: only what the other side does too is asked."""
    with psycopg.connect(address, autocommit=True) as db:
        for name in ("schema", "images", "data"):
            db.execute(gzip.decompress((SCHEMA / f"{name}.sql.gz").read_bytes()))
        db.execute("UPDATE hosts SET status=1 WHERE status=0")  # the host "Zabbix server" is not asked
        with db.cursor().copy("COPY hosts (hostid, host, name, status) FROM STDIN") as rows:
            for host in range(hosts):
                rows.write_row((HOST_ID + host, f"T{host:06d}", f"T{host:06d}", 0))
        columns = "itemid, hostid, type, name, key_, delay, history, trends, status, value_type, params, description"
        with db.cursor().copy(f"COPY items ({columns}, posts, headers) FROM STDIN") as rows:
            for host in range(hosts):
                for item in range(items):
                    number = ITEM_ID + host * items + item
                    texts = ("", "", "", "")
                    rows.write_row(
                        (number, HOST_ID + host, TRAPPER, f"p{item}", f"p{item}", "0", "7d", "0", 0, UNSIGNED, *texts)
                    )
        db.execute("INSERT INTO item_rtdata (itemid) SELECT itemid FROM items WHERE itemid >= %s", (ITEM_ID,))


def database_processor_s(address: str) -> float:
    """Processor time of the PostgreSQL server that listens on the address' port, its ended children included."""
    port = address.rsplit(":", 1)[1].split("/")[0]
    total = 0.0
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == "postgres" and f"port={port}" in (process.info["cmdline"] or []):
            total += _used_s(process) + process.cpu_times().children_user + process.cpu_times().children_system
            total += sum(_used_s(child) for child in process.children(recursive=True))
    return total


def _used_s(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


@contextlib.contextmanager
def peer(hosts: int, items: int) -> Iterator[Peer]:
    """A running Zabbix with `hosts` × `items` trapper items."""
    require()
    with cluster(durable=True) as address, tempfile.TemporaryDirectory(prefix="budayang-zabbix-") as name:
        folder = Path(name)
        with psycopg.connect(address, autocommit=True) as db:
            db.execute("CREATE DATABASE zabbix")
        own = address.rsplit("/", 1)[0] + "/zabbix"
        _fill(own, hosts, items)
        port = _free_port()
        settings = folder / "zabbix_server.conf"
        db_port = address.rsplit(":", 1)[1].split("/")[0]
        settings.write_text(SETTINGS.format(db_port=db_port, port=port, folder=folder))
        server = subprocess.Popen(["zabbix_server", "-f", "-c", str(settings)], stdout=subprocess.DEVNULL)
        try:
            yield Peer(own, port, server.pid, folder, hosts, items)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)


@dataclass(slots=True)
class Peer:
    """What was started. `run` sends every value of every host `rounds` times, `batch` hosts in a connection."""

    address: str
    port: int
    pid: int
    folder: Path
    hosts: int
    items: int

    def wait(self, limit_s: float = 90) -> None:
        """Until a value of the last item is taken: Zabbix reads its configuration at its own pace.

        Raises:
            TimeoutError: with the end of Zabbix' log.
        """
        end = time.monotonic() + limit_s
        line = f"T{self.hosts - 1:06d} p{self.items - 1} 1\n"
        command = ["zabbix_sender", "-z", "127.0.0.1", "-p", str(self.port), "-i", "-"]
        while time.monotonic() < end:
            done = subprocess.run(command, input=line, capture_output=True, text=True, check=False)
            if "failed: 0" in done.stdout:
                return
            time.sleep(1)
        raise TimeoutError((self.folder / "server.log").read_text()[-1500:])

    def _rows(self) -> int:
        with psycopg.connect(self.address) as db:
            found = db.execute("SELECT count(*) FROM history_uint").fetchone()
        assert found is not None
        return int(found[0])

    def _processor_s(self) -> float:
        """Zabbix and every process of its database."""
        mine = [psutil.Process(self.pid), *psutil.Process(self.pid).children(recursive=True)]
        return sum(_used_s(process) for process in mine) + database_processor_s(self.address)

    def run(self, rounds: int, batch: int, senders: int = 4, limit_s: float = 300) -> PeerOutcome:
        """Send `rounds` × hosts × items values; `batch` × items of them travel in one request.

        zabbix_sender puts at most 250 values into a request; smaller batches are told by many short runs of it, so for
        batches below that the trapper protocol is spoken directly, a connection a request, as the sender does.
        """
        before, busy = self._rows(), self._processor_s()
        begun = time.monotonic()
        values = rounds * self.hosts * self.items
        workers = [
            os.fork() or _send(self.port, rounds, range(number, self.hosts, senders), self.items, batch)
            for number in range(senders)
        ]
        for worker in workers:
            os.waitpid(worker, 0)
        while self._rows() - before < values:
            if time.monotonic() - begun > limit_s:
                raise TimeoutError(f"{self._rows() - before} of {values} values were stored")
            time.sleep(0.1)
        return PeerOutcome(values, time.monotonic() - begun, self._processor_s() - busy)


def _send(port: int, rounds: int, hosts: range, items: int, batch: int) -> int:
    """In a process of its own; never returns."""
    try:
        mine = list(hosts)
        for _round in range(rounds):
            for at in range(0, len(mine), batch):
                _request(port, mine[at : at + batch], items)
    except BaseException:
        os._exit(1)
    os._exit(0)


def _request(port: int, hosts: list[int], items: int) -> None:
    """One trapper request (header "ZBXD", flags 1, length, JSON); the answer says how many were processed."""
    cells = ",".join(f'{{"host":"T{host:06d}","key":"p{item}","value":"1"}}' for host in hosts for item in range(items))
    body = f'{{"request":"sender data","data":[{cells}]}}'.encode()
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(b"ZBXD\x01" + len(body).to_bytes(8, "little") + body)
        answer = b""
        while part := connection.recv(4096):
            answer += part
    if b"failed: 0" not in answer:
        raise RuntimeError(answer[-200:].decode(errors="replace"))
