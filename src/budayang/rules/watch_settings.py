"""What each source of a watched machine must be told: one table of fields, checked by the center before it goes down
and by the relay when it comes. No secret is among them: a field ``secret`` names an entry of the relay's own file.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from budayang.rules.watching import BY_KIND


@dataclass(frozen=True)
class Field:
    """One setting. `kind`: host, port, url, text, number, choice, yes, hidden. `default` None: it must be given."""

    name: str
    label: str
    kind: str
    default: str | float | bool | None = None
    help: str = ""
    low: float = 0
    high: float = 0
    choices: tuple[tuple[str, str], ...] = ()
    pattern: str = ""


_HOST = Field("host", "地址", "host", None, "机器在自助区内网的地址，例如 192.168.10.21。")
_COMMUNITY = Field("community", "团体名", "text", "public", "SNMP v2c 的只读团体名。")
_SECRET = Field(
    "secret", "密钥条目", "text", "", "中继 secrets.json 里的条目名；密码只放在中继上。", pattern=r"[a-z0-9_-]{0,40}"
)
_VERSION = Field("version", "SNMP 版本", "choice", "2c", choices=(("2c", "v2c"), ("3", "v3")))
_SNMP = (_HOST, Field("port", "端口", "port", 161), _VERSION, _COMMUNITY, _SECRET)

FIELDS: dict[str, tuple[Field, ...]] = {
    "ping": (_HOST, Field("count", "每次几个包", "number", 3, "", 1, 10)),
    "tcp": (_HOST, Field("port", "端口", "port", None, "办理程序监听的端口，例如 8080。")),
    "http": (
        Field("url", "网址", "url", None, "例如 http://192.168.10.21:8080/ 。"),
        Field("status", "应有的状态码", "number", 0, "0 表示小于 400 就算正常。", 0, 599),
        Field("text", "页面应有的文字", "text", "", "例如：请刷身份证。没有这几个字就算报错。"),
        Field("verify", "核对证书", "yes", True, "自签名证书请取消，到期仍会提醒。"),
        Field("certificate_days", "证书到期前几天提醒", "number", 14, "", 0, 365),
    ),
    "snmp_printer": _SNMP,
    "snmp_port": (
        *_SNMP, Field("if_index", "端口序号（ifIndex）", "number", None, "交换机上这台机器所接端口。", 1, 2**31 - 1)
    ),
    "plug": (
        Field("url", "地址", "url", None, "mqtt://主机:端口 或返回 JSON 的 http 网址。"),
        Field("topic", "MQTT 主题", "text", "", "例如 tele/plug-3/SENSOR；HTTP 不用填。"),
        Field("path", "功率在 JSON 里的位置", "text", "power", "用点隔开，例如 ENERGY.Power 。",
              pattern=r"[A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-]+)*"),
        Field("off_below_w", "低于多少瓦算没有用电", "number", 1, "", 0.1, 100),
        Field("standby_below_w", "低于多少瓦算待机", "number", 12, "", 0.2, 1000),
        _SECRET,
    ),
    "heartbeat": (
        Field("every_s", "机器多久报一次（秒）", "number", 60, "", 30, 3600),
        Field("token_hash", "口令摘要", "hidden", "", pattern=r"[0-9a-f]{0,64}"),
    ),
    "door": (Field("token_hash", "口令摘要", "hidden", "", pattern=r"[0-9a-f]{0,64}"),),
}  # fmt: skip
assert FIELDS.keys() == BY_KIND.keys()


class BadSettings(ValueError):
    """A setting that a source cannot work with; the message is for people and names the repair."""


def check(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a source, complete and of the right types. Raises BadSettings."""
    fields = FIELDS.get(kind)
    if fields is None:
        raise BadSettings(f"没有“{kind}”这种来源")
    strange = given.keys() - {field.name for field in fields}
    if strange:
        raise BadSettings(f"{BY_KIND[kind].name}没有这些设置：{'、'.join(sorted(strange))}")
    found = {field.name: _value(field, given.get(field.name)) for field in fields}
    if kind == "plug":
        _check_plug(found)
    if kind == "http" and urlsplit(found["url"]).scheme not in ("http", "https"):
        raise BadSettings("网址以 http:// 或 https:// 开头")
    if found.get("version") == "3" and not found["secret"]:
        raise BadSettings("SNMP v3 要写密钥条目：用户名和密钥放在中继的 secrets.json 里")
    return found


def _check_plug(found: Mapping[str, Any]) -> None:
    scheme = urlsplit(found["url"]).scheme
    if scheme not in ("mqtt", "mqtts", "http", "https"):
        raise BadSettings("插座的地址以 mqtt://、mqtts://、http:// 或 https:// 开头")
    if scheme.startswith("mqtt") and not found["topic"]:
        raise BadSettings("MQTT 插座要写主题，例如 tele/plug-3/SENSOR")
    if found["standby_below_w"] <= found["off_below_w"]:
        raise BadSettings("待机的瓦数要大于没有用电的瓦数")


def _value(field: Field, given: Any) -> Any:
    if given is None or (given == "" and field.kind != "text"):
        if field.default is None:
            raise BadSettings(f"请填写{field.label}")
        return field.default
    if field.kind == "yes":
        return given in (True, "true", "on", "1")
    if field.kind in ("number", "port"):
        return _number(field, given)
    text = str(given).strip()
    if field.kind == "host":
        return check_host(text)
    if field.kind == "url":
        return _url(field, text)
    if field.kind == "choice" and text not in dict(field.choices):
        raise BadSettings(f"{field.label}只能是：{'、'.join(name for _value, name in field.choices)}")
    if len(text) > 200 or (field.pattern and not re.fullmatch(field.pattern, text, re.ASCII)):
        raise BadSettings(f"{field.label}“{text[:40]}”写法不对。{field.help}")
    if field.kind == "text" and not text and field.default is None:
        raise BadSettings(f"请填写{field.label}")
    return text


def _number(field: Field, given: Any) -> float | int:
    low, high = (1, 65535) if field.kind == "port" else (field.low, field.high)
    try:
        number = float(given)
    except (TypeError, ValueError):
        raise BadSettings(f"{field.label}要写数字") from None
    if not low <= number <= high:
        raise BadSettings(f"{field.label}要在 {low:g} 到 {high:g} 之间")
    return int(number) if number.is_integer() else number


def _url(field: Field, text: str) -> str:
    try:
        parts = urlsplit(text)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        raise BadSettings(f"{field.label}写法不对。{field.help}") from None
    if not parts.hostname or not port_is_right or parts.username or parts.password or len(text) > 200:
        raise BadSettings(f"{field.label}写法不对：要有主机，不能带用户名和密码。{field.help}")
    check_host(parts.hostname)
    return text


def check_host(text: str) -> str:
    """An address or name that a relay may ask. Raises BadSettings for link-local, multicast and empty ones: they lead
    to machines that nobody meant.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        if re.fullmatch(r"(?=.{1,100}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*", text, re.ASCII):
            return text
        raise BadSettings(f"地址“{text[:40]}”写法不对，例如 192.168.10.21") from None
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        raise BadSettings(f"地址 {text} 不是一台机器的地址，请填自助区内网的地址")
    return text
