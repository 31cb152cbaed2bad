"""What a phone sends of its rounds, piece by piece: each is taken, refused or put off by itself, and one that is
refused holds back no other. All of them may come twice (round_actions).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from django.utils.translation import gettext as _
from msgspec import Meta

from budayang.center.maintenance import round_actions as actions
from budayang.center.maintenance import round_day as days
from budayang.center.maintenance.models import Round
from budayang.center.maintenance.round_actions import Given, Position
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden

Id = Annotated[str, Meta(min_length=8, max_length=40)]
Short = Annotated[str, Meta(max_length=60)]
Moment = Annotated[datetime, Meta(tz=True)]
MOST = 200


class Place(msgspec.Struct, frozen=True):
    """Where the phone was: degrees, metres."""

    latitude: float
    longitude: float
    accuracy_m: float


class Piece(msgspec.Struct, frozen=True):
    """One thing that was said on a phone. `round` is a key of round_day; `at` is the phone's time."""

    kind: Literal["answer", "presence", "finish"]
    id: Id
    round: Short
    at: Moment
    stop: Short = ""
    question: Short = ""
    value: Annotated[str, Meta(max_length=200)] = ""
    note: Annotated[str, Meta(max_length=300)] = ""
    replaces: Annotated[str, Meta(max_length=40)] = ""
    code: Annotated[str, Meta(max_length=300)] = ""
    position: Place | None = None


class Sent(msgspec.Struct, frozen=True):
    """A phone's letter. `owner` is the user name under which everything in it was said."""

    owner: Short
    device: Annotated[str, Meta(max_length=40)]
    items: Annotated[list[msgspec.Raw], Meta(max_length=MOST)]


class Head(msgspec.Struct, frozen=True):
    """What can be read of a piece that is not in order."""

    id: str = ""


def read_letter(body: bytes) -> Sent | None:
    """The letter, None when it is none. A byte 0, which no text of a person holds, makes it none."""
    if b"\x00" in body or b"\\u0000" in body:
        return None
    try:
        return msgspec.json.decode(body, type=Sent)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def take_all(actor: Actor, letter: Sent, now: datetime) -> list[dict[str, Any]]:
    """What became of each piece, in order: {"id", "state": kept, conflict, refused or later, "reason"}."""
    return [_take(actor, raw, letter.device, now) for raw in letter.items]


def _take(actor: Actor, raw: msgspec.Raw, device: str, now: datetime) -> dict[str, Any]:
    try:
        piece = msgspec.json.decode(raw, type=Piece)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return answer(_id_of(raw), "refused", _("这一条的格式读不出来，可能是旧版页面写的。请重新打开页面再答。"))
    row = days.find_round(actor, piece.round)
    if row is None:
        return _not_there(actor, piece.id, piece.round)
    try:
        return _record(actor, row, piece, device, now)
    except (Refused, Forbidden) as refusal:
        return answer(piece.id, "refused", why(refusal))


def _id_of(raw: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(raw, type=Head).id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def _not_there(actor: Actor, client_id: str, key: str) -> dict[str, Any]:
    if days.is_to_come(actor, key):
        return answer(client_id, "later", _("平台还没有开出这次巡查，开出后自动送达。"))
    return answer(client_id, "refused", _("平台没有这次巡查，或它不在您的范围内。计划可能已经改过，请问主管。"))


def _record(actor: Actor, row: Round, piece: Piece, device: str, now: datetime) -> dict[str, Any]:
    if piece.kind == "finish":
        actions.finish_round(actor, row, note=piece.note, at=piece.at, now=now)
        return answer(piece.id, "kept")
    if piece.kind == "presence":
        where = piece.position
        actions.record_presence(
            actor, row, client_id=piece.id, stop=piece.stop, code=piece.code, at=piece.at, now=now,
            position=Position(where.latitude, where.longitude, where.accuracy_m) if where else None,
        )  # fmt: skip
        return answer(piece.id, "kept")
    given = Given(
        piece.id, piece.stop, piece.question, piece.value, piece.at, piece.note, piece.replaces, device
    )  # fmt: skip
    kept = actions.record_answer(actor, row, given, now=now)
    return answer(piece.id, "conflict" if kept.state == "conflict" else "kept")


def take_photo(actor: Actor, posted: Any, content: bytes, now: datetime) -> dict[str, Any]:
    """A photograph; `posted` has id, round, stop, question and at as text."""
    client_id, key = posted.get("id", "")[:60], posted.get("round", "")[:60]
    try:
        at = msgspec.convert(posted.get("at", ""), Moment)
    except msgspec.ValidationError:
        return answer(client_id, "refused", _("照片缺少拍摄时间，请重新拍。"))
    row = days.find_round(actor, key)
    if row is None:
        return _not_there(actor, client_id, key)
    try:
        actions.add_photo(
            actor, row, client_id=client_id, stop=posted.get("stop", "")[:60], question=posted.get("question", "")[:60],
            content=content, taken_at=at, now=now,
        )  # fmt: skip
    except (Refused, Forbidden) as refusal:
        return answer(client_id, "refused", why(refusal))
    return answer(client_id, "kept")


def why(refusal: Refused | Forbidden) -> str:
    """The reason in words; what is forbidden says its repair."""
    return (
        str(refusal) if isinstance(refusal, Refused) else _("您的角色不能为这次巡查作答。需要的话，请安全管理员授权。")
    )


def answer(client_id: str, state: str, reason: str = "") -> dict[str, Any]:
    """What became of one piece."""
    return {"id": client_id, "state": state, "reason": reason}
