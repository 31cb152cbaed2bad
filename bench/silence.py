#!/usr/bin/env python3
"""How late the door notices silence: 100,000 terminals, a tenth falls silent at once while the others go on.

    python bench/silence.py [--terminals 100000] [--share 0.1] [--plan 60] [--grace 30] [--databases sqlite,postgresql]

A real ingest process on one core, real HTTP with MAC. All terminals speak once; then a tenth says its last word within
a moment, and the others keep their plan, a little spread, from the other core. A terminal is silent at its last word
plus plan plus grace, computed; "late" is how long after that moment the transition was recorded. The limit is 1 s.
Beside it, in the same run: the answers to the syncs that went on (p50, p99), before and while silence was noticed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from ingest import HERE, center, free_port, wait_for
from ingest_load import Load, Outcome, Request, Terminal, envelope, post, run
from postgresql import NoPostgresql, cluster

CONNECTIONS = 16
LAST_WORDS_BATCH = 100
LIMIT_S = 1.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--terminals", type=int, default=100_000)
    parser.add_argument("--share", type=float, default=0.1, help="how many fall silent")
    parser.add_argument("--plan", type=int, default=60, help="seconds between heartbeats")
    parser.add_argument("--grace", type=int, default=30, help="seconds beyond the plan")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--json", action="store_true", help="one JSON line a database")
    return parser.parse_args()


def speak(port: int, terminals: list[Terminal], batch: int, limit_s: float) -> Outcome:
    """Every one of them says a heartbeat, `batch` in a request. Raises SystemExit when one was refused."""
    now_ms = time.time_ns() // 1_000_000
    loads = [Load(deque()) for _number in range(CONNECTIONS)]
    for number, at in enumerate(range(0, len(terminals), batch)):
        said = [envelope(one, now_ms, state=False) for one in terminals[at : at + batch]]
        loads[number % CONNECTIONS].requests.append(Request(post(said), []))
    outcome = asyncio.run(run(port, [load for load in loads if load.requests], limit_s))
    if outcome.accepted != len(terminals):
        raise SystemExit(f"{outcome.accepted} of {len(terminals)} heartbeats were accepted")
    return outcome


def keep_plan(port: int, terminals: list[Terminal], plan_s: float, until: float) -> tuple[list[float], float]:
    """Go on until `until` (monotonic): each second an equal part speaks. Returns the waits in s and the worst delay."""
    waits: list[float] = []
    behind_s, at = 0.0, 0
    step = max(1, round(len(terminals) / plan_s))
    tick = time.monotonic()
    while time.monotonic() < until:
        part = [terminals[(at + offset) % len(terminals)] for offset in range(step)]
        at += step
        waits += speak(port, part, 1, 30).waits_s
        tick += 1
        behind_s = max(behind_s, time.monotonic() - tick)
        time.sleep(max(0.0, tick - time.monotonic()))
    return waits, behind_s


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def measure(args: argparse.Namespace, database: str, url: str, folder: Path) -> bool:
    """One database; prints its line; True when the limit was kept."""
    environ = {
        **os.environ, "BUDAYANG_DATA_DIR": str(folder), "BUDAYANG_DATABASE_URL": url, "BUDAYANG_DEMO": "1",
        "BUDAYANG_PUBLIC_URL": "",
    }  # fmt: skip
    key_file = folder / "keys.json"
    center(environ, "prepare", str(args.terminals), str(key_file), str(args.plan), str(args.grace))
    terminals = [Terminal(c.encode(), bytes.fromhex(k)) for c, k in json.loads(key_file.read_text()).items()]
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
        silent = terminals[: int(len(terminals) * args.share)]
        others = terminals[len(silent) :]
        speak(port, others, LAST_WORDS_BATCH, 120)
        speak(port, silent, LAST_WORDS_BATCH, 120)
        last_word = time.monotonic()
        due = last_word + args.plan + args.grace
        before, behind = keep_plan(port, others, args.plan, due - 3)
        during, behind_later = keep_plan(port, others, args.plan, due + 12)
    finally:
        os.sched_setaffinity(0, set(cores))
        server.terminate()
        server.wait(60)
    found = json.loads(center(environ, "silences"))
    late = found["late_s"]
    row = {
        "database": database, "terminals": args.terminals, "silent": len(silent), "found": len(late),
        "late_p50_s": round(percentile(late, 0.5), 3), "late_p95_s": round(percentile(late, 0.95), 3),
        "late_max_s": round(max(late, default=0.0), 3), "limit_s": LIMIT_S, "wrongly_silent": found["wrong"],
        "syncs_s": round(len(others) / args.plan), "answer_p50_ms": round(percentile(before, 0.5) * 1000, 2),
        "answer_p99_ms": round(percentile(before, 0.99) * 1000, 2),
        "answer_p99_while_noticing_ms": round(percentile(during, 0.99) * 1000, 2),
        "driver_behind_s": round(max(behind, behind_later), 2),
    }  # fmt: skip
    print(json.dumps(row) if args.json else "\n".join(f"{name:<30}{value}" for name, value in row.items()), flush=True)
    return len(late) == len(silent) and not found["wrong"] and row["late_max_s"] <= LIMIT_S


def main() -> int:
    """0 when every silence was noticed within the limit and nobody else was called silent."""
    args = arguments()
    kept = True
    with tempfile.TemporaryDirectory(prefix="budayang-bench-") as name:
        for database in args.databases.split(","):
            data = Path(name) / database
            data.mkdir()
            with ExitStack() as stack:
                url = ""
                if database == "postgresql":
                    try:
                        url = stack.enter_context(cluster(durable=True))
                    except NoPostgresql as error:
                        print(f"postgresql: left out, {error}", file=sys.stderr)
                        continue
                kept = measure(args, database, url, data) and kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
