"""What each kind of channel asks for and what of it a reader may see: one row a kind. Nothing here sends."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from budayang.center.platform.outgoing import BadAddress, check_host, check_url
from budayang.rules.notices import mask

ROBOT_HOSTS = {
    "wecom": "qyapi.weixin.qq.com",
    "dingtalk": "oapi.dingtalk.com",
    "feishu": "open.feishu.cn",
    "lark": "open.larksuite.com",
}
_KEY = re.compile(r"^[A-Za-z0-9_-]{8,128}$")
_MAIL = re.compile(r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}$")
_PHONE = re.compile(r"^\+?\d{5,15}$")


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message as a channel gets it. `key` is the same at each attempt, so that a receiver can tell a repeat.
    `to`: the person's address, "" for a group. `data`: the facts, for programs."""

    key: str
    kind: str
    to: str
    title: str
    body: str
    short: str
    severity: str
    at: datetime
    subject: str
    link: str
    source: str
    data: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: `error` is a class of error without addresses, "" when it was taken. `permanent`: asking
    again cannot help."""

    error: str = ""
    permanent: bool = False

    @property
    def ok(self) -> bool:
        return not self.error


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that an administrator enters. `secret` fields are never shown again; all of them are sealed."""

    name: str
    label: str
    help: str = ""
    secret: bool = False
    required: bool = True
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """`check` returns the values to seal and what a reader may know of them. Raises BadAddress with the repair."""

    code: str
    fields: tuple[Field, ...]
    check: Callable[[Mapping[str, str]], tuple[dict[str, str], str]]


def _robot(code: str, part: str) -> Callable[[Mapping[str, str]], tuple[dict[str, str], str]]:
    """A robot's address as its platform shows it, or the key alone. Only the platform's own host is taken."""

    def check(values: Mapping[str, str]) -> tuple[dict[str, str], str]:
        text = values.get("key", "").strip()
        if "://" in text:
            parts = urlsplit(check_url(text, hosts={ROBOT_HOSTS[code]}))
            text = parse_qs(parts.query).get(part, [""])[0] if part else parts.path.rstrip("/").rpartition("/")[2]
        if not _KEY.match(text):
            raise BadAddress("请粘贴机器人的完整地址，或其中的密钥（字母、数字、连字符）")
        kept = {"key": text}
        if values.get("secret", "").strip():
            kept["secret"] = values["secret"].strip()
            if not re.match(r"^[A-Za-z0-9]{8,128}$", kept["secret"]):
                raise BadAddress("加签密钥只含字母和数字，以 SEC 开头")
        return kept, f"{ROBOT_HOSTS[code]} …{text[-4:]}"

    return check


def _webhook(values: Mapping[str, str]) -> tuple[dict[str, str], str]:
    url, secret = check_url(values.get("url", "")), values.get("secret", "").strip()
    if len(secret) < 16:
        raise BadAddress("签名密钥至少 16 个字符，接收方用它核对来源")
    return {"url": url, "secret": secret}, urlsplit(url).netloc


def _mail(values: Mapping[str, str]) -> tuple[dict[str, str], str]:
    host, sender = values.get("host", "").strip(), values.get("sender", "").strip()
    security = values.get("security") or "starttls"
    if not re.match(r"^[A-Za-z0-9.-]{1,190}$", host):
        raise BadAddress("请写邮件服务器的主机名，例如 smtp.example.cn")
    check_host(host)
    if security not in {"starttls", "ssl", "plain"}:
        raise BadAddress("请选择加密方式")
    if security == "plain" and host not in {"localhost", "127.0.0.1"}:
        raise BadAddress("不加密只许用于本机，请选 STARTTLS 或 SSL")
    if not _MAIL.match(sender):
        raise BadAddress("请写发件地址，例如 notice@example.cn")
    port = values.get("port", "").strip() or {"starttls": "587", "ssl": "465", "plain": "25"}[security]
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise BadAddress("端口是 1 到 65535 的数字")
    kept = {"host": host, "port": port, "security": security, "sender": sender}
    kept |= {name: values[name] for name in ("user", "password") if values.get(name)}
    return kept, f"{sender}（{host}）"


def _sms(values: Mapping[str, str]) -> tuple[dict[str, str], str]:
    url, token = check_url(values.get("url", "")), values.get("token", "").strip()
    if len(token) < 8:
        raise BadAddress("请写短信网关给的令牌")
    kept = {"url": url, "token": token, "signature": values.get("signature", "").strip()[:20]}
    return kept, urlsplit(url).netloc


_SECURITY = (("starttls", "STARTTLS"), ("ssl", "SSL/TLS"), ("plain", "不加密（仅限本机）"))
_ROBOT = Field("key", "机器人地址", "在群里添加机器人后，平台给出的完整地址。", secret=True)
KINDS: dict[str, ChannelKind] = {
    one.code: one
    for one in (
        ChannelKind("wecom", (_ROBOT,), _robot("wecom", "key")),
        ChannelKind(
            "dingtalk",
            (_ROBOT, Field("secret", "加签密钥", "机器人的安全设置选“加签”时填写。", secret=True, required=False)),
            _robot("dingtalk", "access_token"),
        ),
        ChannelKind("feishu", (_ROBOT,), _robot("feishu", "")),
        ChannelKind("lark", (_ROBOT,), _robot("lark", "")),
        ChannelKind(
            "webhook",
            (
                Field("url", "接收地址", "https://主机/路径；收到 CloudEvents 1.0 的 JSON。"),
                Field("secret", "签名密钥", "至少 16 个字符；接收方用它核对 X-Budayang-Signature。", secret=True),
            ),
            _webhook,
        ),
        ChannelKind(
            "mail",
            (
                Field("host", "邮件服务器"),
                Field("port", "端口", required=False),
                Field("security", "加密", choices=_SECURITY),
                Field("sender", "发件地址"),
                Field("user", "用户名", required=False),
                Field("password", "密码", secret=True, required=False),
            ),
            _mail,
        ),
        ChannelKind(
            "sms",
            (
                Field("url", "网关地址", "合同见 docs/mechanisms/sms-gateway.md。"),
                Field("token", "令牌", secret=True),
                Field("signature", "短信签名", "例如：不打烊。", required=False),
            ),
            _sms,
        ),
    )
}


def check_personal(kind: str, text: str) -> tuple[str, str]:
    """(address, what a reader may see of it) of a person on a channel that reaches persons. Raises BadAddress."""
    address = text.strip().replace(" ", "")
    if kind == "mail" and _MAIL.match(address):
        return address, mask(address)
    if kind == "sms" and _PHONE.match(address.replace("-", "")):
        plain = address.replace("-", "")
        return plain, mask(plain)
    raise BadAddress("邮箱写成 name@example.cn" if kind == "mail" else "手机号只含数字")
