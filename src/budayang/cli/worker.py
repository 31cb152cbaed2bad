"""`budayang worker`: deliveries, due times, the audit seal, long work, the sending of notices.

It starts a second process for the prompt lane, so that nothing long delays what people wait for, and starts it again
should it end. Where each process is to be somebody else's affair, `--lane` runs one lane alone.
"""

from __future__ import annotations

import argparse
import signal
import threading

from budayang.center.maintenance.notices_sending import SenderThread
from budayang.center.platform import heap
from budayang.center.platform.worker import Lane, Loop, OutwardThread, TaskThread
from budayang.cli.processes import House, Program

LOOK_S = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What runs in each lane is the table in config/wiring.py."""
    parser.add_argument(
        "--lane",
        choices=[lane.value for lane in Lane],
        help="只运行一条：prompt 故障判定等，outward 询问部门系统，steady 其余，all 全部 / one lane alone",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C; what is at hand is finished."""
    lane = Lane(arguments.lane or Lane.STEADY)
    loop, house = Loop(lane), House()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: loop.stopping.set())
    # Long work, the sending of notices and asking departments stand beside the loop, in threads of their own: none
    # delays another.
    beside: list[TaskThread | SenderThread | OutwardThread] = []
    if lane in (Lane.STEADY, Lane.ALL):
        beside += [TaskThread(), SenderThread()]
    if arguments.lane is None:
        beside.append(OutwardThread())
    for thread in beside:
        thread.start()
    if arguments.lane is None:
        threading.Thread(target=_keep_prompt_lane, args=(house, loop.stopping), daemon=True).start()
    heap.settle()
    print(f"worker ready: {lane if arguments.lane else 'prompt and steady'}", flush=True)
    loop.run()
    house.stop()
    for thread in beside:
        thread.stop()
    for thread in beside:
        thread.join(timeout=5)
    return 0


def _keep_prompt_lane(house: House, stopping: threading.Event) -> None:
    """Start the prompt lane, and start it again when it ended without being asked to."""
    while not stopping.is_set():
        program = Program("worker prompt", ["worker", "--lane", Lane.PROMPT], {}, aloud=True)
        house.programs = [program]
        program.start()
        while not stopping.wait(LOOK_S):
            if program.process is None or program.process.poll() is not None:
                break
