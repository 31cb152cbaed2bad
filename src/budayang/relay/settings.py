"""The relay's settings: one frozen table, read from the environment (`BUDAYANG_RELAY_…`) or given by the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from budayang.relay.errors import BadSetting

PREFIX = "BUDAYANG_RELAY_"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: `name` in lower case; the environment has it in capitals behind `PREFIX`."""

    name: str
    kind: type
    default: Any
    help: str


TABLE: tuple[Setting, ...] = (
    Setting("data_dir", Path, Path("var/relay"), "数据目录：每台机器的发件箱和密钥、secrets.json"),
    Setting("center_url", str, "http://127.0.0.1:8800", "管理平台地址；本机以外必须是 https"),
    Setting("enrolment_code", str, "", "一次性登记码，只在第一次启动时用"),
    Setting("beat_host", str, "", "接收机器心跳的本机地址；留空不接收"),
    Setting("beat_port", int, 8823, "接收机器心跳的端口"),
    Setting("heartbeat_s", float, 10.0, "两次同步之间最长的间隔（秒）"),
    Setting("wait_s", int, 25, "同步时最多让管理平台挂起多久（秒，不超过 25）"),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The values in force; made by `load`, which checks them."""

    data_dir: Path = Path("var/relay")
    center_url: str = "http://127.0.0.1:8800"
    enrolment_code: str = ""
    beat_host: str = ""
    beat_port: int = 8823
    heartbeat_s: float = 10.0
    wait_s: int = 25


def load(environ: Mapping[str, str], **given: object) -> Settings:
    """Settings from `given` (None means not given), else the environment, else the default.

    Raises:
        BadSetting: a value of the wrong type or one that would be unsafe.
    """
    values: dict[str, Any] = {}
    for setting in TABLE:
        raw = given.get(setting.name)
        raw = environ.get(PREFIX + setting.name.upper()) if raw is None else raw
        try:
            values[setting.name] = setting.default if raw is None else setting.kind(raw)
        except ValueError:
            name = PREFIX + setting.name.upper()
            raise BadSetting(f"{name} must be {setting.kind.__name__}, not {raw!r}: {setting.help}") from None
    settings = Settings(**values)
    center = urlsplit(settings.center_url)
    if center.scheme not in {"http", "https"} or not center.hostname:
        raise BadSetting(f"center_url must be an http(s) address, not {settings.center_url!r}")
    if center.scheme == "http" and center.hostname not in LOOPBACK:
        raise BadSetting("center_url must be https unless the center is on this machine: credentials travel on it")
    if not 0 < settings.beat_port < 65536:
        raise BadSetting(f"beat_port must be between 1 and 65535, not {settings.beat_port}")
    if not 0 <= settings.wait_s <= 25:
        raise BadSetting(f"wait_s must be between 0 and 25, not {settings.wait_s}")
    if settings.heartbeat_s <= 0:
        raise BadSetting(f"heartbeat_s must be above 0, not {settings.heartbeat_s}")
    return settings


assert {setting.name for setting in TABLE} == {field.name for field in fields(Settings)}
