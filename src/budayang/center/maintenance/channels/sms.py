"""Text messages (短信) through a gateway that keeps the contract of docs/mechanisms/sms-gateway.md."""

from __future__ import annotations

import json
from collections.abc import Mapping

import httpx

from budayang.center.maintenance.channels.kinds import Outcome, Parcel
from budayang.center.maintenance.channels.webhook import judge
from budayang.center.platform import outgoing

MOST_CHARACTERS = 280
"""Four parts of a long text message; what is longer is cut before the link, never in it."""


def text_of(parcel: Parcel, signature: str) -> str:
    """Signature, title and link, short enough."""
    head = f"【{signature}】" if signature else ""
    room = MOST_CHARACTERS - len(head)
    if len(parcel.short) <= room:
        return head + parcel.short
    tail = f" {parcel.link}" if parcel.link else ""
    return head + parcel.title[: max(room - len(tail) - 1, 10)] + "…" + tail


def send(secret: Mapping[str, str], parcel: Parcel, *, transport: httpx.BaseTransport | None = None) -> Outcome:
    """Hand one text message to the gateway; its answer says accepted, not delivered."""
    order = {"id": parcel.key, "to": parcel.to, "text": text_of(parcel, secret.get("signature", ""))}
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Authorization": f"Bearer {secret['token']}",
        "Idempotency-Key": parcel.key,
    }
    body = json.dumps(order, ensure_ascii=False).encode()
    return judge(outgoing.post(secret["url"], body, headers, transport=transport))
