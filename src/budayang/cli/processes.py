"""Starting the house as real processes on loopback and ending them cleanly."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from budayang.cli.messages import Stop

STOP_S = 8
PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Program:
    """One process of the house: how it is started, where it answers, where it writes its log.

    `aloud`: without a log it writes where we write, instead of nowhere.
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    health: str = ""
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    aloud: bool = False

    def start(self) -> None:
        """Start it. It ends with us even when we are killed: the kernel tells it."""
        silent = None if self.aloud else subprocess.DEVNULL
        out = open(self.log, "ab") if self.log else silent  # noqa: SIM115  # the child keeps it
        self.process = subprocess.Popen(
            [sys.executable, "-m", "budayang.cli.main", *self.arguments],
            env=os.environ | dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        if self.log:
            out.close()  # type: ignore[union-attr]

    def wait_until_healthy(self, timeout_s: float) -> None:
        """Until its address answers.

        Raises:
            Stop: when it ended or did not answer in time; the message says where its log lies.
        """
        ends = time.monotonic() + timeout_s
        while time.monotonic() < ends:
            self.check_alive()
            if not self.health:
                return
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(self.health, timeout=2).status_code < 500:
                    return
            time.sleep(0.1)
        raise Stop(
            f"{self.name} 没有在 {timeout_s:.0f} 秒内就绪。{self._where()}",
            f"{self.name} did not become ready in time.",
        )

    def check_alive(self) -> None:
        """Raises Stop when the process ended by itself."""
        if self.process is not None and self.process.poll() is not None:
            tail = _tail(self.log)
            raise Stop(
                f"{self.name} 意外退出（{self.process.returncode}）。{self._where()}",
                f"{self.name} ended by itself.\n{tail}",
            )

    def kill(self) -> None:
        """kill -9, for stories and tests of crashes."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def _where(self) -> str:
        return f"日志：{self.log}" if self.log else ""


def _end_with_parent() -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _tail(log: Path | None, lines: int = 12) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log and log.exists() else ""


@dataclass(slots=True)
class House:
    """Programs in the order of their start; stopped in the opposite order."""

    programs: list[Program] = field(default_factory=list)

    def start(self, program: Program, timeout_s: float = 40) -> Program:
        """Start one and wait until it answers."""
        self.programs.append(program)
        program.start()
        program.wait_until_healthy(timeout_s)
        return program

    def stop(self) -> None:
        """SIGTERM to all, then SIGKILL to whatever is still there after some seconds."""
        running = [
            one.process for one in reversed(self.programs) if one.process is not None and one.process.poll() is None
        ]
        for process in running:
            process.terminate()
        ends = time.monotonic() + STOP_S
        for process in running:
            try:
                process.wait(max(0.1, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


def refuse_taken_ports(ports: Mapping[str, int]) -> None:
    """Raises Stop when a port is taken; names it and the way out."""
    for name, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise Stop(
                    f"端口 {port}（{name}）被占用。请关闭占用它的程序，或换一组端口：./run --port 9800",
                    f"Port {port} ({name}) is taken. Stop its program, or choose other ports: ./run --port 9800",
                ) from error
