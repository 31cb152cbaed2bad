"""What can be done here now: the items that the center offers on this terminal, judged by the rule that both
programs share.

The center sends the catalogue (items, calendars, index), the availability (connectors, stops, alternatives) and
notices; all
are kept in the outbox' store, so that a terminal that starts without a network still knows what it offers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from budayang.rules.calendars import (
    DayKind,
    open_windows,
)
from budayang.rules.carry_over import Carry, Stage, carry_over
from budayang.rules.fault_notices import STOPPED, read_lines
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
from budayang.terminal.availability import Availability, Calendar, Stop, read_availability, read_calendar
from budayang.terminal.finding import Finder
from budayang.terminal.joints import Joints
from budayang.terminal.outbox import Outbox
from budayang.terminal.peripherals import Peripherals
from budayang.terminal.screens.language import _
from budayang.uplink.clock import Clock
from budayang.uplink.uplink import Level, Line

log = structlog.get_logger(__name__)

LIFE_EVENTS: dict[str, str] = {
    "print": "打印证明",
    "job": "换工作",
    "birth": "生孩子",
    "retire": "退休",
    "house": "买房",
    "shop": "开店",
    "card": "办证件",
    "school": "孩子入学",
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
CARRY_OVER_S = 600.0  # until the center says how long what was begun may be carried into a stop
AHEAD = timedelta(days=8)
DETAILS: dict[str, Any] = {
    "summary": "",
    "materials": "",
    "material_list": [],
    "output": "",
    "output_kind": "",
    "output_medium": "",
    "who_acts": "",
    "legal_limit": "",
    "legal_basis": "",
    "promised_limit": "",
    "fee_basis": "",
    "guide_steps": [],
    "hours": "",
    "marks": {},
    "unverified": False,
}
"""What an item's own page shows beside the list, and what it is where the center did not send it."""


class Catalogue:
    """The catalogue in force. `line` and `suspended` are asked at each judgement, since they change with the minute."""

    def __init__(self, clock: Clock, peripherals: Peripherals, *, reader: bool) -> None:
        self.revision = 0
        self.arrived = False  # whether the center ever said what can be done here, be it nothing
        self.line: Callable[[], Line] | None = None
        self.suspended: Callable[[], bool] = lambda: False
        self.carry_over_s = CARRY_OVER_S
        self.zone = ZoneInfo("Asia/Shanghai")
        self.place: dict[str, Any] = {}
        self.consent: dict[str, Any] = {}
        self.face_consent: dict[str, Any] = {}
        self.notices: list[dict[str, Any]] = []
        self.faults: list[dict[str, Any]] = []
        self.availability = Availability()
        self._clock = clock
        self._peripherals = peripherals
        self._reader = reader
        self._items: dict[str, dict[str, Any]] = {}
        self._calendars: dict[str, Calendar] = {}
        self._day_kinds: dict[date, DayKind] = {}
        self._estimated_from: datetime | None = None
        self._finder = Finder()
        self.joints = Joints(self._single)
        self.picture_limits: dict[str, float] = {}
        self._memory: dict[str, Verdict] = {}
        self._remembered_at = -MEMORY_S

    # What the center sends

    def load(self, outbox: Outbox) -> None:
        """Read all messages in force. One that cannot be read is logged and left out; the others count."""
        loaders: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "catalogue": self._load_catalogue,
            "availability": self._load_availability,
            "notices": self._load_faults,
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
        self.arrived = True
        items = {str(item["code"]): dict(item) for item in body.get("items", [])}
        calendars = {key: read_calendar(row) for key, row in (body.get("calendars") or {}).items()}
        kinds = {date.fromisoformat(day): DayKind(kind) for day, kind in (body.get("day_kinds") or {}).items()}
        self._finder.take(body.get("index"))
        self.joints.take(body.get("joint"))
        self.picture_limits = {str(key): float(value) for key, value in (body.get("pictures") or {}).items()}
        self.zone = ZoneInfo(body.get("zone") or "Asia/Shanghai")
        self.place = dict(body.get("terminal") or {})
        self.consent, self.face_consent = dict(body.get("consent") or {}), dict(body.get("face_consent") or {})
        self.carry_over_s = float(body.get("carry_over_s", CARRY_OVER_S))
        self._items, self._calendars, self._day_kinds = items, calendars, kinds
        estimated = body.get("estimated_from")
        self._estimated_from = datetime.fromisoformat(estimated) if estimated else None

    def _load_availability(self, body: Mapping[str, Any]) -> None:
        self.availability = read_availability(body)

    def _load_faults(self, body: Mapping[str, Any]) -> None:
        self.faults = [
            {
                "terminal": str(one["terminal"]),
                "title": str(one.get("title", STOPPED)),
                "subject": str(one["subject"]),
                "sentence": str(one["sentence"]),
                "lines": read_lines(one["lines"]),
            }
            for one in body["faults"]
        ]

    # What the screens ask

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, code: object) -> bool:
        return code in self._items

    def raw(self, code: str) -> dict[str, Any] | None:
        """The item as the center sent it, with its form's schema."""
        return self._items.get(code) or self.joints.raw(code)

    def schema(self, code: str) -> dict[str, Any]:
        """The form of an item or a joint matter; empty when it asks nothing."""
        return (self.raw(code) or {}).get("schema") or {}

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
        """One item with its details, or a joint matter; None when it is not offered here."""
        return self._single(code) or self.joints.item(code)

    def _single(self, code: str) -> dict[str, Any] | None:
        raw = self._items.get(code)
        if raw is None:
            return None
        details = {key: raw.get(key, blank) for key, blank in DETAILS.items()}
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
            "joint": self.joints.startable(),
        }

    def answer(self, query: str, limit: int = 20) -> dict[str, Any]:
        """What a person's words mean here: `verdict`, `items` as the screens draw them, names done `elsewhere`, the
        `reason` of a refusal, `advice` where to go instead, what was `read_as`, and the code of the `first` item of
        all, here or elsewhere. Texts are Chinese.
        """
        found = self._finder.find(query, self._items, limit)
        told = {"verdict": found.verdict.value, "reason": found.reason, "advice": found.advice}
        joint = [] if found.reason else self.joints.named(query)
        items = [*joint, *(self._view(self._items[code]) for code in found.codes)]
        return {
            **told,
            "items": items,
            "elsewhere": list(found.elsewhere),
            "read_as": found.read_as,
            "first": found.first,
        }

    def search(self, query: str, limit: int = 20) -> list[dict[str, Any]]:
        """The items of the answer alone."""
        items: list[dict[str, Any]] = self.answer(query, limit)["items"]
        return items

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
        return {
            "code": code,
            "name": LIFE_EVENTS[code],
            "items": self._views(items),
            "joint": self.joints.of_event(code),
        }

    def alternatives(self, code: str) -> list[dict[str, Any]]:
        """Where the item can be done else, nearest first, as the center last knew."""
        return list(self.availability.alternatives.get(code, []))

    def current_notices(self) -> list[dict[str, Any]]:
        """Notices in force now: the center's, and its planned stops shortly before they begin."""
        now = self._clock.now()
        planned = [
            {"id": f"stop-{number}", "title": _("计划停用"), "text": text}
            for number, (since, until, text) in enumerate(self.availability.planned)
            if since <= now < until
        ]
        return planned + [
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
            self._hours(item, calendar, now),
            stops=self._stops_of(item),
            connector=self.availability.connectors.get(str(item.get("department", "")), "unknown"),
            states=self._peripherals.judged(),
            terminal="suspended" if self.suspended() else "online",
            now=now,
            kinds=self._peripherals.kinds(),
            supplies=self.availability.supplies,
        )
        offline = self.line is not None and self.line().level is Level.OFFLINE
        submits = item.get("after_hours") == AfterHours.SUBMIT
        if offline and live and not submits and verdict.truth in {Truth.DOABLE, Truth.UNCONFIRMED}:
            return NETWORK_DOWN
        return verdict

    def _hours(self, item: Mapping[str, Any], calendar: Calendar | None, now: datetime) -> Hours:
        passed, failed = self.availability.probed.get(str(item["code"]), (None, ""))
        if calendar is None:
            return Hours(confirmed=False, probe_passed_at=passed, probe_failed=failed)
        windows = open_windows(
            calendar.weekly,
            calendar.exceptions,
            now - timedelta(days=1),
            now + AHEAD,
            zone=self.zone.key,
            table=self._day_kinds,
            follows_workdays=calendar.follows_workdays,
        )
        probe = self.availability.probes.get(str(item.get("calendar", "")), calendar.probe_passed_at)
        return Hours(
            confirmed=calendar.confirmed,
            windows=tuple(windows),
            probe_passed_at=max((at for at in (probe, passed) if at is not None), default=None),
            probe_failed=failed,
            estimated_from=self._estimated_from if calendar.follows_workdays else None,
        )

    def carry(self, code: str, started_at: datetime, stage: Stage) -> Carry:
        """May what was begun here at ``started_at`` go on now, whatever began to stop it since? Raises KeyError."""
        item, now = self._items[code], self._clock.now()
        hours = self._hours(item, self._calendars.get(str(item.get("calendar", ""))), now)
        return carry_over(
            started_at=started_at,
            now=now,
            stage=stage,
            stops=self._stops_of(item),
            windows=hours.windows if hours.confirmed else None,
            submits=item.get("after_hours") == AfterHours.SUBMIT,
            grace_s=self.carry_over_s,
        )

    def _stops_of(self, item: Mapping[str, Any]) -> list[StopWindow]:
        return [stop.window for stop in self.availability.stops if self._concerns(stop, item)]

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
            "reason": verdict.reason,
            "notes": list(verdict.notes),
            "until": until,
            "can_start": startable,
            "alternatives": [] if startable else self.alternatives(str(item["code"])),
            "night": item.get("after_hours") == AfterHours.SUBMIT,
            "life_events": list(item.get("life_events") or []),
            "launch": bool(item.get("launch")),
            "person_check": bool(item.get("person_check")),
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
