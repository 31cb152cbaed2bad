"""A phone for tests: a Chromium of its own with a profile that outlives it, and the cable between it and the center."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from playwright.sync_api import Page, Playwright

WAIT_S = 40


class Cable:
    """What the phone's traffic goes through. Cut, nobody answers at this address, whatever asks: page or worker."""

    def __init__(self, port: int) -> None:
        self._center, self._open, self._held = port, threading.Event(), set[socket.socket]()
        self._door = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._door.getsockname()[1]
        self.join()
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def join(self) -> None:
        self._open.set()

    def cut(self) -> None:
        """From now on connections end at once; those that stand are torn."""
        self._open.clear()
        for one in list(self._held):
            self._end(one)

    def close(self) -> None:
        self.cut()
        self._end(self._door)

    def _serve(self) -> None:
        while True:
            try:
                phone, _address = self._door.accept()
            except OSError:
                return
            if not self._open.is_set():
                self._end(phone)
                continue
            center = socket.create_connection(("127.0.0.1", self._center))
            self._held |= {phone, center}
            for here, there in ((phone, center), (center, phone)):
                threading.Thread(target=self._carry, args=(here, there), daemon=True).start()

    def _carry(self, here: socket.socket, there: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := here.recv(65536):
                there.sendall(data)
        for one in (here, there):
            self._held.discard(one)
            self._end(one)

    @staticmethod
    def _end(one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


class Phone:
    """Chromium as a process of its own, so that it can be killed like a phone whose battery is empty."""

    def __init__(self, chromium: str, flags: tuple[str, ...], profile: Path, *more: str) -> None:
        self._start = [chromium, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}", *flags]
        self._start += [*more, "--lang=zh-CN", "--accept-lang=zh-CN,zh", "about:blank"]
        self._profile = profile
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, playwright: Playwright) -> Page:
        """A page of 390×844 in the profile; what was kept there is there."""
        told = self._profile / "DevToolsActivePort"
        told.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            self._start,
            env=os.environ | {"TZ": "Asia/Shanghai"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        ends = time.monotonic() + WAIT_S
        while not (told.exists() and told.read_text().count("\n") == 1):
            assert time.monotonic() < ends, "Chromium did not start"
            assert self._process.poll() is None, "Chromium ended by itself"
            time.sleep(0.05)
        port = told.read_text().split("\n")[0]
        context = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}").contexts[0]
        page = context.new_page()
        page.set_viewport_size({"width": 390, "height": 844})
        return page

    def kill(self) -> None:
        """kill -9, every process of it."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        self._process = None
