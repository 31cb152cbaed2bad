"""Group robots of WeCom, DingTalk, Feishu and Lark, and mail, by apprise, with its schemes on an allow-list.

Apprise's plugins call `requests` themselves. The four that we use get a door in its place (platform.outgoing): one host
each, our time-outs, no redirect. The door also reads the platform's own verdict: these services answer HTTP 200 to a
message that they did not take, with a number in the body (errcode, code) that apprise does not read for every one.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import warnings
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import apprise
import requests
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.lark import NotifyLark
from apprise.plugins.wecombot import NotifyWeComBot

from budayang.center.maintenance.channels.kinds import ROBOT_HOSTS, Outcome, Parcel
from budayang.center.platform.outgoing import CONNECT_S, READ_S, BadAddress, RequestsDoor, check_host

with warnings.catch_warnings():
    # The plugin's optional encryption, which we do not use, imports a module that Python 3.13 drops (imghdr).
    warnings.simplefilter("ignore", DeprecationWarning)
    from apprise.plugins.email.base import NotifyEmail

PLUGINS = {"wecom": NotifyWeComBot, "dingtalk": NotifyDingTalk, "feishu": NotifyFeishu, "lark": NotifyLark}
SCHEMES: dict[str, type] = {
    "wecombot": NotifyWeComBot,
    "dingtalk": NotifyDingTalk,
    "feishu": NotifyFeishu,
    "lark": NotifyLark,
    "mailto": NotifyEmail,
    "mailtos": NotifyEmail,
}
"""The schemes of apprise that may be used: it knows more than a hundred, some of which run programs or read files."""
SCHEME_OF = {"wecom": "wecombot", "dingtalk": "dingtalk", "feishu": "feishu", "lark": "lark"}
TEMPORARY = frozenset({"45009", "9499", "11232", "130101", "410100"})
"""Answers that mean "too many just now" (WeCom 45009; DingTalk 130101, 410100; Feishu 9499, 11232)."""
# Apprise logs addresses and bodies: of deliveries our own log keeps what may be kept.
logging.getLogger("apprise").setLevel(logging.CRITICAL)
_last = threading.local()


class _Door(RequestsDoor):
    def post(self, url: str, **options: Any) -> requests.Response:
        """As the outgoing door, noting in this thread what came of it."""
        try:
            answer = super().post(url, **options)
        except requests.exceptions.Timeout:
            _last.outcome = Outcome("timeout")
            raise
        except requests.exceptions.InvalidURL:
            _last.outcome = Outcome("address", permanent=True)
            raise
        except requests.RequestException:
            _last.outcome = Outcome("connect")
            raise
        _last.outcome = verdict(answer.status_code, answer.content)
        return answer


def verdict(status: int, body: bytes) -> Outcome:
    """What a robot's answer means: its HTTP status, then the number in its body."""
    if status != 200:
        return Outcome(f"http {status}", permanent=status in (400, 401, 403, 404, 410))
    try:
        found = json.loads(body)
    except ValueError:
        return Outcome()
    found = found if isinstance(found, dict) else {}
    code = next((str(found[name]) for name in ("errcode", "code", "StatusCode") if found.get(name)), "")
    return Outcome(f"code {code[:12]}", permanent=code not in TEMPORARY) if code else Outcome()


DOORS = {code: _Door({host}) for code, host in ROBOT_HOSTS.items()}
for _code, _plugin in PLUGINS.items():
    vars(sys.modules[_plugin.__module__])["requests"] = DOORS[_code]


def instantiate(url: str) -> apprise.NotifyBase:
    """The plugin of an address whose scheme is on the list.

    Raises:
        BadAddress: for any other scheme, or what the plugin does not understand.
    """
    scheme = url.partition("://")[0].lower()
    wanted = SCHEMES.get(scheme)
    found = apprise.Apprise.instantiate(url, suppress_exceptions=True) if wanted else None
    if found is None or type(found) is not wanted:
        raise BadAddress("渠道的地址不在允许的范围里")
    return found


def robot_url(code: str, secret: Mapping[str, str]) -> str:
    """apprise's address of a robot."""
    user = f"{quote(secret['secret'], safe='')}@" if secret.get("secret") else ""
    return f"{SCHEME_OF[code]}://{user}{quote(secret['key'], safe='')}/?format=text"


def mail_url(secret: Mapping[str, str], to: str, key: str) -> str:
    """apprise's address of one mail. `key` goes along as a header, so that a repeat can be told."""
    plain = secret["security"] == "plain"
    login = ""
    if secret.get("user"):
        login = f"{quote(secret['user'], safe='')}:{quote(secret.get('password', ''), safe='')}@"
    options = {
        "smtp": secret["host"],
        "from": secret["sender"],
        "to": to,
        "mode": "insecure" if plain else secret["security"],
        "format": "text",
        "cto": f"{CONNECT_S:g}",
        "rto": f"{READ_S:g}",
        "+X-Budayang-Key": key,
    }
    query = "&".join(f"{quote(name, safe='+')}={quote(value, safe='')}" for name, value in options.items())
    return f"{'mailto' if plain else 'mailtos'}://{login}{secret['host']}:{secret['port']}/?{query}"


def send_robot(code: str, secret: Mapping[str, str], parcel: Parcel) -> Outcome:
    """Post a message to a group."""
    _last.outcome = Outcome("broken")
    plugin = instantiate(robot_url(code, secret))
    # WeCom cuts at 2,048 bytes and knows no title: the first line is the title for all of them.
    text = f"{parcel.title}\n{parcel.body}"
    taken = plugin.notify(body=text, title="", body_format=apprise.NotifyFormat.TEXT)
    outcome: Outcome = _last.outcome
    return outcome if not outcome.ok or taken else Outcome("broken")


def send_mail(secret: Mapping[str, str], parcel: Parcel) -> Outcome:
    """Send one mail by SMTP."""
    try:
        check_host(secret["host"], resolve=True)
        plugin = instantiate(mail_url(secret, parcel.to, parcel.key))
    except BadAddress:
        return Outcome("address", permanent=False)
    taken = plugin.notify(body=parcel.body, title=parcel.title, body_format=apprise.NotifyFormat.TEXT)
    # Apprise keeps the server's words to itself; whether asking again helps is not known.
    return Outcome() if taken else Outcome("smtp")
