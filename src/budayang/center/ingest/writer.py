"""The one writer: takes the lock, fills the memory, commits for all who wait, hears what others changed.

Blocking work runs in two thread pools: the store's own thread (one, its connection belongs to it) and Django's.
When anything goes wrong with the database, everybody who waits is told to try again, and the memory is read anew:
what is in memory and not in the database must not be answered for.
"""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import structlog
from django.db import connections

from budayang.center.ingest.batch import Batch
from budayang.center.ingest.judge import silence
from budayang.center.ingest.memory import Known, Memory
from budayang.center.ingest.sql import LockHeld, connect
from budayang.center.ingest.store import GAP_AFTER_MS, Fenced, Store
from budayang.center.platform import heap
from budayang.center.terminals import queries

log = structlog.get_logger(__name__)
T = TypeVar("T")

PULSE_S: Final = 0.5
BEAT_S: Final = 5.0
FLUSH_S: Final = 30.0
LISTEN_S: Final = 0.5
SILENCE_S: Final = 0.1
LAST_WAIT_S: Final = 5.0
STANDBY_S: Final = 1.0
# Both bound one commit, so that others get in between: the console's writer, and silence while much is flushed.
FLUSH_ROWS: Final = 1000
SILENT_AT_ONCE: Final = 2000
NEWS_KINDS: Final = ("status", "reported", "corrected", "silent", "heard", "clone", "lost")


class TryAgain(Exception):
    """Not the writer now, or the commit failed: nothing was taken over; the terminal keeps its events."""


class Writer:
    """Owns memory and batch. `ready` is True while this process is the writer."""

    def __init__(self, data_dir: Path, window_s: float, clock_ms: Callable[[], int]) -> None:
        self.data_dir, self.window_s, self.clock_ms = data_dir, window_s, clock_ms
        self.memory, self.batch = Memory(), Batch()
        self.ready = False
        self._listened_ms = 0
        self._deaf = False  # this process stood still, and no gap is written for it yet
        self._store: Store | None = None
        self._done: asyncio.Future[None] | None = None
        self._work = asyncio.Event()
        self._stopping = asyncio.Event()
        self._settled = asyncio.Event()  # the first attempt to become the writer is over
        self._run: asyncio.Task[None] | None = None
        self._store_thread = ThreadPoolExecutor(1, "ingest-store")
        self._django_threads = ThreadPoolExecutor(2, "ingest-django")
        self._readers = {f"terminals.{one}": queries.readers_of(f"terminals.{one}") for one in NEWS_KINDS}

    # Start and end ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin; returns when this process is the writer or stands by."""
        self._run = asyncio.create_task(self._supervise(), name="ingest-writer")
        await self._settled.wait()

    async def stop(self) -> None:
        """Answer the held, commit what waits, flush, give the lock back."""
        self._stopping.set()
        for known in self.memory.by_id.values():
            known.wake()
        if self._store is not None:
            self._store.db.patience_s = LAST_WAIT_S
        if self._run is not None:
            await self._run
        self._store_thread.shutdown()
        self._django_threads.shutdown()

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    async def _supervise(self) -> None:
        while not self.stopping:
            try:
                await self._take_over()
            except LockHeld:
                self._settled.set()
                await self._pause(STANDBY_S)
                continue
            except Exception:
                log.exception("ingest cannot reach its database")
                self._settled.set()
                await self._drop_store()
                await self._pause(STANDBY_S)
                continue
            heap.settle()  # a fleet is loaded
            self.ready = True
            self._settled.set()
            await self._work_until_broken()
            self.ready = False
            self._fail_waiting()
            await self._drop_store()

    async def _work_until_broken(self) -> None:
        loops = [self._listens, self._commits, self._pulses, self._beats, self._flushes, self._silences]
        tasks = [asyncio.create_task(one()) for one in loops]
        stop = asyncio.create_task(self._stopping.wait())
        done, _others = await asyncio.wait([*tasks, stop], return_when=asyncio.FIRST_COMPLETED)
        for task in [*tasks, stop]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        broken = [one for one in results if isinstance(one, Exception)]
        for error in broken:
            level = log.warning if isinstance(error, Fenced) else log.error
            level("ingest lost its database", error=repr(error))
        if not broken and stop in done:
            await self._last_words()

    async def _last_words(self) -> None:
        try:
            self._collect_unsaved(len(self.memory.by_id))
            await self._commit()
            await self._in_store(lambda store: store.beat(self.clock_ms(), deaf=False))
        except Exception:
            log.exception("ingest could not write its last words")

    async def _take_over(self) -> None:
        now_ms = self.clock_ms()
        self.memory, self.batch, self._done = Memory(), Batch(), None
        memory = self.memory
        self._listened_ms, self._deaf = now_ms, False

        def begin() -> None:
            if self._store is None:
                default = connections["default"]
                database = connect(default.settings_dict["ENGINE"], default.settings_dict)
                self._store = Store(database, self.data_dir, f"{platform.node()}:{os.getpid()}")
            start = self._store.take_over(now_ms)
            memory.center_epoch = start.center_epoch
            if start.restored:
                log.warning("the database was restored; terminals will send again", center_epoch=start.center_epoch)
            store = self._store
            with heap.no_cycles():
                memory.load(store.profiles(), store.open_states(), store.peripherals(), store.pending(), now_ms)

        await self._thread(self._store_thread, begin)
        await self._load_keys(None)

    async def _drop_store(self) -> None:
        def drop() -> None:
            if self._store is not None:
                self._store.close()
                self._store = None

        await self._thread(self._store_thread, drop)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    # Commits ---------------------------------------------------------------------------------------------------------

    def committed(self) -> asyncio.Future[None]:
        """The future of the commit that the batch now being filled waits for."""
        if self._done is None:
            self._done = asyncio.get_running_loop().create_future()
            self._work.set()
        return self._done

    async def _commits(self) -> None:
        while True:
            await self._work.wait()
            # The window lets others in, and keeps the console's writer from starving on SQLite.
            await asyncio.sleep(self.window_s)
            await self._commit()

    async def _commit(self) -> None:
        batch, done = self.batch, self._done
        self.batch, self._done = Batch(), None
        self._work.clear()
        if not batch.size():
            if done is not None and not done.done():
                done.set_result(None)
            return
        now_ms = self.clock_ms()
        try:
            lost = await asyncio.shield(self._in_store(lambda store: store.commit(batch, self._readers, now_ms)))
        except BaseException as error:
            if done is not None and not done.done():
                done.set_exception(TryAgain(repr(error)))
                done.exception()  # nobody may be waiting any more
            raise
        if done is not None and not done.done():
            done.set_result(None)
        if lost:
            await self.refresh(sorted(lost), lost=True)

    def _fail_waiting(self) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(TryAgain("the writer stopped"))
            self._done.exception()
        for known in self.memory.by_id.values():
            known.wake()

    # What others changed ---------------------------------------------------------------------------------------------

    async def pulse(self) -> None:
        """Hear what console and worker changed since the last pulse."""
        pulse = await self._in_store(lambda store: store.pulse())
        self.memory.center_epoch, self.memory.head = pulse.center_epoch, pulse.head
        if pulse.terminals:
            await self.refresh(pulse.terminals)

    async def refresh(self, ids: list[int], *, lost: bool = False) -> None:
        """Read some terminals again; `lost`: the database refused what memory says of their silence."""
        profiles, pending = await self._in_store(lambda store: (store.profiles(ids), store.pending(ids)))
        self.memory.refresh(ids, profiles, pending, self.clock_ms(), lost=lost)
        missing = [one for one in ids if one in self.memory.by_id and self.memory.by_id[one].key is None]
        if missing:
            await self._load_keys(missing)

    async def _load_keys(self, ids: list[int] | None) -> None:
        for keyed in await self.in_django(lambda: queries.session_keys(ids)):
            known = self.memory.by_id.get(keyed.terminal_id)
            if known is not None and known.credential_id is not None:
                known.key, known.key_until_ms = keyed.key, _ms(keyed.expires_at)

    async def _pulses(self) -> None:
        while True:
            await asyncio.sleep(PULSE_S)
            await self.pulse()

    async def _beats(self) -> None:
        while True:
            await self.beat()
            await asyncio.sleep(BEAT_S)

    async def beat(self) -> None:
        """Say in the database that we listen."""
        self._listen()
        deaf, self._deaf = self._deaf, False
        stalled_since = await self._in_store(lambda store: store.beat(self.clock_ms(), deaf=deaf))
        if stalled_since is not None:
            log.warning("ingest did not listen for a while", since_ms=stalled_since)
            self.memory.grant_grace(self.clock_ms())

    async def _flushes(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            while self._collect_unsaved(FLUSH_ROWS) == FLUSH_ROWS:
                await self.committed()

    def _collect_unsaved(self, limit: int) -> int:
        """Put last_seen and counters that are newer than their rows into the batch."""
        count = 0
        for known in self.memory.by_id.values():
            if known.unsaved and count < limit:
                known.unsaved = False
                self.batch.links[known.id] = known.link_row()
                count += 1
        if count:
            self.committed()
        return count

    async def _listens(self) -> None:
        """The event loop's own pulse: it goes on while a commit waits for another program's writing."""
        while True:
            self._listen()
            await asyncio.sleep(LISTEN_S)

    def _listen(self) -> None:
        """Notice that this very process stood still (suspended machine, stalled host): then it was we who did not hear.

        Whoever draws a conclusion from silence asks first, as nobody knows which task wakes up first.
        """
        now_ms = self.clock_ms()
        if now_ms - self._listened_ms > GAP_AFTER_MS:
            self._deaf = True
            self.memory.grant_grace(now_ms)
        self._listened_ms = now_ms

    async def _silences(self) -> None:
        while True:
            while len(self.find_silent()) == SILENT_AT_ONCE:  # a whole network went: no pause before the next ones
                await self.committed()
            await asyncio.sleep(SILENCE_S)

    def find_silent(self) -> list[Known]:
        """Terminals whose due time passed; their change is in the batch."""
        self._listen()
        now_ms = self._listened_ms
        fallen = self.memory.fall_silent(now_ms, SILENT_AT_ONCE)
        for known, due_ms in fallen:
            self.batch.swaps.append(silence(known, due_ms, now_ms))
        if fallen:
            self.committed()
        return [known for known, _due_ms in fallen]

    # Threads ---------------------------------------------------------------------------------------------------------

    async def _in_store(self, work: Callable[[Store], T]) -> T:
        def call() -> T:
            if self._store is None:
                raise TryAgain("not the writer")
            return work(self._store)

        return await self._thread(self._store_thread, call)

    async def in_django(self, work: Callable[[], T]) -> T:
        """Run Django's ORM in a thread and give its connection back."""

        def call() -> T:
            try:
                return work()
            finally:
                connections.close_all()

        return await self._thread(self._django_threads, call)

    async def _thread(self, pool: ThreadPoolExecutor, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, call)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
