"""The demonstration's stage: which processes on which ports, with which settings. Used by `demo` and by the stories."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from budayang import data
from budayang.cli.messages import Stop, say
from budayang.cli.processes import House, Program, refuse_taken_ports
from budayang.data.cast import DemoRelay, DemoTerminal

DEFAULT_PORT = 8800
NEEDED_MB = 200


@dataclass(slots=True)
class Stage:
    """All that the demonstration needs to know about where things are. `port` is the center's; others follow it."""

    folder: Path
    port: int = DEFAULT_PORT
    lan: str = ""  # the host name or address under which phones in the hall come, over HTTPS
    lan_host: str = "0.0.0.0"
    environment: dict[str, str] = field(default_factory=dict)
    house: House = field(default_factory=House)
    programs: dict[str, Program] = field(default_factory=dict)
    kiosk_keys: dict[str, str] = field(default_factory=dict)
    _lock: IO[str] | None = None

    @property
    def center(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox(self) -> str:
        return f"http://127.0.0.1:{self.port + 10}"

    @property
    def lan_url(self) -> str:
        """Where phones come; terminals' codes lead there."""
        return f"https://{self.lan}:{self.port + 54}"

    @property
    def lan_page(self) -> str:
        """Where a phone gets the certificate."""
        return f"http://{self.lan}:{self.port + 55}/"

    @property
    def lan_folder(self) -> Path:
        return self.folder / "lan"

    @property
    def terminals(self) -> tuple[DemoTerminal, ...]:
        return tuple(row for row in data.demo().terminals if row.runs)

    def shifted(self, port: int | None) -> int:
        """A port of the cast, moved along when the center's own port is another than the usual one."""
        assert port is not None
        return port - DEFAULT_PORT + self.port

    def screen(self, row: DemoTerminal) -> str:
        """The address that the browser of a terminal opens at its start."""
        return f"http://127.0.0.1:{self.shifted(row.port)}/start?k={self.kiosk_keys[row.code]}"

    def center_environment(self) -> dict[str, str]:
        """Settings of the center's programs."""
        return {
            "DJANGO_SETTINGS_MODULE": "budayang.center.config.settings",
            "BUDAYANG_DEMO": "1",
            "BUDAYANG_DATA_DIR": str(self.folder),
            "BUDAYANG_PUBLIC_URL": self.lan_url if self.lan else os.environ.get("BUDAYANG_PUBLIC_URL", self.center),
            "BUDAYANG_SANDBOX_URL": self.sandbox,
            **self.environment,
        }

    def full_environment(self) -> dict[str, str]:
        """The environment of a command that runs beside the center's programs."""
        return os.environ | self.center_environment()

    def take(self) -> None:
        """Make sure that nobody else plays here, that there is room, and that the ports are free.

        Raises:
            Stop: with the repair.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        free_mb = shutil.disk_usage(self.folder).free // 1_000_000
        if free_mb < NEEDED_MB:
            raise Stop(
                f"磁盘空间不足：至少需要 {NEEDED_MB} MB，现有 {free_mb} MB。请清理后再运行，数据没有改动。",
                f"The disk is nearly full: {NEEDED_MB} MB needed, {free_mb} MB free. No data was touched.",
            )
        self._lock = open(self.folder / "run.lock", "a+", encoding="utf-8")  # noqa: SIM115  # held as long as we live
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.seek(0)
            holder = self._lock.read().strip() or "?"
            self._lock.close()
            raise Stop(
                f"演示已经在运行（进程 {holder}）。请到那个窗口按 Ctrl-C 停止。",
                "The demonstration is running already. Stop it with Ctrl-C in its window, or use that one.",
            ) from error
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()
        try:
            refuse_taken_ports(self.ports())
        except Stop:
            self.leave()
            raise

    def leave(self) -> None:
        """Stop what was started and let others play here; the data stays."""
        self.house.stop()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def ports(self) -> dict[str, int]:
        """Every port that the demonstration listens on, by name."""
        ports = {"管理平台 center": self.port, "沙盒 sandbox": self.port + 10, "部门网页 site": self.port + 12}
        for row in self.terminals:
            ports[f"终端 {row.code}"] = self.shifted(row.port)
            ports[f"读卡器 {row.code}"] = self.shifted(row.reader_port)
            ports[f"打印机 {row.code}"] = self.shifted(row.printer_port)
        for machine in data.demo().watched:
            ports[f"部门专机 {machine.code}"] = self.shifted(machine.page_port)
        if self.lan:
            ports |= {"手机 HTTPS": self.port + 54, "证书安装页 certificate page": self.port + 55}
        return ports

    def prepare(self) -> None:
        """Tables and data, in a process of its own so that this one stays small.

        Raises:
            Stop: when it failed.
        """
        done = subprocess.run(
            [sys.executable, "-m", "budayang.cli.main", "seed", "--demo"],
            env=self.full_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Stop(f"数据没有准备好：\n{done.stderr.strip()[-2000:]}", "The data could not be prepared; see above.")

    def start(self, tell: Callable[[str, str], None] = say) -> None:
        """Start everything, each when what it needs answers."""
        logs = self.folder / "logs"
        logs.mkdir(exist_ok=True)
        environment = self.center_environment()
        tell("启动沙盒：部门系统、读卡器、打印机、部门专机", "starting the sandbox")
        self._add(
            "sandbox", ["sandbox", *self._sandbox_arguments()], environment, f"{self.sandbox}/control/state", logs
        )
        tell("启动管理平台", "starting the center")
        self.start_web()
        self._add("worker", ["worker"], environment, "", logs)
        for row in self.terminals:
            tell(f"启动终端 {row.code}", f"starting terminal {row.code}")
            self.start_terminal(row)
        for relay in data.demo().relays:
            tell(f"启动中继 {relay.code}", f"starting relay {relay.code}")
            self.start_relay(relay)

    def start_web(self) -> Program:
        """Start the center, with its door for phones when there is one."""
        arguments = ["web", "--port", str(self.port)]
        if self.lan:
            arguments += ["--lan-name", self.lan, "--lan-host", self.lan_host, "--lan-dir", str(self.lan_folder)]
            arguments += ["--lan-port", str(self.port + 54), "--lan-page-port", str(self.port + 55)]
        logs = self.folder / "logs"
        logs.mkdir(exist_ok=True)
        return self._add("web", arguments, self.center_environment(), f"{self.center}/accounts/login/", logs)

    def start_terminal(self, row: DemoTerminal) -> Program:
        """Start one terminal of the cast with its devices."""
        folder = self.folder / "terminals" / row.code
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        code_file = folder / "one-time-code"
        # The browser's secret is made anew at each start of the browser; here that is each start of the demonstration.
        self.kiosk_keys[row.code] = secrets.token_urlsafe(24)
        environment = {
            "BUDAYANG_TERMINAL_DATA_DIR": str(folder),
            "BUDAYANG_TERMINAL_CODE": row.code,
            "BUDAYANG_TERMINAL_CENTER_URL": self.center,
            "BUDAYANG_TERMINAL_PORT": str(self.shifted(row.port)),
            "BUDAYANG_TERMINAL_READER_URL": f"tcp://127.0.0.1:{self.shifted(row.reader_port)}",
            "BUDAYANG_TERMINAL_PRINTER_URL": f"ipp://127.0.0.1:{self.shifted(row.printer_port)}/ipp/print",
            "BUDAYANG_TERMINAL_CAMERA_URL": self._camera(row),
            **self._more(row),
            "BUDAYANG_TERMINAL_KIOSK_KEY": self.kiosk_keys[row.code],
            "BUDAYANG_TERMINAL_ENROLMENT_CODE": code_file.read_text() if code_file.exists() else "",
            **self.environment,
        }
        health = f"http://127.0.0.1:{self.shifted(row.port)}/healthz"
        return self._add(row.code, ["terminal"], environment, health, self.folder / "logs")

    def _camera(self, row: DemoTerminal) -> str:
        """The first terminal of the cast has a document camera; at the others materials come from people's phones."""
        return f"{self.sandbox}/camera/1/eSCL/" if row.code == self.terminals[0].code else ""

    def _more(self, row: DemoTerminal) -> dict[str, str]:
        """The first terminal of the cast has a face camera and a window for department pages too. At the others people
        compare person and card, and no department page is offered.
        """
        if row.code != self.terminals[0].code:
            return {}
        return {
            "BUDAYANG_TERMINAL_FACE_CAMERA_URL": f"{self.sandbox}/face/1/camera/",
            "BUDAYANG_TERMINAL_FACE_ENGINE_URL": f"{self.sandbox}/face/1/engine/",
            "BUDAYANG_TERMINAL_PAGE_HELPER": str((self.folder / "sandbox" / "window-1.sock").absolute()),
        }

    def start_relay(self, row: DemoRelay) -> Program:
        """Start a relay of the cast; nobody waits for it: what it watches is unknown until it tells."""
        folder = self.folder / "terminals" / row.code
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        code_file = folder / "one-time-code"
        environment = {
            "BUDAYANG_RELAY_DATA_DIR": str(folder),
            "BUDAYANG_RELAY_CENTER_URL": self.center,
            "BUDAYANG_RELAY_ENROLMENT_CODE": code_file.read_text() if code_file.exists() else "",
            **self.environment,
        }
        return self._add(row.code, ["relay"], environment, "", self.folder / "logs")

    def restart(self, name: str) -> Program:
        """Start a program again that was killed, as it was."""
        program = self.programs[name]
        program.start()
        program.wait_until_healthy(40)
        return program

    def _add(self, name: str, arguments: list[str], environment: dict[str, str], health: str, logs: Path) -> Program:
        program = Program(name, arguments, environment, health, logs / f"{name}.log")
        self.programs[name] = program
        return self.house.start(program)

    def _sandbox_arguments(self) -> list[str]:
        readers = [f"--reader={self.shifted(row.reader_port)}" for row in self.terminals]
        printers = [f"--printer={self.shifted(row.printer_port)}" for row in self.terminals]
        machines = [f"--machine={self.shifted(row.page_port)}" for row in data.demo().watched]
        return [
            "--port",
            str(self.port + 10),
            "--data-dir",
            str(self.folder / "sandbox"),
            f"--site={self.port + 12}",
            "--center",
            self.center,
            *readers,
            *printers,
            *machines,
        ]
