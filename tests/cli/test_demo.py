"""The demonstration as a process: a second one, a taken port, a full disk; Ctrl-C with live pages open."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import psutil
import pytest

from budayang.cli.messages import Stop
from budayang.cli.stage import Stage


def free_port_block() -> int:
    """A base port whose followers are free too (the demonstration uses base … base + 53)."""
    for base in range(21000, 30000, 100):
        with contextlib.ExitStack() as held:
            try:
                for offset in (0, 10, 21, 22, 23, 31, 32, 33, 41, 42, 43, 51, 52, 53):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", base + offset))
            except OSError:
                continue
        return base
    raise AssertionError("no free ports")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path, free_port_block())


def test_a_taken_port_is_named_with_the_way_out(stage: Stage) -> None:
    with socket.socket() as rival:
        rival.bind(("127.0.0.1", stage.port + 22))
        rival.listen()
        with pytest.raises(Stop, match=rf"{stage.port + 22}（终端 KBS-02）被占用.*--port"):
            stage.take()


def test_each_port_of_the_house_is_named_once(stage: Stage) -> None:
    ports = stage.ports()
    assert len(set(ports.values())) == len(ports)
    assert {stage.port + 51, stage.port + 52, stage.port + 53} <= set(ports.values())
    assert max(ports.values()) < stage.port + 60, "houses of tests stand sixty ports apart"


def test_a_full_disk_is_named_before_anything_starts(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=5_000_000))
    with pytest.raises(Stop, match="磁盘空间不足：至少需要 200 MB，现有 5 MB"):
        stage.take()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port_block()
    command = [sys.executable, "-m", "budayang.cli.main", "demo", "--data-dir", str(tmp_path), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        yield process, port
        process.kill()


@pytest.mark.processes
def test_a_second_one_is_refused_and_ctrl_c_ends_all(demo: tuple[subprocess.Popen[str], int], tmp_path: Path) -> None:
    process, port = demo
    assert process.stdout is not None
    printed = []
    for line in process.stdout:
        printed.append(line)
        if "Ctrl-C" in line:
            break
    text = "".join(printed)
    for words in (f":{port}/console/", f":{port + 21}/start?k=", "budayang-demo-2026", "lin"):
        assert words in text
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 7

    again = [sys.executable, "-m", "budayang.cli.main", "demo", "--data-dir", str(tmp_path), "--port", str(port)]
    second = subprocess.run(again, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    assert f"已经在运行（进程 {process.pid}）" in second.stderr

    opened = threading.Event()

    def watch() -> None:
        with (
            contextlib.suppress(httpx.HTTPError),
            httpx.stream("GET", f"http://127.0.0.1:{port}/live/public", timeout=60) as stream,
        ):
            for _part in stream.iter_text():
                opened.set()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    assert opened.wait(20)
    began = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    process.stdout.read()
    assert process.wait(30) == 130
    assert time.monotonic() - began < 20
    watcher.join(5)
    gone, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
    assert len(gone) == len(children)
    assert (tmp_path / "center.sqlite3").exists()
