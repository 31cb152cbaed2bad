"""Judging one envelope: who, with which key, which counter, which epoch, which sequence, what changed.

Everything here is memory: it changes what is known and puts rows into the batch; it never waits and never asks the
database. An error concerns one envelope.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import msgspec

from budayang.center.ingest.batch import Batch, News, OpenRow, Swap
from budayang.center.ingest.memory import MAX_CELLS, Known, Memory
from budayang.center.terminals.queries import LINK
from budayang.wire import messages as wire
from budayang.wire.mac import check_sync_mac


class _Sync(wire.Sync, frozen=True, kw_only=True, gc=False):
    """A sync whose whole state is not read yet: who sends it with each sync nearly always says the same again."""

    state: msgspec.Raw = msgspec.Raw()  # type: ignore[assignment]  # bytes, read by _STATE when they are new


_SYNC: Final = msgspec.json.Decoder(_Sync)
_STATE: Final = msgspec.json.Decoder(wire.State)
_NO_STATE: Final = (msgspec.Raw(), msgspec.Raw(b"null"))
_NUL: Final = b"\\u0000"  # PostgreSQL's text cannot hold it; no honest terminal sends it
UNREADABLE: Final = "status.unreadable"  # inbox kind of a status event whose body is not one


@dataclass(slots=True)
class Verdict:
    """What became of one envelope. `known` is None when nobody could be recognized."""

    terminal: str
    known: Known | None = None
    error: str | None = None
    want_state: bool = False
    wait_s: int = 0


@dataclass(slots=True)
class _Touch:
    """A property that changed in this sync: its state before the sync and the first moment of change."""

    before: str
    first_ms: int
    count: int = 1


def judge(env: wire.Envelope, memory: Memory, batch: Batch, now_ms: int) -> Verdict:
    """Judge one envelope and put what must be written into `batch`."""
    verdict = Verdict(env.terminal)
    known = memory.by_code.get(env.terminal)
    if known is None or known.state == "registered":
        verdict.error = wire.UNKNOWN_TERMINAL
        return verdict
    if known.credential_id is None or known.state == "retired":
        verdict.error = wire.REVOKED
        return verdict
    raw = bytes(env.sync)
    verdict.error = _check_key(env, known, raw, now_ms)
    if verdict.error:
        return verdict
    verdict.known = known
    if known.state == "suspended":
        verdict.error = wire.SUSPENDED
        return verdict
    if not known.use_counter(env.counter):
        verdict.error = wire.COUNTER_REUSED
        _suspend_clone(known, env.counter, batch, now_ms)
        return verdict
    _seen(known, memory, batch, now_ms)
    verdict.error = _judge_sync(env, known, raw, batch, now_ms, verdict)
    return verdict


def _check_key(env: wire.Envelope, known: Known, raw: bytes, now_ms: int) -> str | None:
    if known.key is None or known.key_until_ms <= now_ms:
        return wire.NO_SESSION
    if check_sync_mac(known.key, env.epoch, env.counter, raw, env.mac):
        return None
    previous = known.previous_key if known.previous_until_ms > now_ms else None
    if previous is not None and check_sync_mac(previous, env.epoch, env.counter, raw, env.mac):
        return None
    return wire.BAD_MAC


def _judge_sync(
    env: wire.Envelope, known: Known, raw: bytes, batch: Batch, now_ms: int, verdict: Verdict
) -> str | None:
    if _NUL in raw:
        return wire.MALFORMED
    state, digest = None, b""
    try:
        sync = _SYNC.decode(raw)
        if sync.state not in _NO_STATE:
            digest = blake2b(sync.state, digest_size=16).digest()
            if digest != known.state_digest or sync.events:
                state = _STATE.decode(sync.state)
    except (ValueError, RecursionError):
        return wire.MALFORMED
    if len(sync.events) > wire.MAX_EVENTS or (state is not None and len(state) > wire.MAX_SUBJECTS):
        return wire.TOO_LARGE
    error = _check_events(sync)
    if error:
        return error
    if env.epoch != known.epoch:
        if env.epoch in known.past_epochs:
            return wire.OLDER_EPOCH
        _new_epoch(known, env.epoch)
    if sync.lost_seq:
        _accept_loss(sync, known, batch, now_ms)
    if sync.first_seq > known.acked_seq + 1:
        return wire.GAP
    if sync.events or digest or sync.kinds:
        _take_over(sync, state, known, batch, now_ms)
        if digest:
            known.agreed_hash = sync.state_hash
        # Of a state that was cut at the bound the same bytes must be read again.
        known.state_digest = digest if len(known.since) < MAX_CELLS else b""
    if sync.software != known.software:
        known.software = sync.software
        known.unsaved = True
    if sync.state_hash and sync.state_hash != known.state_hash() and sync.state_hash != known.agreed_hash:
        verdict.want_state = True
    verdict.wait_s = sync.wait_s
    return None


def _check_events(sync: wire.Sync) -> str | None:
    """Sequence without holes and bodies within limits, before anything is changed."""
    seq = sync.first_seq
    for event in sync.events:
        if event.seq != seq:
            return wire.MALFORMED
        seq += 1
        if event.body and wire.depth(event.body) > wire.MAX_DEPTH:
            return wire.MALFORMED
    return None


def _new_epoch(known: Known, epoch: str) -> None:
    """The outbox was made anew (new disk): its sequence begins again, and the old one must not come back."""
    if known.epoch:
        known.past_epochs.append(known.epoch)
    known.epoch, known.acked_seq, known.unsaved = epoch, 0, True
    known.sent.clear()


def _accept_loss(sync: wire.Sync, known: Known, batch: Batch, now_ms: int) -> None:
    """The terminal no longer keeps events that we never got: say so once and go on."""
    lost = min(sync.lost_seq, sync.first_seq - 1)
    if lost > known.acked_seq:
        payload = {"terminal": known.code, "from_seq": known.acked_seq + 1, "to_seq": lost}
        batch.news.append(_news(known, "terminals.lost", payload, now_ms, now_ms))
        known.acked_seq = lost
        batch.links[known.id] = known.link_row()


def _take_over(sync: wire.Sync, state: wire.State | None, known: Known, batch: Batch, now_ms: int) -> None:
    clock_is_right = abs(sync.clock_ms - now_ms) <= wire.CLOCK_TOLERANCE_MS
    touched: dict[tuple[str, str], _Touch] = {}
    if sync.kinds:
        for subject, kind in sync.kinds.items():
            _take_kind(known, subject, kind, batch, now_ms)
    before = known.acked_seq
    for event in sync.events:
        if event.seq <= known.acked_seq:
            continue
        at_ms = _event_time(event, sync.clock_ms, clock_is_right, now_ms)
        _take_event(event, at_ms, known, batch, now_ms, touched)
        known.acked_seq = event.seq
    if state is not None:
        _take_state(state, known, batch, now_ms, touched)
        _miss(state, sync.kinds or {}, known, batch, now_ms)
    if touched:
        _tell(touched, known, batch, now_ms)
    if known.acked_seq != before or touched:
        batch.links[known.id] = known.link_row()
        known.unsaved = False


def _event_time(event: wire.Event, clock_ms: int, clock_is_right: bool, now_ms: int) -> int:
    """The terminal's own stamp where its clock is right and was right at the event; else receive time minus age."""
    stamp_fits_age = abs(clock_ms - event.age_ms - event.at_ms) <= wire.CLOCK_TOLERANCE_MS
    at_ms = event.at_ms if clock_is_right and stamp_fits_age else now_ms - event.age_ms
    return max(0, min(at_ms, now_ms))


def _take_event(
    event: wire.Event, at_ms: int, known: Known, batch: Batch, now_ms: int, touched: dict[tuple[str, str], _Touch]
) -> None:
    kind, body = event.kind, event.body
    if kind == "status":
        try:
            status = msgspec.convert(body, wire.StatusBody)
        except msgspec.ValidationError:
            kind = UNREADABLE  # kept as it came: refusing it would hold up everything behind it for ever
        else:
            if status.kind:
                _take_kind(known, status.subject, status.kind, batch, now_ms)
            _change(known, status.subject, status.property, status.state, status.raw, at_ms, batch, now_ms, touched)
            return
    elif kind == "outgoing.ack":
        ids = body.get("ids", [])
        for one in ids if isinstance(ids, list) else []:
            if isinstance(one, int) and not isinstance(one, bool) and 0 < one < 2**53:
                known.outgoing.pop(one, None)
                batch.acks.append((now_ms, one, known.id))
        return
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > wire.MAX_EVENT_BODY:
        text = json.dumps({"dropped": "too_large", "kind": kind})
        kind = f"{kind}.too_large"[:64]
    batch.inbox.append((known.id, known.epoch, event.seq, kind, text, at_ms, now_ms))


def _take_kind(known: Known, subject: str, kind: str, batch: Batch, now_ms: int) -> None:
    is_new = known.kinds.get(subject) != kind and len(known.kinds) < MAX_CELLS
    if kind and (is_new or subject in known.gone):
        known.kinds[subject] = kind
        _note_component(known, subject, batch, now_ms)


def _note_component(known: Known, subject: str, batch: Batch, now_ms: int, *, gone: bool = False) -> None:
    """A component is new, came back or vanished."""
    (known.gone.add if gone else known.gone.discard)(subject)
    batch.peripherals[known.id, subject] = (known.id, subject, known.kinds[subject], now_ms, now_ms if gone else None)


def _miss(state: wire.State, kinds: dict[str, str], known: Known, batch: Batch, now_ms: int) -> None:
    """What neither the whole state nor the list of kinds names any more is gone. One that is named without a state is
    there: its driver has not read it yet.
    """
    for subject, kind in known.kinds.items():
        if kind and subject not in state and subject not in kinds and subject not in known.gone:
            _note_component(known, subject, batch, now_ms, gone=True)


def _take_state(
    state: dict[str, dict[str, wire.StateValue]],
    known: Known,
    batch: Batch,
    now_ms: int,
    touched: dict[tuple[str, str], _Touch],
) -> None:
    """The whole state replaces: what differs begins now, what is missing ends now."""
    count = 0
    for subject, properties in state.items():
        mine = known.states.get(subject, {})
        count += len(properties)
        for prop, value in properties.items():
            if mine.get(prop) != value.s:
                _change(known, subject, prop, value.s, value.r, now_ms, batch, now_ms, touched)
    if count < len(known.since):
        for subject, prop in [key for key in known.since if key[1] not in state.get(key[0], {})]:
            _end(known, subject, prop, batch, now_ms, touched)


def _change(
    known: Known,
    subject: str,
    prop: str,
    state: str,
    raw: str,
    at_ms: int,
    batch: Batch,
    now_ms: int,
    touched: dict[tuple[str, str], _Touch],
) -> None:
    key = (subject, prop)
    before = known.states.get(subject, {}).get(prop, "")
    if before == state or key == LINK or (not before and len(known.since) >= MAX_CELLS):
        return
    if before:
        at_ms = max(at_ms, known.since[key] + 1)  # an interval is never empty, and history never turns round
    if subject in known.gone:
        _note_component(known, subject, batch, now_ms)
    _touch(touched, key, before, at_ms)
    row = OpenRow(known.id, subject, prop, known.kinds.get(subject, ""), state, raw, at_ms, None, now_ms)
    batch.change(row, first=not before)
    known.set_state(subject, prop, state, at_ms)


def _end(
    known: Known, subject: str, prop: str, batch: Batch, now_ms: int, touched: dict[tuple[str, str], _Touch]
) -> None:
    at_ms = max(now_ms, known.since[subject, prop] + 1)
    _touch(touched, (subject, prop), known.states[subject][prop], at_ms)
    batch.end((known.id, subject, prop), at_ms)
    known.drop_state(subject, prop)


def _touch(touched: dict[tuple[str, str], _Touch], key: tuple[str, str], before: str, at_ms: int) -> None:
    touch = touched.get(key)
    if touch is None:
        touched[key] = _Touch(before, at_ms)
    else:
        touch.count += 1


def _tell(touched: dict[tuple[str, str], _Touch], known: Known, batch: Batch, now_ms: int) -> None:
    """News of what is the case now. What was over before it reached us is history and alarms nobody.

    What is heard of for the first time is one piece of news, however much it is: a terminal that joins tells of all
    that it has, and each reader would otherwise be woken once for each of it.
    """
    corrected: list[int] = []
    first: list[dict[str, str]] = []
    first_ms = now_ms
    for (subject, prop), touch in touched.items():
        state = known.states.get(subject, {}).get(prop, "removed")
        since_ms = known.since.get((subject, prop), now_ms)
        if touch.count > 1:
            corrected += (touch.first_ms, since_ms)
        if state == touch.before:
            continue
        told = {
            "subject": subject, "kind": known.kinds.get(subject, ""), "property": prop, "state": state,
            "raw": _raw_of(batch, known, subject, prop),
        }  # fmt: skip
        if touch.before:
            payload = {"terminal": known.code, "before": touch.before, **told}
            batch.news.append(_news(known, "terminals.status", payload, since_ms, now_ms))
        else:
            first.append(told)
            first_ms = min(first_ms, since_ms)
    if first:
        batch.news.append(_news(known, "terminals.reported", {"terminal": known.code, "told": first}, first_ms, now_ms))
    if corrected:
        span: dict[str, Any] = {"terminal": known.code, "from_ms": min(corrected), "to_ms": max(corrected)}
        batch.news.append(_news(known, "terminals.corrected", span, min(corrected), now_ms))


def _raw_of(batch: Batch, known: Known, subject: str, prop: str) -> str:
    row = batch.opens.get((known.id, subject, prop))
    return row.raw if row else ""


def _seen(known: Known, memory: Memory, batch: Batch, now_ms: int) -> None:
    first = known.last_seen_ms is None
    # Heard in the very millisecond in which it counted as silent: that silence lasted one, or it would have no length.
    heard_ms = now_ms + 1 if known.silent and known.due_ms() == now_ms else now_ms
    known.last_seen_ms = now_ms
    known.unsaved = True
    if known.silent:
        known.silent = False
        news = _news(known, "terminals.heard", {"terminal": known.code}, heard_ms, now_ms)
        batch.swaps.append(Swap("heard", known.id, heard_ms, now_ms, news, "online"))
        memory.watch(known)
    elif first:
        memory.watch(known)
    if not known.linked and not known.carried:
        known.linked = True
        batch.change(OpenRow(known.id, *LINK, "terminal", "online", "", now_ms, None, now_ms), first=True)


def silence(known: Known, due_ms: int, now_ms: int) -> Swap:
    """The change and the news for a terminal that fell silent; its time is the computed moment."""
    news = _news(known, "terminals.silent", {"terminal": known.code}, due_ms, now_ms)
    return Swap("silent", known.id, due_ms, known.last_seen_ms or due_ms, news, "silent")


def _suspend_clone(known: Known, counter: int, batch: Batch, now_ms: int) -> None:
    """Two machines use one key, or somebody replays: nobody can tell who is who, so both stop and a person looks."""
    known.state = "suspended"
    payload = {"terminal": known.code, "counter": counter, "highest": known.counter}
    news = _news(known, "terminals.clone", payload, now_ms, now_ms)
    batch.swaps.append(Swap("clone", known.id, now_ms, now_ms, news))


def _news(known: Known, kind: str, payload: dict[str, Any], occurred_ms: int, now_ms: int) -> News:
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return News(kind, f"terminal:{known.code}", known.place_path, text, occurred_ms, now_ms)
