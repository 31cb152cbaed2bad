from __future__ import annotations

from typing import Any

import pytest

from budayang.rules.watch_settings import FIELDS, BadSettings, check


def test_defaults_fill_what_is_not_given() -> None:
    assert check("ping", {"host": "192.168.10.21"}) == {"host": "192.168.10.21", "count": 3}
    assert check("snmp_port", {"host": "10.0.0.2", "if_index": "7"})["if_index"] == 7
    assert check("http", {"url": "https://10.0.0.2/x", "verify": ""})["verify"] is True
    assert check("http", {"url": "https://10.0.0.2/x", "verify": "false"})["verify"] is False


@pytest.mark.parametrize(
    ("kind", "given", "word"),
    [
        ("teapot", {}, "没有"),
        ("ping", {}, "地址"),
        ("ping", {"host": "169.254.169.254"}, "不是一台机器"),
        ("ping", {"host": "224.0.0.1"}, "不是一台机器"),
        ("ping", {"host": "-c 1000 10.0.0.1"}, "写法不对"),
        ("ping", {"host": "10.0.0.1", "count": "99"}, "1 到 10"),
        ("ping", {"host": "10.0.0.1", "shell": "x"}, "没有这些设置"),
        ("tcp", {"host": "10.0.0.1", "port": "0"}, "65535"),
        ("http", {"url": "file:///etc/passwd"}, "主机"),
        ("http", {"url": "ftp://10.0.0.1/"}, "http"),
        ("http", {"url": "http://user:word@10.0.0.1/"}, "密码"),
        ("http", {"url": "http://169.254.1.1/"}, "不是一台机器"),
        ("snmp_printer", {"host": "10.0.0.1", "version": "3"}, "secrets.json"),
        ("plug", {"url": "mqtt://10.0.0.1"}, "主题"),
        ("plug", {"url": "http://10.0.0.1/", "off_below_w": 5, "standby_below_w": 2}, "大于"),
        ("plug", {"url": "http://10.0.0.1/", "path": "a b"}, "写法不对"),
        ("plug", {"url": "http://10.0.0.1:99999/"}, "写法不对"),
    ],
)
def test_what_cannot_work_is_refused_with_the_repair(kind: str, given: dict[str, Any], word: str) -> None:
    with pytest.raises(BadSettings, match=word):
        check(kind, given)


def test_settings_that_were_checked_pass_again() -> None:
    samples: dict[str, dict[str, Any]] = {
        "ping": {"host": "10.0.0.1"}, "tcp": {"host": "10.0.0.1", "port": 80}, "http": {"url": "http://10.0.0.1/"},
        "snmp_printer": {"host": "10.0.0.1"}, "snmp_port": {"host": "10.0.0.1", "if_index": 3},
        "plug": {"url": "mqtt://10.0.0.1:1883", "topic": "t"}, "heartbeat": {"token_hash": "ab"},
        "door": {"token_hash": "ab"},
    }  # fmt: skip
    assert samples.keys() == FIELDS.keys()
    for kind, given in samples.items():
        once = check(kind, given)
        assert check(kind, once) == once
