"""The checker's side of the department contract: calls, the shapes of answers, and matters made of a test identity."""

from __future__ import annotations

import json
import secrets
import socket
import ssl
import threading
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

import httpx
from jsonschema import Draft202012Validator

from budayang import data
from budayang.cli.messages import Stop

TIMEOUT_S = 20.0
CUT_AFTER_S = 0.3
MARK = "7F3A9C51"
"""Stands in malformed requests; an answer that repeats it repeats what people typed."""


class Failed(Exception):
    """A rule is broken; the message says how, in English, and holds no word of an answer beyond field names."""


class Skipped(Exception):
    """A rule cannot be tried here; the message says why."""


@cache
def contract() -> dict[str, Any]:
    """The OpenAPI document as it ships."""
    text = data.table_path("department_contract.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": contract()["components"]})


def breach(name: str, value: Any) -> str:
    """Where a value breaks the contract's schema of that name, without the value; empty when it fits."""
    found = sorted(_validator(name).iter_errors(value), key=lambda one: list(map(str, one.absolute_path)))
    if not found:
        return ""
    path = ".".join(map(str, found[0].absolute_path)) or "the answer"
    return f"{path} is not as the schema {name} has it ({found[0].validator})"


@dataclass(frozen=True, slots=True)
class Declared:
    """An item as GET /v1/items declares it."""

    code: str
    kind: str
    honours_key: bool
    can_be_asked: bool
    can_withdraw: bool
    names_person: bool
    identity: dict[str, str] | None
    form: Any = None

    @property
    def served(self) -> bool:
        """Whether matters of it are handed in at all."""
        return self.kind not in ("launch", "guide")


@dataclass
class Session:
    """Talks to one service. `forms`: values of a form by item, where the department needs real ones."""

    url: str
    key: str = ""
    forms: dict[str, dict[str, Any]] = field(default_factory=dict)
    timeout_s: float = TIMEOUT_S
    run: str = field(default_factory=lambda: secrets.token_hex(3).upper())
    _count: int = 0

    def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """One call. `body` is an object, or the raw bytes. `key` is the connector's key when not our own.

        Raises:
            Failed: no answer.
        """
        given = self.headers(self.key if key is None else key) | (headers or {})
        content = body if isinstance(body, bytes) else (None if body is None else json.dumps(body).encode())
        if content is not None:
            given = {"Content-Type": "application/json"} | given
        try:
            with httpx.Client(timeout=self.timeout_s, follow_redirects=False, trust_env=False) as client:
                return client.request(method, f"{self.url}/v1/{path}", content=content, headers=given)
        except httpx.HTTPError as error:
            raise Failed(f"no answer to {method} {path.split('?')[0]}: {type(error).__name__}") from None

    def knock(self) -> None:
        """Whether anybody listens at all: without that each rule would say the same.

        Raises:
            Stop: with the repair.
        """
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        try:
            socket.create_connection((host, port), self.timeout_s).close()
        except OSError as error:
            raise Stop(
                f"连不上 {host}:{port}（{type(error).__name__}）。请确认服务已启动、地址和端口写对；一条规则也没有试。",
                f"No connection to {host}:{port} ({type(error).__name__}). Is the service up? No rule was tried.",
                code=2,
            ) from None

    def headers(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {key}"} if key else {}

    def get(self, path: str, schema: str) -> dict[str, Any]:
        """A read that has to be 200 and to fit.

        Raises:
            Failed
        """
        return read(self.call("GET", path), schema)

    def number(self) -> str:
        """A case number that nobody had before."""
        self._count += 1
        return f"CHECK-{self.run}-{self._count:03d}"

    def matter(self, item: Declared, number: str) -> dict[str, Any]:
        """The body of a try: the declared test identity, `test` true, a form as the item's schema wants it.

        Raises:
            Skipped: the item declares no test identity.
        """
        if item.identity is None:
            raise Skipped("no test identity is declared for the item")
        return {
            "case": number,
            "item": item.code,
            "person": item.identity,
            "form": self.form(item),
            "paper": {"code": "CHEC-KCHE-CKCH-ECK2", "verify_url": "https://example.org/verify/CHEC-KCHE-CKCH-ECK2"},
            "test": True,
        }

    def form(self, item: Declared) -> dict[str, Any]:
        """Given values, else ones made up from the item's form, else nothing."""
        if item.code in self.forms:
            return self.forms[item.code]
        values = sample(data.find_form(item.code) or {} if item.form is None else item.form)
        if item.kind == "book":  # what a form's sample holds there is no time of this department
            slots = self.get(f"slots?item={quote(item.code)}", "Slots")["slots"]
            free = next((one["id"] for one in slots if one["left"] > 0), None)
            if free is None:
                raise Skipped("no slot is free")
            values["slot"] = free
        return values

    def hand_in(self, body: dict[str, Any], key: str | None = None) -> httpx.Response:
        """Hand a matter in under its number.

        Raises:
            Skipped: the department is closed now, as it may be.
        """
        answer = self.call("POST", "matters", body, headers={"Idempotency-Key": body["case"] if key is None else key})
        if answer.status_code == 503:
            if not answer.headers.get("retry-after", "").isdecimal():
                raise Failed("503 without Retry-After in seconds")
            raise Skipped("the department is closed now (503 with Retry-After); try again in its hours")
        return answer

    def at_once(self, body: dict[str, Any], count: int) -> list[httpx.Response]:
        """The same call from many sides at the same moment."""
        answers: list[httpx.Response] = []
        errors: list[Exception] = []
        gate = threading.Barrier(count)

        def go() -> None:
            try:
                gate.wait(self.timeout_s)
                answers.append(self.hand_in(body))
            except (Failed, Skipped) as error:
                errors.append(error)

        threads = [threading.Thread(target=go) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return answers

    def send_and_hang_up(self, body: dict[str, Any]) -> None:
        """Hand a matter in and cut the line before an answer can be read."""
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        content = json.dumps(body).encode()
        lines = [
            f"POST {parts.path}/v1/matters HTTP/1.1",
            f"Host: {parts.netloc}",
            "Content-Type: application/json",
            f"Content-Length: {len(content)}",
            f"Idempotency-Key: {body['case']}",
            *(f"{name}: {value}" for name, value in self.headers(self.key).items()),
            "Connection: close",
        ]
        try:
            with socket.create_connection((host, port), self.timeout_s) as plain:
                line = plain
                if parts.scheme == "https":
                    line = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
                line.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
                threading.Event().wait(CUT_AFTER_S)
        except OSError as error:
            raise Failed(f"no connection: {type(error).__name__}") from None


def read(answer: httpx.Response, schema: str, status: int = 200) -> dict[str, Any]:
    """The JSON of an answer that has this status and fits this schema.

    Raises:
        Failed
    """
    if answer.status_code != status:
        raise Failed(f"status {answer.status_code} instead of {status}")
    if answer.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise Failed("Content-Type is not application/json")
    try:
        said: Any = answer.json()
    except ValueError:
        raise Failed("the answer is not JSON") from None
    problem = breach(schema, said)
    if problem:
        raise Failed(problem)
    return dict(said)


def refused(answer: httpx.Response, *statuses: int, error: str = "") -> None:
    """An answer has to be one of these refusals, in the contract's form, and must not repeat what was sent.

    Raises:
        Failed
    """
    if answer.status_code not in statuses:
        raise Failed(f"status {answer.status_code} instead of {' or '.join(map(str, statuses))}")
    if MARK in answer.text:
        raise Failed("the answer repeats a value of the request")
    said = read(answer, "Problem", answer.status_code)
    if error and said["error"] != error:
        raise Failed(f"error is not {error}")


def sample(schema: dict[str, Any]) -> dict[str, Any]:
    """Values that fit a form: first choices, today, shortest texts. What hangs on a condition is left out."""
    properties: dict[str, dict[str, Any]] = schema.get("properties", {})
    starts = {prop.get("x-not-before") for prop in properties.values()}
    values: dict[str, Any] = {}
    for name, prop in properties.items():
        if name in schema.get("required", ()) and (value := _value(prop, start=name in starts)) is not None:
            values[name] = value
    return values


def _value(prop: dict[str, Any], *, start: bool = False) -> Any:
    if "default" in prop or "const" in prop:
        return prop.get("default", prop.get("const"))
    if prop.get("oneOf"):
        return prop["oneOf"][0]["const"]
    if prop.get("format") == "date":
        # A day that has to be before another one begins a stretch of time, in which there should be something.
        long_ago = start or prop.get("x-not-after") not in (None, "today")
        return "2023-01-01" if long_ago else datetime.now(ZoneInfo("Asia/Shanghai")).date().isoformat()
    formats = {"cn-mobile": "13800000000", "cn-id-number": "999999199003070012"}
    if prop.get("format") in formats:
        return formats[prop["format"]]
    match prop.get("type"):
        case "string":
            return ("接口检查用的文字" * 80)[: max(int(prop.get("minLength", 2)), 2)]
        case "integer" | "number":
            return prop.get("minimum", 1)
        case "boolean":
            return True
        case "object":
            return sample(prop)
        case "array":
            return [_value(prop.get("items", {}))] * int(prop.get("minItems", 0))
    return None
