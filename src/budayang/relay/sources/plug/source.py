"""A plug that measures what the machine draws: its watts by MQTT (it tells) or by HTTP (it is asked)."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from budayang.relay.errors import NoResult
from budayang.relay.sources.table import Plan, Said
from budayang.uplink.clock import Clock

ANSWER_S = 5.0
MOST_BYTES = 64 * 1024


def watts(text: bytes, path: str) -> float:
    """The number at a dotted path of a JSON text. Raises NoResult when there is none."""
    try:
        found: Any = json.loads(text)
        for part in path.split("."):
            found = found[int(part)] if isinstance(found, list) else found[part]
        if isinstance(found, bool):
            raise TypeError
        number = float(found)
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        raise NoResult(f"no number at {path!r}") from None
    if not 0 <= number < 100_000:
        raise NoResult(f"{number} W cannot be")
    return number


def load_of(power: float, settings: Mapping[str, Any]) -> str:
    """off, standby or drawing."""
    if power < settings["off_below_w"]:
        return "off"
    return "standby" if power < settings["standby_below_w"] else "drawing"


class HttpPlug:
    """One GET a check."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._client = httpx.AsyncClient(timeout=ANSWER_S, trust_env=False)

    async def check(self) -> list[Said]:
        try:
            response = await self._client.get(self._plan.settings["url"])
        except httpx.HTTPError as error:
            raise NoResult(f"the plug does not answer: {type(error).__name__}") from error
        if response.status_code != 200:
            raise NoResult(f"the plug answers HTTP {response.status_code}")
        power = watts(response.content[:MOST_BYTES], self._plan.settings["path"])
        return [self._plan.said(load_of(power, self._plan.settings), f"{power:.1f} W")]

    async def close(self) -> None:
        await self._client.aclose()


class MqttPlug:
    """Listens; a check gives what the plug told last, as long as that is younger than `keep_s`.

    A message that the broker kept (retained) is no news: nobody knows how old it is.
    """

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self._plan = plan
        self._clock = clock
        self._told: tuple[float, bytes] | None = None
        where = urlsplit(str(plan.settings["url"]))
        self._client = Client(CallbackAPIVersion.VERSION2)
        if plan.secret.get("user"):
            self._client.username_pw_set(plan.secret["user"], plan.secret.get("password"))
        if where.scheme == "mqtts":
            self._client.tls_set_context(ssl.create_default_context())
        self._client.on_connect = self._connected
        self._client.on_message = self._heard
        self._client.connect_async(str(where.hostname), where.port or (8883 if where.scheme == "mqtts" else 1883))
        self._client.loop_start()  # a thread of paho's own; it only stores what it hears

    def _connected(self, client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not reason.is_failure:
            client.subscribe(str(self._plan.settings["topic"]))

    def _heard(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        if not message.retain and len(message.payload) <= MOST_BYTES:
            self._told = (self._clock.monotonic(), bytes(message.payload))

    async def check(self) -> list[Said]:
        told = self._told
        if told is None or self._clock.monotonic() - told[0] > self._plan.keep_s:
            raise NoResult("the plug told nothing lately")
        power = watts(told[1], self._plan.settings["path"])
        return [self._plan.said(load_of(power, self._plan.settings), f"{power:.1f} W")]

    async def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def make(plan: Plan, clock: Clock) -> HttpPlug | MqttPlug:
    """The source of a plan."""
    return MqttPlug(plan, clock) if str(plan.settings["url"]).startswith("mqtt") else HttpPlug(plan)
