#!/usr/bin/env python3
"""How long the lists of work orders take with a million of them, and what watching their clocks costs.

    python bench/orders.py [--orders 1000000] [--open 200000] [--databases sqlite,postgresql] [--rounds 20]

Pages are asked for by Django's test client with a signed-in session: the whole stack of the center without the network,
one request at a time. Then the sweep of the clocks is run as the worker runs it, each 10 s, over ten minutes of the
coming day (a moment that is set, so that ten minutes need not be waited for), and once more after 2,000 limits break in
one moment. Printed: p50 and p95 with the limit of 200 ms; how late after its moment each breach was written, with the
limit of 60 s; the share of one core, with the limit of 5 %; and in the same run the bare limit, 50 rows by their key.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from postgresql import cluster

HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--open", type=int, default=200_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--rounds", type=int, default=20)
    args = parser.parse_args()
    for database in args.databases.split(","):
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="budayang-orders-"))
            url = stack.enter_context(cluster(durable=True)) if database == "postgresql" else ""
            environ = {
                **os.environ, "BUDAYANG_DATA_DIR": folder, "BUDAYANG_DATABASE_URL": url, "BUDAYANG_DEMO": "1",
                "BUDAYANG_PUBLIC_URL": "",
            }  # fmt: skip
            began = time.monotonic()
            build = [sys.executable, str(HERE / "orders_city.py"), str(args.orders), str(args.open)]
            subprocess.run(build, env=environ, check=True)
            print(
                f"# {database}, {args.orders:,} orders, {args.open:,} open; built in {time.monotonic() - began:.0f} s"
            )
            ask = [sys.executable, str(HERE / "orders_center.py"), str(args.rounds)]
            subprocess.run(ask, env=environ, check=True)


if __name__ == "__main__":
    main()
