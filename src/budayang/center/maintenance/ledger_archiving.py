"""归档: one year of one place is closed. All books are rendered once and kept with their hashes; what was missing is
named; a row that changes afterwards is found by comparing.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives import hashes
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.maintenance.ledger_books import BOOKS, BY_CODE
from budayang.center.maintenance.ledger_indexing import Gap, Kept, index_files
from budayang.center.maintenance.ledger_printing import Filled, fill, print_forms, volume_count, zip_of
from budayang.center.maintenance.ledger_rows_devices import Row, Scope
from budayang.center.maintenance.models import (
    FINAL_ORDER_STATES,
    LedgerArchive,
    LedgerArchiveBook,
    LedgerArchiveFile,
    Round,
    WorkOrder,
)
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Place, Work
from budayang.center.platform.queries import scope_q
from budayang.center.platform.works import Progress, cancel_work, long_work, request_work
from budayang.rules.ledgers import FORM_NAMES

ARCHIVE = "maintenance.archive_ledgers"
JOB = Actor.job("maintenance.archive")
KEEPERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
READERS = frozenset({Role.SUPERVISOR, Role.AREA_KEEPER, Role.INSPECTOR})
FIRST_YEAR = 2020
EXAMPLES = 20
ENDED = (Work.State.FAILED, Work.State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Change:
    """How the rows of a book differ today from those that were archived."""

    book: str
    archived: int
    today: int
    gone: int
    new: int

    @property
    def same(self) -> bool:
        return not (self.gone or self.new)


def archives_visible_to(actor: Actor) -> QuerySet[LedgerArchive]:
    """Archives of the actor's places. They hold the books of every body there: bodies' people see none."""
    rows = LedgerArchive.objects.filter(scope_q(actor, "place__path", roles=READERS))
    return rows.select_related("place", "work")


@transaction.atomic
def close_year(actor: Actor, place: Place, year: int, *, now: datetime) -> LedgerArchive:
    """Ask for the archive of a year that is over. A year that was archived before gets a further edition; the earlier
    one stays as it is.
    """
    actor.require(*KEEPERS, place_path=place.path)
    today = now.astimezone(ZoneInfo(place.zone)).date()
    if not FIRST_YEAR <= year < today.year:
        raise Refused(_("只能归档已经过完的年份。"))
    rows = LedgerArchive.objects.filter(place=place, year=year)
    # What broke off or was cancelled left nothing behind.
    rows.filter(done_at__isnull=True, work__state__in=ENDED).delete()
    last = rows.order_by("-edition").first()
    try:
        with transaction.atomic():
            archive = LedgerArchive.objects.create(
                place=place, year=year, edition=(last.edition if last else 0) + 1, asked_at=now,
                asked_by=actor.label or actor.name,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused(_("这一年正在归档，请等它完成。")) from error
    title = _("归档 %(year)d 年台账：%(place)s") % {"year": year, "place": place.name}
    archive.work = request_work(actor, ARCHIVE, title[:120], {"archive": archive.pk}, now=now, place=place)
    archive.save(update_fields=["work"])
    record(
        actor, "maintenance.close_ledger_year", subject=f"ledger_archive:{archive.pk}", place_path=place.path,
        details={"year": year, "edition": archive.edition}, at=now,
    )  # fmt: skip
    return archive


@transaction.atomic
def cancel(actor: Actor, archive: LedgerArchive, *, now: datetime) -> None:
    """Stop an archive that is being made."""
    actor.require(*KEEPERS, place_path=archive.place.path)
    if archive.done_at is not None or archive.work is None:
        raise Refused(_("已经归档完成，不能取消。"))
    cancel_work(actor, archive.work, now)


@long_work(ARCHIVE)
def make_archive(progress: Progress, arguments: dict[str, Any]) -> dict[str, Any]:
    """Render every book in every form and keep all in one transaction: an archive is whole or not there."""
    archive = LedgerArchive.objects.select_related("place").get(pk=arguments["archive"])
    if archive.done_at is not None:
        return {"files": archive.files.count()}
    now, demo = timezone.now(), settings.BUDAYANG.demo
    scope = year_scope(archive, now)
    books: list[Filled] = []
    progress.begin(len(BOOKS))
    for book in BOOKS:
        books.append(fill(book, scope, at=now, demo=demo, tick=lambda: progress.step(0)))
        progress.step()
    progress.begin(sum(volume_count(one, form) for one in books for form in FORM_NAMES) + 1)
    kept: list[Kept] = []
    for filled in books:
        for form in FORM_NAMES:
            for name, content in print_forms(filled, form):
                kept.append(_kept(name, content, len(filled.rows)))
                progress.step()
    gaps = find_gaps(scope, books)
    title = f"{archive.place.name}{archive.year}年台账归档（第{archive.edition}次）"
    index = index_files(title, archive, kept, gaps, at=now, demo=demo)
    _keep(archive, books, [_kept(name, content, None) for name, content in index] + kept, gaps, now)
    progress.step()
    return {"files": len(kept) + len(index), "gaps": len(gaps)}


def _kept(name: str, content: bytes, rows: int | None) -> Kept:
    return Kept(name, content, rows, hashlib.sha256(content).hexdigest(), sm3(content))


def sm3(content: bytes) -> str:
    """SM3 (GB/T 32905-2016), hex."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(content)
    return digest.finalize().hex()


@transaction.atomic
def _keep(
    archive: LedgerArchive, books: Sequence[Filled], files: Sequence[Kept], gaps: Sequence[Gap], now: datetime
) -> None:
    # One of two workers that made it at once keeps it, the other's is dropped.
    plain = [[one.key, one.count, list(one.examples)] for one in gaps]
    packed = zip_of([(one.name, one.content) for one in files])
    mine = LedgerArchive.objects.filter(pk=archive.pk, done_at__isnull=True).update(
        done_at=now, gaps=plain, sha256=hashlib.sha256(packed).hexdigest(), sm3=sm3(packed), size=len(packed)
    )
    if not mine:
        return
    LedgerArchiveBook.objects.bulk_create(
        LedgerArchiveBook(archive=archive, book=one.book.code, rows=len(one.rows), digests=digests(one.rows))
        for one in books
    )
    LedgerArchiveFile.objects.bulk_create(
        LedgerArchiveFile(
            archive=archive, position=position, name=one.name, content=one.content, size=len(one.content),
            rows=one.rows, sha256=one.sha256, sm3=one.sm3,
        )
        for position, one in enumerate(files)
    )  # fmt: skip
    record(
        JOB, "maintenance.ledger_year_closed", subject=f"ledger_archive:{archive.pk}", place_path=archive.place.path,
        details={"year": archive.year, "edition": archive.edition, "files": len(files),
                 "sha256": hashlib.sha256(packed).hexdigest(), "sm3": sm3(packed)}, at=now,
    )  # fmt: skip


def year_scope(archive: LedgerArchive, now: datetime) -> Scope:
    """The whole year of the place, with everybody's books."""
    return Scope(JOB, archive.place, date(archive.year, 1, 1), date(archive.year, 12, 31), now)


def digests(rows: Sequence[Row]) -> list[str]:
    """A short hash of each row, in order: enough to find what changed, and holding nothing of it."""
    return [hashlib.sha256(json.dumps(row, ensure_ascii=False).encode()).hexdigest()[:24] for row in rows]


def find_gaps(scope: Scope, books: Sequence[Filled]) -> list[Gap]:
    """What a reader of the archive has to know is missing."""
    start, end = scope.span
    here = {"place_path__startswith": scope.place.path, "opened_at__gte": start, "opened_at__lt": end}
    rounds = Round.objects.filter(
        place_path__startswith=scope.place.path, opens_at__gte=start, opens_at__lt=end
    ).select_related("plan")
    unanswered = rounds.filter(answers__isnull=True).exclude(state="cancelled").order_by("opens_at", "pk")
    missed = rounds.filter(state="missed").order_by("opens_at", "pk")
    not_closed = WorkOrder.objects.filter(**here).exclude(state__in=FINAL_ORDER_STATES).order_by("opened_at", "pk")
    found = [
        _gap("unanswered", unanswered, lambda row: f"{scope.moment(row.opens_at)} {row.plan.name}"),
        _gap("missed", missed, lambda row: f"{scope.moment(row.opens_at)} {row.plan.name}"),
        _gap("not_closed", not_closed, lambda row: row.number),
    ]
    empty = [one.book.title for one in books if not one.rows]
    found.append(Gap("empty", len(empty), tuple(empty)))
    return [one for one in found if one.count]


def _gap(key: str, rows: QuerySet[Any], say: Any) -> Gap:
    return Gap(key, rows.count(), tuple(say(row) for row in rows[:EXAMPLES]))


def packed(archive: LedgerArchive) -> bytes:
    """The ZIP, the same bytes at each download; read from what is kept, never rendered again."""
    return zip_of([(one.name, bytes(one.content)) for one in archive.files.order_by("position")])


def changes_since(archive: LedgerArchive) -> list[Change]:
    """Each book's rows of today against those that were archived, as multisets: what moved in order has not changed."""
    scope, found = year_scope(archive, timezone.now()), []
    for kept in archive.books.order_by("pk"):
        now = Counter(digests(tuple(BY_CODE[kept.book].rows(scope))))
        then = Counter(kept.digests)
        found.append(Change(kept.book, kept.rows, now.total(), (then - now).total(), (now - then).total()))
    return found


@transaction.atomic
def note_download(actor: Actor, archive: LedgerArchive, *, now: datetime) -> None:
    """Who took an archive away."""
    record(
        actor, "maintenance.download_ledger_archive", subject=f"ledger_archive:{archive.pk}",
        place_path=archive.place.path, details={"sha256": archive.sha256}, at=now,
    )  # fmt: skip
