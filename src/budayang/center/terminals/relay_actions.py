"""What goes down to a relay, and what a relay says of its machines and of itself.

One code enrols a relay. The keys of its machines come over the relay's own syncs, which only it can sign, and are taken
only for machines whose profile names this relay: no further code is needed, now or later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from budayang.center.platform.actions import emit, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Transition
from budayang.center.terminals.inbox import InboxRow
from budayang.center.terminals.models import (
    Credential,
    IngestNotice,
    RelaySpan,
    Session,
    Terminal,
    WatchFound,
    WatchProfile,
    WatchSource,
)
from budayang.center.terminals.sending import put
from budayang.center.terminals.watching_verdicts import rejudge
from budayang.rules.watch_settings import BadSettings, check
from budayang.wire import mac

RELAY_KINDS = ("watch.keys", "watch.started", "watch.through", "watch.found")
MOST_OFFERS = 8


def take_relay_news(row: InboxRow, now: datetime) -> None:
    """One event of a relay: keys of its machines, or what it knows of its own time."""
    relay = Terminal.objects.filter(pk=row.terminal_id, kind=Terminal.Kind.RELAY).first()
    if relay is None:
        return  # only a relay speaks for others; whatever else says so is not believed
    if row.kind == "watch.keys":
        machines = row.body.get("machines")
        for one in machines if isinstance(machines, list) else []:
            if isinstance(one, dict):
                _take_key(relay, one, now)
        send_down([relay.pk], now)
        return
    if row.kind == "watch.found":
        _take_found(relay, row, now)
        return
    what = "down" if row.kind == "watch.started" else "watched"
    since, until = _moment(row.body.get("from_ms")), _moment(row.body.get("to_ms"))
    if since is not None and until is not None and since < min(until, now):
        RelaySpan.objects.create(relay=relay, what=what, since=since, until=min(until, now))
        ids = list(WatchProfile.objects.filter(relay=relay).values_list("terminal_id", flat=True))
        rejudge(ids, now)


def _take_key(relay: Terminal, one: Mapping[str, Any], now: datetime) -> None:
    code, key, proof = (str(one.get(name, "")) for name in ("terminal", "public_key", "proof"))
    profile = WatchProfile.objects.filter(terminal__code=code, relay=relay).select_related("terminal").first()
    message = mac.machine_key_message(relay.code, code, key)
    if profile is None or not mac.check_signature(key, message, proof):
        return
    terminal = profile.terminal
    if terminal.state == Terminal.State.RETIRED or terminal.kind != Terminal.Kind.WATCHED:
        return
    valid = Credential.objects.filter(terminal=terminal, revoked_at__isnull=True)
    if valid.filter(public_key=key).exists():
        return
    valid.update(revoked_at=now, revoked_why="enrolled again by its relay")
    Session.objects.filter(terminal=terminal).delete()
    Credential.objects.create(terminal=terminal, public_key=key, hardware={"relay": relay.code}, enrolled_at=now)
    Terminal.objects.filter(pk=terminal.pk).update(enrolled_at=now)
    # A machine that a person suspended stays so: its relay may not put it back into service.
    waiting = Terminal.objects.filter(pk=terminal.pk, state=Terminal.State.REGISTERED)
    waiting.update(state=Terminal.State.ACTIVE, state_reason="")
    IngestNotice.objects.create(terminal=terminal)
    place = relay.area.place.path
    record(
        Actor.terminal(relay.code, place), "terminals.enrol", subject=f"terminal:{code}", place_path=place,
        details={"relay": relay.code}, at=now,
    )  # fmt: skip
    emit(
        "terminals.enrolled", subject=f"terminal:{code}", place_path=place, payload={"terminal": code},
        occurred_at=now, now=now,
    )  # fmt: skip


def _take_found(relay: Terminal, row: InboxRow, now: datetime) -> None:
    """Keep what somebody in the hall handed up; what cannot work is left out. A newer look replaces an older one."""
    offers = []
    for one in list(row.body.get("sources") or ())[:MOST_OFFERS]:
        try:
            settings = check(str(one["kind"]), one["settings"])
        except (BadSettings, KeyError, TypeError, AttributeError):
            continue
        offers.append({"kind": str(one["kind"]), "settings": settings, "saw": str(one.get("saw", ""))[:120]})
    host = str(row.body.get("host", ""))[:100]
    if offers and host:
        WatchFound.objects.update_or_create(
            relay=relay, host=host, settled_at=None, defaults={"sources": offers, "found_at": row.at}
        )


def _moment(ms: object) -> datetime | None:
    if not isinstance(ms, int) or isinstance(ms, bool) or not 0 <= ms < 2**43:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC)


def send_down(relay_ids: Iterable[int], now: datetime) -> None:
    """Hand each relay all that it is to watch; only the newest message matters."""
    for relay_id in relay_ids:
        put([(relay_id, _body(relay_id))], "watch", now)


def _body(relay_id: int) -> dict[str, Any]:
    profiles = list(WatchProfile.objects.filter(relay_id=relay_id).select_related("terminal").order_by("terminal_id"))
    machines = {one.terminal_id: one for one in profiles if one.terminal.state != Terminal.State.RETIRED}
    keys = dict(
        Credential.objects.filter(terminal_id__in=list(machines), revoked_at__isnull=True).values_list(
            "terminal_id", "public_key"
        )
    )
    sources: dict[int, list[dict[str, Any]]] = {one: [] for one in machines}
    for row in WatchSource.objects.filter(profile__in=list(machines.values()), removed_at__isnull=True):
        owner = next(one for one, profile in machines.items() if profile.pk == row.profile_id)
        sources[owner].append(
            {
                "subject": row.subject, "kind": row.kind, "settings": row.settings, "interval_s": row.interval_s,
                "keep_s": row.keep_s,
            }
        )  # fmt: skip
    return {
        "machines": [
            {
                "terminal": profile.terminal.code, "name": profile.terminal.name, "key": keys.get(one, ""),
                "sources": sources[one],
            }
            for one, profile in machines.items()
        ]
    }  # fmt: skip


def greet(news: Sequence[Transition], now: datetime) -> None:
    """A relay that enrolled (again) has nothing yet, whatever an earlier one had acknowledged: tell it all."""
    codes = {str(one.payload.get("terminal", "")) for one in news}
    enrolled = Terminal.objects.filter(code__in=codes, kind=Terminal.Kind.RELAY)
    send_down(enrolled.values_list("pk", flat=True), now)
