"""Ways out, each against a real server of the test's own: what arrives, what is refused, where nothing may be sent."""

from __future__ import annotations

import email
import email.policy
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import apprise
import pytest
import requests

from budayang.center.maintenance.channels import robots, sms, webhook
from budayang.center.maintenance.channels.kinds import KINDS, ROBOT_HOSTS, Parcel, check_personal
from budayang.center.platform import outgoing
from budayang.center.platform.outgoing import BadAddress, RequestsDoor
from budayang.rules.notices import CHANNEL_NAMES

KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"


def parcel(now: datetime, **more: Any) -> Parcel:
    fields: dict[str, Any] = {
        "key": "bdy-0001",
        "kind": "alarm",
        "to": "",
        "title": "【严重】康巴什区自助区 网络中断",
        "body": "康巴什区自助区 网络中断\n收到请点此确认：https://gov.example.cn/n/abc/",
        "short": "【严重】康巴什区自助区 网络中断 https://gov.example.cn/n/abc/",
        "severity": "serious",
        "at": now,
        "subject": "message:1",
        "link": "https://gov.example.cn/n/abc/",
        "source": "https://gov.example.cn/",
        "data": ({"title": "网络中断"},),
    }
    return Parcel(**(fields | more))


@dataclass
class Server:
    """A real HTTP server on loopback that keeps what it gets and answers what it is told to."""

    answers: list[tuple[int, bytes]] = field(default_factory=list)
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    location: str = ""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def server() -> Iterator[Server]:
    kept = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            kept.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            status, answer = kept.answers.pop(0) if kept.answers else (200, b"{}")
            self.send_response(status)
            if kept.location:
                self.send_header("Location", kept.location)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_args: Any) -> None:
            """Silent."""

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = found.server_address[1]
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield kept
    found.shutdown()
    found.server_close()


class ToLoopback(requests.adapters.HTTPAdapter):
    """Carries a request for a robot's host to the test's server, host and path unchanged but for the first hop."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server
        self.hosts: list[str] = []

    def send(self, request: Any, **options: Any) -> Any:
        scheme, _sep, rest = request.url.partition("://")
        host, _slash, path = rest.partition("/")
        self.hosts.append(f"{scheme}://{host}")
        request.url = f"{self.server.url}/{path}"
        return super().send(request, **options)


@pytest.fixture
def to_server(server: Server) -> Iterator[ToLoopback]:
    adapter = ToLoopback(server)
    for door in robots.DOORS.values():
        door.adapter = adapter
    yield adapter
    for door in robots.DOORS.values():
        door.adapter = None


ROBOTS = [
    ("wecom", {"key": KEY}, f"/cgi-bin/webhook/send?key={KEY}", lambda body: body["text"]["content"]),
    ("dingtalk", {"key": "a" * 64}, "/robot/send?access_token=" + "a" * 64, lambda body: body["text"]["content"]),
    ("feishu", {"key": KEY}, f"/open-apis/bot/v2/hook/{KEY}/", lambda body: body["content"]["text"]),
    ("lark", {"key": KEY}, f"/open-apis/bot/v2/hook/{KEY}", lambda body: body["content"]["text"]),
]


@pytest.mark.parametrize(("code", "secret", "path", "text"), ROBOTS, ids=[one[0] for one in ROBOTS])
def test_a_robot_gets_its_platforms_own_json(
    to_server: ToLoopback, now: datetime, code: str, secret: dict[str, str], path: str, text: Any
) -> None:
    assert robots.send_robot(code, secret, parcel(now)).ok
    assert to_server.hosts == [f"https://{ROBOT_HOSTS[code]}"]
    [(got, headers, body)] = to_server.server.got
    assert got == path
    assert headers["content-type"].startswith("application/json")
    said = text(json.loads(body))
    assert said.startswith("【严重】康巴什区自助区 网络中断\n")
    assert "https://gov.example.cn/n/abc/" in said


def test_dingtalk_signs(to_server: ToLoopback, now: datetime) -> None:
    assert robots.send_robot("dingtalk", {"key": "a" * 64, "secret": "SEC" + "b" * 60}, parcel(now)).ok
    path = to_server.server.got[0][0]
    assert "&timestamp=" in path
    assert "&sign=" in path


@pytest.mark.parametrize(
    ("status", "body", "error", "permanent"),
    [
        (200, {"errcode": 93000, "errmsg": "invalid webhook url"}, "code 93000", True),
        (200, {"errcode": 45009, "errmsg": "too many"}, "code 45009", False),
        (200, {"StatusCode": 19001, "code": 19001}, "code 19001", True),
        (404, {}, "http 404", True),
        (502, {}, "http 502", False),
        (200, {"errcode": 0}, "", False),
    ],
)
def test_a_robots_own_verdict_counts_not_its_http_200(
    to_server: ToLoopback, now: datetime, status: int, body: dict[str, Any], error: str, permanent: bool
) -> None:
    to_server.server.answers.append((status, json.dumps(body).encode()))
    outcome = robots.send_robot("wecom", {"key": KEY}, parcel(now))
    assert (outcome.error, outcome.permanent) == (error, permanent)


def test_a_robot_never_follows_a_redirect(to_server: ToLoopback, now: datetime) -> None:
    to_server.server.location = "http://127.0.0.1:1/elsewhere"
    to_server.server.answers.append((302, b""))
    assert robots.send_robot("wecom", {"key": KEY}, parcel(now)).error == "http 302"
    assert len(to_server.server.got) == 1


def test_apprises_schemes_are_an_allow_list() -> None:
    listed = apprise.Apprise().details()["schemas"]
    known = {scheme for one in listed for name in ("protocols", "secure_protocols") for scheme in one[name] or ()}
    assert len(known) > 100, "the list would prove nothing"
    for scheme in sorted(known - set(robots.SCHEMES)):
        with pytest.raises(BadAddress):
            robots.instantiate(f"{scheme}://user:password@host.example.cn/a/b/c")
    for wrong in ("file:///etc/passwd", "syslog://", "exec://x", "wecombot://", "nonsense", ""):
        with pytest.raises(BadAddress):
            robots.instantiate(wrong)


def test_an_address_cannot_smuggle_options_into_apprise(now: datetime) -> None:
    url = robots.mail_url(
        {"host": "smtp.example.cn", "port": "465", "security": "ssl", "sender": "a@example.cn", "user": "u@b:c/?x=1",
         "password": "p&to=evil@example.com"}, "ren@example.cn", "bdy-1",
    )  # fmt: skip
    plugin = robots.instantiate(url)
    assert [one[1] for one in plugin.targets] == ["ren@example.cn"]  # type: ignore[attr-defined]
    assert (plugin.user, plugin.password) == ("u@b:c/?x=1", "p&to=evil@example.com")
    assert (plugin.smtp_host, plugin.port, plugin.secure_mode) == ("smtp.example.cn", 465, "ssl")  # type: ignore[attr-defined]


def test_only_post_and_only_the_robots_host_goes_through_the_door() -> None:
    door = RequestsDoor({"qyapi.weixin.qq.com"})
    with pytest.raises(requests.RequestException):
        door.post("https://evil.example.cn/x")
    with pytest.raises(AttributeError):
        door.get("https://qyapi.weixin.qq.com/")
    assert door.codes.ok == 200


class Mailbox(threading.Thread):
    """A real SMTP server (RFC 5321) for one message, on loopback."""

    def __init__(self, answer: str = "250 OK") -> None:
        super().__init__(daemon=True)
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.recipients: list[str] = []
        self.raw = b""

    def run(self) -> None:
        line, _peer = self.listener.accept()
        line.settimeout(10)
        with line, line.makefile("rb") as lines:
            line.sendall(b"220 test\r\n")
            for text in iter(lines.readline, b""):
                word = text[:4].upper()
                if word == b"RCPT":
                    self.recipients.append(text.decode().strip().partition(":")[2].strip("<>"))
                if word == b"DATA":
                    line.sendall(b"354 go on\r\n")
                    for part in iter(lines.readline, b".\r\n"):
                        self.raw += part
                    line.sendall(f"{self.answer}\r\n".encode())
                elif word == b"QUIT":
                    line.sendall(b"221 bye\r\n")
                    break
                else:
                    line.sendall(b"250 OK\r\n")
        self.listener.close()


def mail_secret(port: int) -> dict[str, str]:
    return {"host": "127.0.0.1", "port": str(port), "security": "plain", "sender": "notice@example.cn"}


def test_a_mail_arrives_whole(now: datetime) -> None:
    box = Mailbox()
    box.start()
    assert robots.send_mail(mail_secret(box.port), parcel(now, to="ren@example.cn")).ok
    box.join(10)
    message = email.message_from_bytes(box.raw, policy=email.policy.default)
    assert box.recipients == ["ren@example.cn"]
    assert message["Subject"] == "【严重】康巴什区自助区 网络中断"
    assert "notice@example.cn" in message["From"]
    assert message["X-Budayang-Key"] == "bdy-0001"
    body = message.get_body(("plain",))
    assert body is not None
    assert "https://gov.example.cn/n/abc/" in body.get_content()


def test_a_mail_that_is_not_taken_is_said_so(now: datetime) -> None:
    box = Mailbox("554 no")
    box.start()
    outcome = robots.send_mail(mail_secret(box.port), parcel(now, to="ren@example.cn"))
    assert (outcome.error, outcome.permanent) == ("smtp", False)


def test_a_webhook_gets_a_signed_cloudevent(server: Server, now: datetime) -> None:
    secret = {"url": f"{server.url}/in", "secret": "a-secret-of-the-test"}
    assert webhook.send(secret, parcel(now)).ok
    [(path, headers, body)] = server.got
    assert path == "/in"
    assert headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert headers["idempotency-key"] == "bdy-0001"
    event = json.loads(body)
    required = {"specversion": "1.0", "id": "bdy-0001", "source": "https://gov.example.cn/"}
    required["type"] = "cn.budayang.notice.alarm"
    assert {name: event[name] for name in required} == required, "CloudEvents 1.0, required attributes"
    assert datetime.fromisoformat(event["time"]) == now
    assert event["datacontenttype"] == "application/json"
    assert event["data"]["facts"] == [{"title": "网络中断"}]
    stamp, mac = (part.partition("=")[2] for part in headers["x-budayang-signature"].split(","))
    right = hmac.new(b"a-secret-of-the-test", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert mac == right


@pytest.mark.parametrize(
    ("status", "error", "permanent"),
    [
        (202, "", False),
        (500, "http 500", False),
        (429, "http 429", False),
        (401, "http 401", True),
        (302, "http 302", False),
    ],
)
def test_what_a_webhooks_answer_means(server: Server, now: datetime, status: int, error: str, permanent: bool) -> None:
    server.answers.append((status, b"x" * 100_000))
    server.location = "http://127.0.0.1:1/" if status == 302 else ""
    outcome = webhook.send({"url": f"{server.url}/in", "secret": "s" * 16}, parcel(now))
    assert (outcome.error, outcome.permanent) == (error, permanent)


def test_nobody_there_is_told_apart_from_nobody_answering(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setattr(outgoing, "READ_S", 0.2)
        assert outgoing.post(f"http://127.0.0.1:{port}/", b"", {}).error == "timeout"
    assert outgoing.post(f"http://127.0.0.1:{port}/", b"", {}).error == "connect"


def test_a_text_message_keeps_the_contract(server: Server, now: datetime) -> None:
    secret = {"url": f"{server.url}/v1/messages", "token": "token-of-the-test", "signature": "不打烊"}
    assert sms.send(secret, parcel(now, to="13900000001")).ok
    [(_path, headers, body)] = server.got
    assert headers["authorization"] == "Bearer token-of-the-test"
    assert headers["idempotency-key"] == "bdy-0001"
    order = json.loads(body)
    assert order["id"] == "bdy-0001"
    assert order["to"] == "13900000001"
    assert order["text"].startswith("【不打烊】【严重】")
    long = parcel(now, title="很" * 400, short="很" * 400 + " https://gov.example.cn/n/abc/")
    text = sms.text_of(long, "不打烊")
    assert len(text) <= sms.MOST_CHARACTERS
    assert text.endswith("… https://gov.example.cn/n/abc/"), "what is cut is the title, never the link"


BAD = [
    "http://gateway.example.cn/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fe80::1]/",
    "https://0.0.0.0/",
    "https://[::ffff:169.254.169.254]/",
    "https://224.0.0.1/",
    "https://user:password@example.cn/",
    "ftp://example.cn/",
    "https:///path",
    "https://example.cn/#x",
    "gopher://example.cn",
    "",
]


@pytest.mark.parametrize("url", BAD)
def test_where_nothing_is_ever_sent(url: str) -> None:
    with pytest.raises(BadAddress):
        outgoing.check_url(url)
    assert outgoing.post(url, b"", {}).error == "address"


def test_a_name_that_stands_for_a_forbidden_address_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_args: Any, **_kwargs: Any) -> list[Any]:
        return [(2, 1, 6, "", ("169.254.169.254", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert outgoing.post("https://innocent.example.cn/", b"", {}).error == "address"


def test_this_machine_only_in_the_demonstration(settings: Any) -> None:
    outgoing.check_url("http://127.0.0.1:8810/hook")
    settings.BUDAYANG = type("Real", (), {"demo": False})()
    for url in ("http://127.0.0.1:8810/hook", "https://localhost/", "https://[::1]/"):
        with pytest.raises(BadAddress):
            outgoing.check_url(url)


def test_every_kind_says_what_it_needs_and_hides_it() -> None:
    assert set(KINDS) == set(CHANNEL_NAMES)
    good = {
        "wecom": {"key": f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"},
        "dingtalk": {"key": "https://oapi.dingtalk.com/robot/send?access_token=" + "a" * 64, "secret": "SEC" + "b" * 9},
        "feishu": {"key": f"https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}"},
        "lark": {"key": f"https://open.larksuite.com/open-apis/bot/v2/hook/{KEY}"},
        "webhook": {"url": "https://hook.example.cn/in?x=1", "secret": "a-secret-of-the-test"},
        "mail": {"host": "smtp.example.cn", "sender": "n@example.cn", "user": "u", "password": "secret-word"},
        "sms": {"url": "https://sms.example.cn/v1", "token": "token-of-the-test", "signature": "不打烊"},
    }
    for code, kind in KINDS.items():
        kept, hint = kind.check(good[code])
        secrets = [kept[one.name] for one in kind.fields if one.secret and kept.get(one.name)]
        assert secrets, code
        assert not [one for one in secrets if one in hint], code
        with pytest.raises(BadAddress):
            kind.check({})
    with pytest.raises(BadAddress, match="qyapi"):
        KINDS["wecom"].check({"key": f"https://evil.example.cn/send?key={KEY}"})
    with pytest.raises(BadAddress):
        KINDS["mail"].check(good["mail"] | {"security": "plain"})


def test_a_persons_address_is_checked_and_masked() -> None:
    assert check_personal("sms", "138-1234 5678") == ("13812345678", "138****5678")
    assert check_personal("mail", "someone@example.cn") == ("someone@example.cn", "s***@example.cn")
    for kind, text in (("sms", "x"), ("mail", "x"), ("mail", "a@b?c=d"), ("sms", "1\r\n2")):
        with pytest.raises(BadAddress):
            check_personal(kind, text)
