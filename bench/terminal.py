#!/usr/bin/env python3
"""What the terminal's service takes of its machine: resident memory, and processor time while nobody is there.

    python bench/terminal.py [--seconds 60] [--port 21800]

The demonstration's own house in real processes, its terminals with their readers and printers. After the first half
minute the processor time of each terminal is counted for so many seconds; then the night story is played, and memory is
read again. Limits (110 MiB, 1 % of a core) are printed beside; beyond one the run fails.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import psutil

from budayang.cli.stage import Stage
from budayang.cli.story import night

SETTLED_S = 30
MOST_MIB, MOST_CPU = 110.0, 1.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--port", type=int, default=21800)
    args = parser.parse_args()
    kept = True
    with tempfile.TemporaryDirectory(prefix="budayang-terminal-") as folder:
        stage = Stage(Path(folder), args.port)
        stage.take()
        try:
            stage.prepare()
            stage.start(lambda _zh, _en: None)
            time.sleep(SETTLED_S)
            machines = terminals(stage)
            before = {code: used(process) for code, process in machines.items()}
            time.sleep(args.seconds)
            idle = {code: 100 * (used(process) - before[code]) / args.seconds for code, process in machines.items()}
            at_rest = {code: memory(process) for code, process in machines.items()}
            assert all(link.ok for link in night(stage)), "the story broke"
            for code, process in machines.items():
                row = {
                    "terminal": code, "idle_cpu_percent": round(idle[code], 2), "limit_cpu_percent": MOST_CPU,
                    "rss_mib": round(at_rest[code], 1), "rss_mib_after_the_night": round(memory(process), 1),
                    "limit_mib": MOST_MIB,
                }  # fmt: skip
                row["kept"] = idle[code] <= MOST_CPU and memory(process) <= MOST_MIB
                kept = kept and bool(row["kept"])
                print(json.dumps(row))
        finally:
            stage.leave()
    return 0 if kept else 1


def terminals(stage: Stage) -> dict[str, psutil.Process]:
    """Code → its service."""
    running = {
        program.name: psutil.Process(program.process.pid)
        for program in stage.house.programs
        if program.process is not None and program.arguments[:1] == ["terminal"]
    }
    assert running, "the house has terminals"
    return running


def used(process: psutil.Process) -> float:
    """Seconds of processor time so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def memory(process: psutil.Process) -> float:
    """Resident, in MiB."""
    return float(process.memory_info().rss) / 2**20


if __name__ == "__main__":
    sys.exit(main())
