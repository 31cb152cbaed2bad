"""What can be done here now: the items that the center offers on this terminal, judged by the rule that both
programs share.

The center sends the catalogue (items, calendars, index), the availability (connectors, stops, alternatives) and
notices; all
are kept in the outbox' store, so that a terminal that starts without a network still knows what it offers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from budayang.rules.calendars import (
    ALWAYS,
    DayException,
    DayKind,
    WeeklyWindow,
    open_windows,
    parse_clock,
    weekly_window,
)
from budayang.rules.services import (
    TRUTH_NAMES,
    AfterHours,
    Hours,
    ItemNeeds,
    StopWindow,
    Truth,
    Verdict,
    judge_item,
)
from budayang.search import Index
from budayang.terminal.clock import Clock
from budayang.terminal.outbox import Outbox
from budayang.terminal.peripherals import Peripherals
from budayang.terminal.uplink import Level, Line

log = structlog.get_logger(__name__)

LIFE_EVENTS: dict[str, str] = {
    "print": "打印证明",
    "job": "换工作",
    "birth": "生孩子",
    "retire": "退休",
    "house": "买房",
    "shop": "开店",
    "card": "办证件",
}
CLASSES: dict[Truth, str] = {
    Truth.DOABLE: "ok",
    Truth.SUBMITTABLE: "hand",
    Truth.STOPPED: "stop",
    Truth.UNCONFIRMED: "ask",
    Truth.MACHINE: "ask",
}
NETWORK_DOWN = Verdict(Truth.STOPPED, "network_down", "网络中断，暂时不能联网办理", None, ("network:down",))
MEMORY_S = 1.0
AHEAD = timedelta(days=8)
DETAILS = ("materials", "output", "who_acts", "legal_limit", "legal_basis", "hours", "unverified")


@dataclass(frozen=True, slots=True)
class Calendar:
    """A department's hours for some items, as the center sent them."""

    confirmed: bool
    weekly: tuple[WeeklyWindow, ...]
    exceptions: tuple[DayException, ...]
    follows_workdays: bool
    probe_passed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stop:
    """A planned stop of the terminal, a department or an item."""

    scope: str
    code: str
    window: StopWindow


@dataclass(slots=True)
class Availability:
    """What the center knows and a terminal cannot: connectors, stops, where else."""

    connectors: dict[str, str] = field(default_factory=dict)
    stops: tuple[Stop, ...] = ()
    probes: dict[str, datetime] = field(default_factory=dict)
    alternatives: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    service: dict[str, Any] = field(default_factory=dict)


class Catalogue:
    """The catalogue in force. `line` and `suspended` are asked at each judgement, since they change with the minute."""

    def __init__(self, clock: Clock, peripherals: Peripherals, *, reader: bool) -> None:
        self.revision = 0
        self.line: Callable[[], Line] | None = None
        self.suspended: Callable[[], bool] = lambda: False
        self.zone = ZoneInfo("Asia/Shanghai")
        self.place: dict[str, Any] = {}
        self.consent: dict[str, Any] = {}
        self.notices: list[dict[str, Any]] = []
        self.availability = Availability()
        self._clock = clock
        self._peripherals = peripherals
        self._reader = reader
        self._items: dict[str, dict[str, Any]] = {}
        self._calendars: dict[str, Calendar] = {}
        self._day_kinds: dict[date, DayKind] = {}
        self._index: Index | None = None
        self._memory: dict[str, Verdict] = {}
        self._remembered_at = -MEMORY_S

    # What the center sends

    def load(self, outbox: Outbox) -> None:
        """Read all messages in force. One that cannot be read is logged and left out; the others count."""
        loaders: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "catalogue": self._load_catalogue,
            "availability": self._load_availability,
        }
        for kind, loader in loaders.items():
            for row in outbox.messages(kind):
                try:
                    loader(row.body)
                except (KeyError, TypeError, ValueError, AttributeError) as error:
                    log.error("catalogue.unreadable", kind=kind, id=row.id, error=type(error).__name__)
        self.notices = [
            row.body | {"id": row.key} for row in outbox.messages("notice") if not row.body.get("withdrawn")
        ]
        self.touch()

    def touch(self) -> None:
        """Something that verdicts depend on has changed: judge again and let the screens know."""
        self._memory.clear()
        self.revision += 1

    def _load_catalogue(self, body: Mapping[str, Any]) -> None:
        items = {str(item["code"]): dict(item) for item in body.get("items", [])}
        calendars = {key: _calendar(row) for key, row in (body.get("calendars") or {}).items()}
        kinds = {date.fromisoformat(day): DayKind(kind) for day, kind in (body.get("day_kinds") or {}).items()}
        index = Index.from_json(body["index"]) if body.get("index") else None
        self.zone = ZoneInfo(body.get("zone") or "Asia/Shanghai")
        self.place = dict(body.get("terminal") or {})
        self.consent = dict(body.get("consent") or {})
        self._items, self._calendars, self._day_kinds, self._index = items, calendars, kinds, index

    def _load_availability(self, body: Mapping[str, Any]) -> None:
        self.availability = Availability(
            connectors={code: str(row.get("state", "unknown")) for code, row in (body.get("connectors") or {}).items()},
            stops=tuple(_stop(row) for row in body.get("stops") or []),
            probes={key: datetime.fromisoformat(at) for key, at in (body.get("probes") or {}).items() if at},
            alternatives=dict(body.get("alternatives") or {}),
            service=dict(body.get("service") or {}),
        )

    # What the screens ask

    def __len__(self) -> int:
        return len(self._items)

    def raw(self, code: str) -> dict[str, Any] | None:
        """The item as the center sent it, with its form's schema."""
        return self._items.get(code)

    def verdict(self, code: str) -> Verdict:
        """What can be done with the item now; remembered for a second. Raises KeyError for an item not offered here."""
        now = self._clock.monotonic()
        if now - self._remembered_at >= MEMORY_S:
            self._memory.clear()
            self._remembered_at = now
        if code not in self._memory:
            self._memory[code] = self._judge(self._items[code])
        return self._memory[code]

    def item(self, code: str) -> dict[str, Any] | None:
        """One item with its details; None when it is not offered here."""
        raw = self._items.get(code)
        if raw is None:
            return None
        details = {key: raw.get(key, False if key == "unverified" else "") for key in DETAILS}
        return self._view(raw) | details

    def home(self) -> dict[str, Any]:
        """The first page: what people often do, life events and departments with their counts."""
        ranked = sorted((item for item in self._items.values() if item.get("hot") is not None), key=lambda i: i["hot"])
        events = {
            code: [i for i in self._items.values() if code in (i.get("life_events") or [])] for code in LIFE_EVENTS
        }
        departments: dict[str, dict[str, Any]] = {}
        for item in self._items.values():
            code = str(item.get("department", ""))
            row = departments.setdefault(code, {"code": code, "name": item.get("department_name", code), "count": 0})
            row["count"] += 1
        return {
            "hot": [self._view(item) for item in ranked[:4]],
            "events": [
                {"code": code, "name": name, "icon": code, "count": len(events[code])}
                for code, name in LIFE_EVENTS.items()
            ],
            "departments": sorted(departments.values(), key=lambda row: (-row["count"], row["code"])),
        }

    def search(self, query: str, limit: int = 20) -> list[dict[str, Any]]:
        """Items for what a person typed: names, pinyin, initials, by the index that the center made."""
        query = query.strip()
        if not query:
            return []
        if self._index is None:
            found = [code for code, item in self._items.items() if query.lower() in str(item.get("name", "")).lower()]
        else:
            found = [hit.item_code for hit in self._index.find(query, limit=limit)]
        return [self._view(self._items[code]) for code in found if code in self._items][:limit]

    def department(self, code: str) -> dict[str, Any] | None:
        """A department's items here."""
        items = [item for item in self._items.values() if item.get("department") == code]
        if not items:
            return None
        return {"code": code, "name": items[0].get("department_name", code), "items": self._views(items)}

    def event(self, code: str) -> dict[str, Any] | None:
        """The items of a life event (一件事)."""
        if code not in LIFE_EVENTS:
            return None
        items = [item for item in self._items.values() if code in (item.get("life_events") or [])]
        return {"code": code, "name": LIFE_EVENTS[code], "items": self._views(items)}

    def alternatives(self, code: str) -> list[dict[str, Any]]:
        """Where the item can be done else, nearest first, as the center last knew."""
        return list(self.availability.alternatives.get(code, []))

    def current_notices(self) -> list[dict[str, Any]]:
        """Notices in force now."""
        now = self._clock.now()
        return [
            {"id": n["id"], "title": n.get("title", ""), "text": n.get("text", "")}
            for n in self.notices
            if (not n.get("from") or datetime.fromisoformat(n["from"]) <= now)
            and (not n.get("until") or now < datetime.fromisoformat(n["until"]))
        ]

    # Judgement

    def _judge(self, item: Mapping[str, Any]) -> Verdict:
        now = self._clock.now()
        calendar = self._calendars.get(str(item.get("calendar", "")))
        needs = frozenset(item.get("needs") or ())
        if not self._reader:
            needs -= {"idReader"}  # this terminal takes a code on a card instead
        live = bool(item.get("needs_live", True))
        verdict = judge_item(
            ItemNeeds(
                item_code=str(item["code"]),
                needs=needs,
                after_hours=str(item.get("after_hours", "")),
                needs_live=live,
                driven=bool(item.get("driven", True)),
            ),
            self._hours(str(item.get("calendar", "")), calendar, now),
            stops=[stop.window for stop in self.availability.stops if self._concerns(stop, item)],
            connector=self.availability.connectors.get(str(item.get("department", "")), "unknown"),
            states=self._peripherals.judged(),
            terminal="suspended" if self.suspended() else "online",
            now=now,
            kinds=self._peripherals.kinds(),
        )
        offline = self.line is not None and self.line().level is Level.OFFLINE
        submits = item.get("after_hours") == AfterHours.SUBMIT
        if offline and live and not submits and verdict.truth in {Truth.DOABLE, Truth.UNCONFIRMED}:
            return NETWORK_DOWN
        return verdict

    def _hours(self, key: str, calendar: Calendar | None, now: datetime) -> Hours:
        if calendar is None:
            return Hours(confirmed=False)
        windows = open_windows(
            calendar.weekly,
            calendar.exceptions,
            now - timedelta(days=1),
            now + AHEAD,
            zone=self.zone.key,
            table=self._day_kinds,
            follows_workdays=calendar.follows_workdays,
        )
        probe = self.availability.probes.get(key, calendar.probe_passed_at)
        return Hours(confirmed=calendar.confirmed, windows=tuple(windows), probe_passed_at=probe)

    def _concerns(self, stop: Stop, item: Mapping[str, Any]) -> bool:
        mine = {"department": item.get("department"), "item": item.get("code")}
        return stop.scope not in mine or stop.code == mine[stop.scope]

    def _views(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        order = list(Truth)
        views = [self._view(item) for item in items]
        return sorted(views, key=lambda view: (order.index(Truth(view["truth"])), view["code"]))

    def _view(self, item: Mapping[str, Any]) -> dict[str, Any]:
        verdict = self.verdict(str(item["code"]))
        until = self._clock_word(verdict.until) if verdict.until else ""
        word = TRUTH_NAMES[verdict.truth]
        if verdict.truth is Truth.STOPPED:
            word = f"暂停至 {until}" if until else word
        startable = verdict.truth in {Truth.DOABLE, Truth.SUBMITTABLE}
        return {
            "code": str(item["code"]),
            "name": item.get("name", ""),
            "short": item.get("short") or item.get("name", ""),
            "department": item.get("department", ""),
            "department_name": item.get("department_name", ""),
            "minutes": item.get("minutes"),
            "fee": _fee(item.get("fee")),
            "bring": item.get("bring", ""),
            "truth": verdict.truth.value,
            "truth_word": word,
            "truth_class": CLASSES[verdict.truth],
            "text": verdict.text,
            "until": until,
            "can_start": startable,
            "alternatives": [] if startable else self.alternatives(str(item["code"])),
            "night": item.get("after_hours") == AfterHours.SUBMIT,
            "life_events": list(item.get("life_events") or []),
        }

    def _clock_word(self, at: datetime) -> str:
        local, today = at.astimezone(self.zone), self._clock.now().astimezone(self.zone).date()
        if local.date() == today:
            return f"{local:%H:%M}"
        if local.date() == today + timedelta(days=1):
            return f"明天 {local:%H:%M}"
        return f"{local.month}月{local.day}日 {local:%H:%M}"


def _fee(fee: object) -> str:
    text = str(fee if fee is not None else "").strip()
    return "不收费" if text in {"", "0"} else text


def _calendar(row: Mapping[str, Any]) -> Calendar:
    exceptions = tuple(
        DayException(
            on=date.fromisoformat(e["on"]),
            closed=bool(e.get("closed", False)),
            windows=tuple((parse_clock(a)[0], parse_clock(b)[0]) for a, b in e.get("windows") or []),
            reason=str(e.get("reason", "")),
        )
        for e in row.get("exceptions") or []
    )
    probe = row.get("probe_passed_at")
    return Calendar(
        confirmed=bool(row.get("confirmed", False)),
        weekly=ALWAYS
        if row.get("always")
        else tuple(weekly_window(int(w[0]), str(w[1]), str(w[2])) for w in row.get("weekly") or []),
        exceptions=exceptions,
        follows_workdays=bool(row.get("follows_workdays", False)),
        probe_passed_at=datetime.fromisoformat(probe) if probe else None,
    )


def _stop(row: Mapping[str, Any]) -> Stop:
    end = row.get("end")
    window = StopWindow(
        datetime.fromisoformat(row["start"]), datetime.fromisoformat(end) if end else None, str(row.get("reason", ""))
    )
    return Stop(str(row.get("scope", "terminal")), str(row.get("code", "")), window)
