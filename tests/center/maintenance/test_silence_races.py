"""Data that arrives in the very moment of the silence decision never leaves an incident that cannot clear.

What ingest does is done by ingest's own memory, judge and store on the test's database: a heartbeat, the silence
decision, a commit, a commit that fails and is read anew, a row that the console changed, read before a decision and
taken over after it; what maintenance does by its own consumer. hypothesis puts
them into any order, and delivers news late, in batches and twice.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.center.hall import Hall, build

from budayang.center.ingest.batch import Batch
from budayang.center.ingest.judge import judge, silence
from budayang.center.ingest.memory import Memory
from budayang.center.ingest.sql import connect
from budayang.center.ingest.store import Profile, Store
from budayang.center.maintenance import jobs
from budayang.center.maintenance.models import AreaWatch, Incident, WorkOrder, WorkOrderEvent
from budayang.center.platform.models import Delivery, Transition
from budayang.center.terminals.models import Credential, Inbox, StatusInterval, Terminal
from budayang.wire import messages as wire
from budayang.wire.mac import sync_mac

KEY = bytes(range(32))
START = datetime(2026, 11, 23, 18, tzinfo=UTC)
PLAN_MS = GRACE_MS = 30_000
CONSUMER = "maintenance.facts"
READERS = {f"terminals.{one}": [CONSUMER] for one in ("status", "corrected", "silent", "heard", "clone", "lost")}

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("sync"), st.booleans()),
        st.tuples(st.just("wait"), st.sampled_from([0, 1, 500, 29_999, 59_999, 60_000, 60_001])),
        st.tuples(st.just("decide"), st.none()),
        st.tuples(st.just("commit"), st.none()),
        st.tuples(st.just("fail"), st.none()),
        st.tuples(st.just("read"), st.none()),
        st.tuples(st.just("take"), st.none()),
        st.tuples(st.just("deliver"), st.integers(1, 4)),
        st.tuples(st.just("again"), st.integers(0, 5)),
    ),
    min_size=4,
    max_size=30,
)


class Play:
    """One terminal, ingest's parts and the consumer, each of which acts only when told to."""

    def __init__(self, hall: Hall, store: Store) -> None:
        self.hall, self.store = hall, store
        self.now_ms = int(START.timestamp() * 1000)
        self.memory, self.batch = Memory(), Batch()
        self.rows: list[Profile] = []
        self.counter = self.seq = 0
        self.paper = "full"
        self.load()

    def load(self) -> None:
        """As the writer does at its start and after a commit that failed."""
        self.memory, self.batch, self.rows = Memory(), Batch(), []
        store = self.store
        self.memory.load(store.profiles(), store.open_states(), store.peripherals(), store.pending(), self.now_ms)
        known = self.known
        known.key, known.key_until_ms = KEY, self.now_ms + 10**9
        self.counter = max(self.counter, known.counter)

    @property
    def known(self):  # type: ignore[no-untyped-def]  # ingest's Known
        return self.memory.by_code[self.hall.terminal.code]

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.now_ms / 1000, UTC)

    def sync(self, with_event: bool) -> None:
        """A heartbeat, sometimes with a change of paper: what is not acknowledged is sent again under its number."""
        self.counter += 1
        events = []
        first = self.known.acked_seq + 1
        if with_event:
            self.paper = "out" if self.paper == "full" else "full"
            body = {"subject": "printer", "kind": "printer", "property": "paper.upper", "state": self.paper, "raw": ""}
            events = [wire.Event(seq=first, at_ms=self.now_ms, age_ms=0, kind="status", body=body)]
        raw = msgspec.json.encode(
            wire.Sync(first_seq=first, events=events, state_hash="", clock_ms=self.now_ms, software="t", wait_s=0)
        )
        envelope = wire.Envelope(
            terminal=self.hall.terminal.code, epoch="0123456789abcdef", counter=self.counter, sync=msgspec.Raw(raw),
            mac=sync_mac(KEY, "0123456789abcdef", self.counter, raw),
        )  # fmt: skip
        verdict = judge(envelope, self.memory, self.batch, self.now_ms)
        assert verdict.error is None, verdict

    def decide(self) -> None:
        for known, due_ms in self.memory.fall_silent(self.now_ms, 100):
            self.batch.swaps.append(silence(known, due_ms, self.now_ms))

    def commit(self) -> None:
        batch, self.batch = self.batch, Batch()
        lost = self.store.commit(batch, READERS, self.now_ms)
        if lost:
            self.memory.refresh(sorted(lost), self.store.profiles(sorted(lost)), [], self.now_ms, lost=True)

    def read(self) -> None:
        """What the writer reads when the console changed the terminal; taking it over is another turn of its loop."""
        self.rows = self.store.profiles([self.known.id])

    def take(self) -> None:
        rows, self.rows = self.rows, []
        self.memory.refresh([one.id for one in rows], rows, [], self.now_ms)

    def deliver(self, most: int) -> None:
        """The consumer's turn, with some of what waits."""
        waiting = list(Delivery.objects.filter(consumer=CONSUMER, done_at__isnull=True).order_by("id")[:most])
        if waiting:
            news = list(Transition.objects.filter(pk__in=[one.transition_id for one in waiting]).order_by("id"))
            with transaction.atomic():
                jobs.handle_facts(news, self.now)
                Delivery.objects.filter(pk__in=[one.pk for one in waiting]).update(done_at=self.now)

    def again(self, which: int) -> None:
        """Old news once more."""
        news = list(Transition.objects.filter(kind__startswith="terminals.").order_by("id")[which : which + 1])
        with transaction.atomic():
            jobs.handle_facts(news, self.now)

    def act(self, what: str, how: object) -> None:
        match what:
            case "sync":
                self.sync(bool(how))
            case "wait":
                self.now_ms += int(str(how))
            case "decide":
                self.decide()
            case "commit":
                self.commit()
            case "fail":
                self.load()
            case "read":
                self.read()
            case "take":
                self.take()
            case "deliver":
                self.deliver(int(str(how)))
            case "again":
                self.again(int(str(how)))


def clean() -> None:
    """Between two examples: what one of them wrote."""
    WorkOrderEvent.objects.all().delete()
    WorkOrder.objects.all().delete()
    Incident.objects.update(cause=None)
    Incident.objects.all().delete()
    Delivery.objects.all().delete()
    for model in (Transition, StatusInterval, Inbox, AreaWatch):
        model.objects.all().delete()
    Terminal.objects.update(
        silent_since=None, last_seen_at=None, counter=0, acked_seq=0, epoch="", past_epochs=[], plan_s=30, grace_s=30
    )


@pytest.mark.django_db(transaction=True)
def test_whatever_the_order_the_last_word_stands(tmp_path: Path) -> None:
    hall = build(START)
    Credential.objects.create(terminal=hall.terminal, public_key="x", enrolled_at=START)
    database = connect(connection.settings_dict["ENGINE"], connection.settings_dict)
    store = Store(database, tmp_path, "test")
    store.take_over(int(START.timestamp() * 1000))

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    @example([("sync", False), ("commit", None), ("wait", PLAN_MS + GRACE_MS), ("decide", None), ("sync", False)])
    @example(
        [("sync", False), ("commit", None), ("wait", 60_000), ("read", None), ("decide", None), ("take", None),
         ("commit", None), ("sync", False)]
    )  # fmt: skip
    def run(steps: list[tuple[str, object]]) -> None:
        clean()
        play = Play(hall, store)
        for what, how in steps:
            play.act(what, how)
        open_silences = Incident.objects.filter(kind="terminal_silent", state="open")
        # A last heartbeat, everything delivered: nothing is left of any silence.
        play.now_ms += 1
        play.sync(False)
        play.commit()
        play.deliver(500)
        assert not open_silences.exists()
        assert not WorkOrder.objects.filter(state="reported", incident__state="closed").exists()
        # A last silence: exactly one, with the computed moment.
        last_ms = play.now_ms
        play.now_ms += PLAN_MS + GRACE_MS + 1
        play.decide()
        play.commit()
        play.deliver(500)
        assert [one.opened_at for one in open_silences] == [
            datetime.fromtimestamp((last_ms + PLAN_MS + GRACE_MS) / 1000, UTC)
        ]

    try:
        run()
    finally:
        database.close()
