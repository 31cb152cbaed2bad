"""The settings of the center: one table. A bad value stops the start and says the repair.

Thresholds, deadlines and rosters are not settings: they are rows with history (`platform.Parameter`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network


class BadSetting(Exception):
    """A setting that cannot be used. The message names the variable, what was found and the repair."""


def _text(value: str) -> str:
    return value


def _path(value: str) -> Path:
    return Path(value).expanduser().absolute()


def _flag(value: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if value.lower() not in known:
        raise ValueError("write 1 or 0")
    return known[value.lower()]


def _number(value: str) -> int:
    if not value.isdigit():
        raise ValueError("write a whole number")
    return int(value)


def _origin(value: str) -> str:
    if not value:
        return value
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path not in {"", "/"} or parts.query:
        raise ValueError("write an address such as https://zwfw.example.cn, without a path")
    return f"{parts.scheme}://{parts.netloc}"


def _networks(value: str) -> tuple[Network, ...]:
    """Addresses and networks, with commas or blanks between them."""
    try:
        found = tuple(ip_network(one) for one in value.replace(",", " ").split())
    except ValueError as error:
        raise ValueError(f"{error}; write addresses or networks such as 127.0.0.1, 10.0.5.0/28") from error
    if any(one.prefixlen == 0 for one in found):
        raise ValueError("who trusts everybody lets everybody choose an address; write your proxies' own")
    return found


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table. `name` is both the field of `Settings` and, in capitals after BUDAYANG_, the variable."""

    name: str
    parse: Callable[[str], object]
    default: str
    help: str

    @property
    def variable(self) -> str:
        return f"BUDAYANG_{self.name.upper()}"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force, read once at the start."""

    data_dir: Path
    database_url: str
    public_url: str
    demo: bool
    sandbox_url: str
    trusted_proxies: tuple[Network, ...]
    ingest_window_ms: int
    language: str
    debug: bool


SETTINGS: tuple[Setting, ...] = (
    Setting("data_dir", _path, "var", "Folder of the database (SQLite), the keys and the uploads."),
    Setting("database_url", _text, "", "postgresql://user:password@host/name; empty means SQLite in the data folder."),
    Setting("public_url", _origin, "", "Official address printed on papers and plates. Required outside the demo."),
    Setting("demo", _flag, "0", "1 marks everything as demonstration data and allows a loopback public address."),
    Setting(
        "sandbox_url", _origin, "http://127.0.0.1:8810", "Address of the sandbox's departments; used in the demo only."
    ),
    Setting("trusted_proxies", _networks, "", "Your own proxies: addresses or networks whose X-Forwarded-For is read."),
    Setting("ingest_window_ms", _number, "20", "Longest wait of one group commit of the terminals' door, in ms."),
    Setting("language", _text, "zh-hans", "Language of pages for people who chose none: zh-hans or en."),
    Setting("debug", _flag, "0", "Django's debug pages. Never on a machine that others reach."),
)


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read every setting from the environment (or `environ`).

    Raises:
        BadSetting: with the variable, the value found and the repair.
    """
    found = os.environ if environ is None else environ
    values: dict[str, object] = {}
    for setting in SETTINGS:
        raw = found.get(setting.variable, setting.default)
        try:
            values[setting.name] = setting.parse(raw)
        except ValueError as error:
            raise BadSetting(f"{setting.variable}={raw!r} cannot be used: {error}.") from error
    settings = Settings(**values)  # type: ignore[arg-type]  # the table and the class are kept equal by a test
    if settings.language not in {"zh-hans", "en"}:
        raise BadSetting(f"BUDAYANG_LANGUAGE={settings.language!r} cannot be used: write zh-hans or en.")
    if not settings.public_url and not settings.demo:
        raise BadSetting(
            "BUDAYANG_PUBLIC_URL is not set. Papers and plates carry it, so it is never guessed: "
            "set it to the official address, or set BUDAYANG_DEMO=1 for a demonstration."
        )
    return settings


assert tuple(field.name for field in fields(Settings)) == tuple(setting.name for setting in SETTINGS)
