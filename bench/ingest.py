#!/usr/bin/env python3
"""How many terminals' syncs the door makes durable on one core, MAC included, over real HTTP on loopback.

    python bench/ingest.py [--seconds 5] [--batches 1,10,100] [--databases sqlite,postgresql] [--no-peer]

Two loads: "heartbeat" is a sync without events (what terminals send nearly always; the state's hash stands for the
values), "values" carries the whole state of nine peripherals (26 values), each of which changes with --changes.
Answers come after the commit; heartbeats without a change have nothing to commit (last_seen is flushed each 30 s). The
server has one core for itself where the machine has two; client and PostgreSQL use the other. At the end the rows in
the database are counted against what was answered. "values/cpu-s" is by second of processor time of the server (and,
with PostgreSQL, of the database too): what a core can do, also when other programs use the machine. Beside it, the
bare limit in the same run: the same bodies decoded, then decoded with MAC and judged, without HTTP and database.

Where zabbix_server and zabbix_sender are installed, the same values go through Zabbix's trapper in the same run, and
"x Zabbix" is the ratio of values per second of processor time at the same batch. The work differs: Zabbix stores each
value as a row whether it changed or not, accepts before it is durable, has no MAC, and opens a connection a request;
ours compares each value with the last, writes changes only, and answers after the commit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from ingest_load import VALUES, Load, Outcome, Terminal, make_loads, run
from postgresql import NoPostgresql, cluster
from zabbix_peer import NoZabbix, database_processor_s, peer

HERE = Path(__file__).resolve().parent
ENVELOPES_A_SECOND = {1: 16_000, 10: 60_000, 100: 90_000}  # more than the door can take; made before the clock starts
MOST_ENVELOPES = 400_000
PEER_ROUNDS = {1: 5, 10: 15, 100: 30}  # each value of each host so many times through Zabbix
COLUMNS = (
    ("database", "database", "<11"),
    ("load", "load", "<10"),
    ("batch", "batch", ">6"),
    ("requests_s", "requests/s", ">12,.0f"),
    ("heartbeats_s", "heartbeats/s", ">14,.0f"),
    ("values_s", "values/s", ">12,.0f"),
    ("cpu_values_s", "values/cpu-s", ">14,.0f"),
    ("ratio", "x Zabbix", ">10.1f"),
    ("p50_ms", "p50 ms", ">9.1f"),
    ("p99_ms", "p99 ms", ">9.1f"),
    ("changes_s", "changes/s", ">11,.0f"),
    ("decode_s", "bare decode", ">13,.0f"),
    ("judge_s", "+MAC+judge", ">13,.0f"),
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5, help="longest measurement of one line")
    parser.add_argument("--batches", default="1,10,100", help="syncs in one POST")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--terminals", type=int, default=1000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--changes", type=float, default=0.001, help="chance that one value differs in one sync")
    parser.add_argument("--no-peer", action="store_true", help="leave Zabbix out")
    parser.add_argument("--json", action="store_true", help="one JSON line a measurement")
    return parser.parse_args()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def center(environ: dict[str, str], *command: str) -> str:
    """Run one step of the center's side to its end."""
    done = subprocess.run(
        [sys.executable, str(HERE / "ingest_center.py"), *command],
        env=environ, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if server.poll() is not None:
            raise SystemExit("the server ended at its start")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the server did not start within a minute")


def bare_limit(loads: list[Load], batch: int, keys: dict[str, bytes]) -> tuple[float, float]:
    """(syncs/s decoded, syncs/s decoded with MAC and judged) of the first bodies of a load, on this core."""
    from budayang.center.ingest.batch import Batch  # noqa: PLC0415  # the door needs Django's settings, made in main()
    from budayang.center.ingest.decode import decode  # noqa: PLC0415
    from budayang.center.ingest.judge import judge  # noqa: PLC0415
    from budayang.center.ingest.memory import Known, Memory  # noqa: PLC0415
    from budayang.wire.messages import Envelope, Sync  # noqa: PLC0415

    bodies = [one.data.split(b"\r\n\r\n", 1)[1] for load in loads for one in list(load.requests)[: 4000 // batch]]
    decoder = msgspec.json.Decoder(Sync)
    begun, count = time.perf_counter(), 0
    for body in bodies:
        for env in decode(body):
            assert isinstance(env, Envelope)
            decoder.decode(env.sync)
            count += 1
    decoded = count / (time.perf_counter() - begun)
    memory, now_ms = Memory(), time.time_ns() // 1_000_000
    for number, (code, key) in enumerate(keys.items()):
        known = Known(number, code, state="active", credential_id=1, key=key, key_until_ms=now_ms + 10**8, linked=True)
        memory.by_code[code] = memory.by_id[number] = known
    begun = time.perf_counter()
    for body in bodies:
        batch_rows = Batch()
        for env in decode(body):
            assert isinstance(env, Envelope)
            assert judge(env, memory, batch_rows, now_ms).error is None
    return decoded, count / (time.perf_counter() - begun)


def show(args: argparse.Namespace, row: dict[str, object]) -> None:
    if args.json:
        print(json.dumps(row), flush=True)
        return
    line = "".join(f"{row[key]:{form}}" for key, _title, form in COLUMNS)
    print(line, flush=True)


def measure(args: argparse.Namespace, database: str, url: str, folder: Path, rivals: dict[int, float]) -> None:
    environ = {
        **os.environ, "BUDAYANG_DATA_DIR": str(folder), "BUDAYANG_DATABASE_URL": url, "BUDAYANG_DEMO": "1",
        "BUDAYANG_PUBLIC_URL": "",
    }  # fmt: skip
    key_file = folder / "keys.json"
    center(environ, "prepare", str(args.terminals), str(key_file))
    keys = {code: bytes.fromhex(key) for code, key in json.loads(key_file.read_text()).items()}
    terminals = [Terminal(code.encode(), key) for code, key in keys.items()]
    cores = sorted(os.sched_getaffinity(0))
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, str(HERE / "ingest_center.py"), "serve", str(port), str(cores[0] if len(cores) > 1 else -1)],
        env=environ,
    )
    try:
        wait_for(port, server)
        if len(cores) > 1:
            os.sched_setaffinity(0, set(cores[1:]))
        busy = partial(processor_s, psutil.Process(server.pid), url)
        expected = measure_all(args, database, port, busy, terminals, keys, rivals)
    finally:
        os.sched_setaffinity(0, set(cores))
        server.terminate()
        server.wait(30)
    found = json.loads(center(environ, "count"))["intervals"]
    if found != expected:
        raise SystemExit(f"{database}: {found} intervals in the database, {expected} were answered")
    print(f"{database}: {found:,} intervals in the database, as many as were answered", file=sys.stderr)


def measure_all(
    args: argparse.Namespace,
    database: str,
    port: int,
    busy: Callable[[], float],
    terminals: list[Terminal],
    keys: dict[str, bytes],
    rivals: dict[int, float],
) -> int:
    """Every line of one database; returns how many intervals must be in it."""
    connections = min(args.connections, args.terminals)
    # Every terminal says its whole state once, so that only changes are written afterwards.
    first = make_loads(terminals, connections, 0, 1, state=True, change_rate=0)
    warm = asyncio.run(run(port, first, 120))
    check(warm, 1)
    if warm.accepted != args.terminals:
        raise SystemExit("not every terminal could speak within two minutes")
    intervals = args.terminals * VALUES
    for load in ("heartbeat", "values"):
        for batch in (int(one) for one in args.batches.split(",")):
            envelopes = min(ENVELOPES_A_SECOND.get(batch, 60_000) * args.seconds, MOST_ENVELOPES)
            requests = max(connections, int(envelopes / batch) // connections * connections)
            loads = make_loads(
                terminals, connections, requests, batch, state=load == "values", change_rate=args.changes
            )
            decoded, judged = bare_limit(loads, batch, keys)
            busy_s = busy()
            outcome = asyncio.run(run(port, loads, args.seconds))
            busy_s = max(busy() - busy_s, 0.01)
            check(outcome, batch)
            intervals += outcome.changes
            heartbeats = outcome.accepted / outcome.elapsed_s
            cpu_values_s = outcome.accepted * VALUES / busy_s
            show(
                args,
                {
                    "database": database, "load": load, "batch": batch,
                    "requests_s": outcome.requests / outcome.elapsed_s, "heartbeats_s": heartbeats,
                    "values_s": heartbeats * VALUES, "cpu_values_s": cpu_values_s,
                    "ratio": cpu_values_s / rivals[batch] if batch in rivals else 0.0,
                    "p50_ms": outcome.percentile_ms(0.5), "p99_ms": outcome.percentile_ms(0.99),
                    "changes_s": outcome.changes / outcome.elapsed_s,
                    "decode_s": decoded, "judge_s": judged,
                },
            )  # fmt: skip
    return intervals


def processor_s(server: psutil.Process, url: str) -> float:
    """Processor time that the server has used, all its threads, with that of its PostgreSQL."""
    times = server.cpu_times()
    return times.user + times.system + (database_processor_s(url) if url else 0.0)


def measure_peer(args: argparse.Namespace) -> dict[int, float]:
    """Batch -> values per second of processor time through Zabbix; empty where it is not installed or not wanted."""
    if args.no_peer:
        return {}
    try:
        found: dict[int, float] = {}
        with peer(args.terminals, VALUES) as zabbix:
            zabbix.wait()
            for batch in (int(one) for one in args.batches.split(",")):
                outcome = zabbix.run(PEER_ROUNDS.get(batch, 10), batch)
                found[batch] = outcome.per_processor_s
                said = {
                    "peer": "zabbix", "batch": batch, "values_s": outcome.values_s, "cpu_values_s": found[batch],
                    "values": outcome.values,
                }  # fmt: skip
                print(json.dumps(said) if args.json else _peer_words(said), flush=True)
        return found
    except NoZabbix as error:
        print(f"zabbix: left out, {error}", file=sys.stderr)
        return {}


def _peer_words(said: dict[str, Any]) -> str:
    return (
        f"zabbix      values    {said['batch']:>6}  {said['values']:,} values stored, {said['values_s']:,.0f} values/s,"
        f" {said['cpu_values_s']:,.0f} values/cpu-s (server and its PostgreSQL)"
    )


def check(outcome: Outcome, batch: int) -> None:
    """Every sync of every answered request was accepted."""
    if outcome.refused or outcome.accepted != outcome.requests * batch:
        sent = outcome.requests * batch
        raise SystemExit(f"{outcome.accepted} of {sent} syncs were accepted, {outcome.refused} refused")


def main() -> int:
    args = arguments()
    if not args.json:
        cores = len(os.sched_getaffinity(0))
        print(f"{args.terminals} terminals, {args.connections} connections, {VALUES} values each,", end=" ")
        print(f"changes {args.changes:.2%}; {cores} cores, load {os.getloadavg()[0]:.1f}")
        print("".join(f"{title:{form.split(',')[0].split('.')[0]}}" for _key, title, form in COLUMNS))
    with tempfile.TemporaryDirectory(prefix="budayang-bench-") as name:
        folder = Path(name)
        os.environ |= {"BUDAYANG_DATA_DIR": str(folder / "own"), "BUDAYANG_DEMO": "1", "BUDAYANG_PUBLIC_URL": ""}
        os.environ["DJANGO_SETTINGS_MODULE"] = "budayang.center.config.settings"
        import django  # noqa: PLC0415  # settings are read from the environment made above

        django.setup()
        rivals = measure_peer(args)
        for database in args.databases.split(","):
            data = folder / database
            data.mkdir()
            with ExitStack() as stack:
                url = ""
                if database == "postgresql":
                    try:
                        url = stack.enter_context(cluster(durable=True))
                    except NoPostgresql as error:
                        print(f"postgresql: left out, {error}", file=sys.stderr)
                        continue
                measure(args, database, url, data, rivals)
    return 0


if __name__ == "__main__":
    sys.exit(main())
