"""A hall with channels, and receivers of a test's own: what goes out is caught at the seam of the sender."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance import notice_actions, notice_jobs, notice_messages, notice_runs
from budayang.center.maintenance.channels.kinds import Outcome, Parcel
from budayang.center.maintenance.models import Incident, Notice, NoticeChannel, NoticeMessage
from budayang.center.maintenance.notices_sending import Sender
from budayang.center.platform.models import Staff, Transition
from budayang.rules.maintenance import get_cause


class AtOnce(Executor):
    """Runs what it is given before it returns."""

    def submit(self, work: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """As Executor.submit."""
        done: Future[Any] = Future()
        done.set_result(work(*args, **kwargs))
        return done


@dataclass(slots=True)
class Alarm:
    """The hall, its clock, and everything that was sent: (channel name, parcel)."""

    hall: Hall
    now: datetime
    sent: list[tuple[str, Parcel]] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    read_up_to: int = 0

    def channel(self, kind: str, name: str, place: Any = None) -> NoticeChannel:
        """A channel of the city."""
        values: Mapping[str, str] = {
            "wecom": {"key": "0123456789abcdef"},
            "webhook": {"url": "https://hook.example.cn/in", "secret": "a-secret-of-the-test"},
            "mail": {"host": "smtp.example.cn", "sender": "notice@example.cn"},
            "sms": {"url": "https://sms.example.cn/v1/messages", "token": "token-of-the-test"},
        }[kind]
        where = place or self.hall.city
        return notice_actions.add_channel(SYSTEM, kind=kind, name=name, place=where, values=values, now=self.now)

    def address(self, username: str, channel: NoticeChannel, text: str) -> None:
        """A person's own address on a channel."""
        notice_actions.set_address(self.hall.actor(username), channel, text, now=self.now)

    def later(self, **span: float) -> datetime:
        """Turn the clock and let everything that is due happen, in steps of half a minute, or longer ones for hours."""
        end = self.now + timedelta(**span)
        step = max(timedelta(seconds=30), timedelta(**span) / 60)
        while self.now < end:
            self.now = min(self.now + step, end)
            self.work()
        return self.now

    def work(self) -> None:
        """One turn of the worker and of the sender."""
        self.read_news()
        with transaction.atomic():
            notice_runs.carry_on(self.now)
        notice_messages.bundle(self.now)
        notice_runs.remind(self.now)
        self.sender().turn()

    def read_news(self) -> None:
        """What the consumer would read, once, in order."""
        kinds = notice_jobs.CONSUMERS[0].kinds
        rows = list(Transition.objects.filter(pk__gt=self.read_up_to).order_by("pk"))
        self.read_up_to = max((one.pk for one in rows), default=self.read_up_to)
        with transaction.atomic():
            notice_jobs.handle_news([one for one in rows if one.kind.startswith(kinds)], self.now)

    def sender(self) -> Sender:
        """A sender whose channels are this test's."""

        def send(channel: NoticeChannel, _secret: Mapping[str, str], parcel: Parcel) -> Outcome:
            outcome = self.outcomes.get(channel.name, Outcome())
            if outcome.ok:
                self.sent.append((channel.name, parcel))
            return outcome

        return Sender(send=send, clock=lambda: self.now, pool=AtOnce(), fresh=lambda: None)

    def fault(self, kind: str = "paper_out", *, terminal: Any = None, cause: Incident | None = None) -> Incident:
        """An incident as judging opens it, with its news; nothing else about it matters here."""
        cast, found = self.hall, get_cause(kind)
        at_area = terminal is None
        row = Incident.objects.create(
            kind=kind,
            subject=f"{kind}-{Incident.objects.count()}",
            title=found.title,
            place_path=cast.area.place.path,
            area=cast.area,
            terminal=terminal,
            owner=cast.area.manager if at_area else terminal.owner,
            vendor=None if at_area else terminal.vendor,
            cause=cause,
            severity=found.severity.value,
            bucket=found.bucket.value,
            policy={"responsible_id": (cast.area.manager if at_area else terminal.owner).pk},
            opened_at=self.now,
            noticed_at=self.now,
        )
        self.tell("opened", row)
        return row

    def hang(self, incident: Incident, cause: Incident | None) -> None:
        """It becomes a symptom, or a cause of its own again."""
        Incident.objects.filter(pk=incident.pk).update(cause=cause)
        self.tell("hung" if cause else "freed", incident)

    def recover(self, incident: Incident) -> None:
        """The fact is gone."""
        Incident.objects.filter(pk=incident.pk).update(state="closed", closed_at=self.now)
        self.tell("closed", incident)

    def tell(self, what: str, incident: Incident) -> None:
        """The news, as the maintenance room writes it."""
        Transition.objects.create(
            kind=f"maintenance.incident_{what}",
            subject=f"incident:{incident.pk}",
            place_path=incident.place_path,
            payload={"incident": incident.pk, "kind": incident.kind},
            occurred_at=self.now,
            recorded_at=self.now,
        )

    def run(self, incident: Incident) -> Notice:
        """The run of an incident."""
        return Notice.objects.get(incident=incident)

    def to(self, username: str) -> list[NoticeMessage]:
        """The messages that a person got, oldest first."""
        return list(NoticeMessage.objects.filter(staff=self.person(username)).order_by("pk"))

    def person(self, username: str) -> Staff:
        return self.hall.staff[username]
