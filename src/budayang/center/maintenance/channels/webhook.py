"""The generic webhook: CloudEvents 1.0 in structured mode, signed with HMAC-SHA256.

CloudEvents: github.com/cloudevents/spec, v1.0.2. A receiver checks `X-Budayang-Signature: t=<seconds>,v1=<hex>`, the
HMAC over `<t>.<body>`, and forgets what has an `id` that it knows.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

import httpx

from budayang.center.maintenance.channels.kinds import Outcome, Parcel
from budayang.center.platform import outgoing
from budayang.center.platform.outgoing import Reply

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
SIGNATURE = "X-Budayang-Signature"
FINAL = frozenset({400, 401, 403, 404, 405, 410, 413, 415, 422})


def event_of(parcel: Parcel) -> dict[str, object]:
    """The CloudEvent of a message."""
    return {
        "specversion": "1.0",
        "id": parcel.key,
        "source": parcel.source,
        "type": f"cn.budayang.notice.{parcel.kind}",
        "subject": parcel.subject,
        "time": parcel.at.isoformat(),
        "datacontenttype": "application/json",
        "data": {
            "title": parcel.title,
            "text": parcel.body,
            "severity": parcel.severity,
            "link": parcel.link,
            "facts": list(parcel.data),
        },
    }


def sign(secret: str, body: bytes, at_s: int) -> str:
    """The value of the signature's header."""
    mac = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256)
    return f"t={at_s},v1={mac.hexdigest()}"


def send(secret: Mapping[str, str], parcel: Parcel, *, transport: httpx.BaseTransport | None = None) -> Outcome:
    """Post the event. Any 2xx is taken as received."""
    body = json.dumps(event_of(parcel), ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": CONTENT_TYPE,
        "Idempotency-Key": parcel.key,
        SIGNATURE: sign(secret["secret"], body, int(parcel.at.timestamp())),
    }
    return judge(outgoing.post(secret["url"], body, headers, transport=transport))


def judge(reply: Reply) -> Outcome:
    """What an HTTP answer means for the next attempt."""
    if reply.ok:
        return Outcome()
    if reply.error:
        return Outcome(reply.error, permanent=reply.error == "address")
    return Outcome(f"http {reply.status}", permanent=reply.status in FINAL)
