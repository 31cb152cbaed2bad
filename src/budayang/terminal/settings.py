"""The terminal's settings: one frozen table, read from the environment or given by the command line."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from budayang.terminal.errors import BadSetting

PREFIX = "BUDAYANG_TERMINAL_"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: `name` in lower case; the environment has it in capitals behind `PREFIX`."""

    name: str
    kind: type
    default: Any
    help: str


TABLE: tuple[Setting, ...] = (
    Setting("data_dir", Path, Path("var/terminal"), "数据目录：发件箱、密钥；不存任何明文个人信息"),
    Setting("code", str, "", "终端编号，如 KBS-01；登记后以管理平台的为准"),
    Setting("center_url", str, "http://127.0.0.1:8800", "管理平台地址；本机以外必须是 https"),
    Setting("host", str, "127.0.0.1", "屏幕服务监听的地址；只能是本机"),
    Setting("port", int, 8821, "屏幕服务监听的端口"),
    Setting("reader_url", str, "", "身份证阅读器：tcp://主机:端口 或 /dev/… ；没有就留空"),
    Setting("printer_url", str, "", "打印机：ipp://主机:端口/ipp/print；没有就留空"),
    Setting("camera_url", str, "", "高拍仪（eSCL）：http://主机:端口/eSCL/；没有就留空"),
    Setting("face_camera_url", str, "", "人像摄像头（ustreamer）：http://127.0.0.1:端口/；只能是本机，没有就留空"),
    Setting("face_engine_url", str, "", "人脸比对引擎：http://127.0.0.1:端口/；只能是本机，人脸不出终端"),
    Setting("payer_scanner_url", str, "", "付款码扫描窗：tcp://主机:端口、/dev/… 或 pty:路径；没有就留空"),
    Setting("page_helper", str, "", "打开部门网页的助手程序的套接字：/run/budayang/page.sock；没有就留空"),
    Setting("enrolment_code", str, "", "一次性登记码，只在第一次启动时用"),
    Setting("kiosk_key", str, "", "浏览器启动口令；留空则生成并存入数据目录 kiosk.key"),
    Setting("card_code", bool, True, "没有阅读器时是否可以输入卡上的码（演示身份卡）"),
    Setting("heartbeat_s", float, 10.0, "两次同步之间最长的间隔（秒）"),
    Setting("screenshot", str, "", "截屏命令，把 PNG 写到标准输出，如 grim - ；留空则不能截屏"),
    Setting("brightness", str, "", "调亮度的命令，如 brightnessctl set {percent}% ；留空则不调"),
    Setting("volume", str, "", "调音量的命令，如 amixer set Master {percent}% ；留空则不调"),
    Setting("reboot", str, "", "重启整机的命令，如 systemctl reboot ；留空则不能远程重启整机"),
    Setting("release_dir", Path, Path(), "软件版本目录（releases/ 与 current）；与 release_key 都给出才能远程升级"),
    Setting("release_key", str, "", "离线发布密钥的公钥（base64 的 Ed25519）"),
    Setting("wait_s", int, 25, "同步时最多让管理平台挂起多久（秒，不超过 25）"),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The values in force; made by `load`, which checks them."""

    data_dir: Path = Path("var/terminal")
    code: str = ""
    center_url: str = "http://127.0.0.1:8800"
    host: str = "127.0.0.1"
    port: int = 8821
    reader_url: str = ""
    printer_url: str = ""
    camera_url: str = ""
    face_camera_url: str = ""
    face_engine_url: str = ""
    payer_scanner_url: str = ""
    page_helper: str = ""
    enrolment_code: str = ""
    kiosk_key: str = ""
    card_code: bool = True
    heartbeat_s: float = 10.0
    screenshot: str = ""
    brightness: str = ""
    volume: str = ""
    reboot: str = ""
    release_dir: Path = Path()
    release_key: str = ""
    wait_s: int = 25

    @property
    def origin(self) -> str:
        """The only origin from which the browser may speak to the terminal."""
        return f"http://{self.host}:{self.port}"


def load(environ: Mapping[str, str], **given: object) -> Settings:
    """Settings from `given` (the command line; None means not given), else the environment, else the default.

    Raises:
        BadSetting: a value of the wrong type, an unknown name, or one that would be unsafe.
    """
    known = {setting.name for setting in TABLE}
    for name in given:
        if name not in known:
            raise BadSetting(f"unknown setting {name!r}; known are {', '.join(sorted(known))}")
    values: dict[str, Any] = {}
    for setting in TABLE:
        raw = given.get(setting.name)
        if raw is None:
            raw = environ.get(PREFIX + setting.name.upper())
        values[setting.name] = setting.default if raw is None else _convert(setting, raw)
    settings = Settings(**values)
    _check(settings)
    return settings


def kiosk_key(settings: Settings) -> str:
    """The key that the browser's launcher shows at `/start?k=`; made once, readable by the service's user only."""
    if settings.kiosk_key:
        return settings.kiosk_key
    path = settings.data_dir / "kiosk.key"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    key = secrets.token_urlsafe(24)
    path.touch(mode=0o600)
    path.write_text(key, encoding="ascii")
    return key


def _convert(setting: Setting, raw: object) -> Any:
    if isinstance(raw, setting.kind) and not isinstance(raw, str):
        return raw
    text = str(raw).strip()
    try:
        if setting.kind is bool:
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.lower()]
        return setting.kind(text)
    except (ValueError, KeyError):
        raise BadSetting(
            f"{PREFIX}{setting.name.upper()} must be {setting.kind.__name__}, not {text!r}: {setting.help}"
        ) from None


def _check(settings: Settings) -> None:
    if settings.host not in LOOPBACK:
        raise BadSetting(
            f"host must be a loopback address, not {settings.host!r}: the screens are for this machine only"
        )
    if not 0 < settings.port < 65536:
        raise BadSetting(f"port must be between 1 and 65535, not {settings.port}")
    center = urlsplit(settings.center_url)
    if center.scheme not in {"http", "https"} or not center.hostname:
        raise BadSetting(f"center_url must be an http(s) address, not {settings.center_url!r}")
    if center.scheme == "http" and center.hostname not in LOOPBACK:
        raise BadSetting("center_url must be https unless the center is on this machine: credentials travel on it")
    if settings.reader_url and not settings.reader_url.startswith(("tcp://", "/dev/", "pty:")):
        raise BadSetting(f"reader_url must be tcp://host:port, a /dev path or pty:path, not {settings.reader_url!r}")
    if settings.printer_url and not settings.printer_url.startswith(("ipp://", "ipps://")):
        raise BadSetting(f"printer_url must be ipp://host:port/path, not {settings.printer_url!r}")
    if settings.camera_url and not settings.camera_url.startswith(("http://", "https://")):
        raise BadSetting(f"camera_url must be http(s)://host:port/eSCL/, not {settings.camera_url!r}")
    for name in ("face_camera_url", "face_engine_url"):
        _check_face(name, getattr(settings, name))
    if bool(settings.face_camera_url) != bool(settings.face_engine_url):
        raise BadSetting("face_camera_url and face_engine_url are given together: neither is of use alone")
    if settings.payer_scanner_url and not settings.payer_scanner_url.startswith(("tcp://", "/dev/", "pty:")):
        raise BadSetting("payer_scanner_url must be tcp://host:port, a /dev path or pty:path")
    if settings.page_helper and not settings.page_helper.startswith("/"):
        raise BadSetting(f"page_helper must be the path of a unix socket, not {settings.page_helper!r}")
    if not 0 <= settings.wait_s <= 25:
        raise BadSetting(f"wait_s must be between 0 and 25, not {settings.wait_s}")
    if settings.heartbeat_s <= 0:
        raise BadSetting(f"heartbeat_s must be above 0, not {settings.heartbeat_s}")


def _check_face(name: str, url: str) -> None:
    """A face never leaves the machine: its camera and the engine that compares it are on this machine."""
    parts = urlsplit(url)
    if url and (parts.scheme != "http" or parts.hostname not in LOOPBACK):
        raise BadSetting(f"{name} must be http:// on this machine, not {url!r}: faces never leave the terminal")


assert {setting.name for setting in TABLE} == {field.name for field in fields(Settings)}
