"""Asking for a ledger: a short one is printed at once, a long one as long work with progress and cancel."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.maintenance.ledger_books import BY_CODE, Book
from budayang.center.maintenance.ledger_printing import Filled, begin, bundle, fill, print_forms, volume_count
from budayang.center.maintenance.ledger_rows_devices import Scope
from budayang.center.maintenance.models import LedgerFile
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Staff, Work
from budayang.center.platform.queries import actor_of, places_visible_to
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.platform.works import Progress, cancel_work, long_work, request_work
from budayang.rules.ledgers import FORM_NAMES

PRINT = "maintenance.print_ledger"
AT_ONCE_ROWS = 300
"""So many rows are printed while the reader waits, within a second or two; more become long work."""
LONGEST_D = 366
KEPT = timedelta(days=7)
ON_THE_WAY = (Work.State.WAITING, Work.State.RUNNING)


def scope_for(actor: Actor, place_code: str, first_on: date, last_on: date, *, now: datetime) -> Scope:
    """What is asked for, or why it cannot be had."""
    actor.require(*OPERATING_ROLES)
    place = places_visible_to(actor).filter(code=place_code).first()
    if place is None:
        raise Refused(_("请选择您能看的地区或自助区。"))
    if last_on < first_on:
        raise Refused(_("结束日期不能早于开始日期。"))
    if (last_on - first_on).days >= LONGEST_D:
        raise Refused(_("一次最多打印一年，请分开打印。"))
    if first_on > now.astimezone(ZoneInfo(place.zone)).date():
        raise Refused(_("开始日期在今天以后，还没有记录。"))
    return Scope(actor, place, first_on, last_on, now)


def read(book: Book, scope: Scope, *, now: datetime, tick: Callable[[], None] | None = None) -> Filled:
    """All the book's rows, for printing."""
    return fill(book, scope, at=now, demo=settings.BUDAYANG.demo, tick=tick)


def peek(book: Book, scope: Scope, *, now: datetime) -> tuple[Filled, bool]:
    """So much of the book as is printed at once, and whether that is all of it."""
    return begin(book, scope, AT_ONCE_ROWS, at=now, demo=settings.BUDAYANG.demo)


@transaction.atomic
def print_now(filled: Filled, form: str) -> tuple[str, str, bytes]:
    """(name, media, content); who took which book of which place is an audit line."""
    if form not in FORM_NAMES:
        raise Refused(_("请选择 PDF、Word 或 Excel。"))
    _record(filled.scope, filled.book.code, form, len(filled.rows), filled.at)
    return bundle(filled, list(print_forms(filled, form)), form)


def _record(scope: Scope, book: str, form: str, rows: int, now: datetime) -> None:
    period = f"{scope.first_on.isoformat()}/{scope.last_on.isoformat()}"
    record(
        scope.actor, "maintenance.print_ledger", subject=f"ledger:{book}", place_path=scope.place.path,
        details={"form": form, "rows": rows, "period": period}, at=now,
    )  # fmt: skip


@transaction.atomic
def ask(scope: Scope, book: Book, form: str, *, now: datetime) -> LedgerFile:
    """Put a long book on the queue. The same one that is on its way already is not printed twice."""
    if form not in FORM_NAMES:
        raise Refused(_("请选择 PDF、Word 或 Excel。"))
    assert scope.actor.staff_id is not None, "a person asks"
    wanted = {
        "staff_id": scope.actor.staff_id, "book": book.code, "form": form, "place": scope.place,
        "first_on": scope.first_on, "last_on": scope.last_on,
    }  # fmt: skip
    running = LedgerFile.objects.filter(**wanted, work__state__in=ON_THE_WAY).first()
    if running is not None:
        return running
    row = LedgerFile.objects.create(**wanted, asked_at=now)
    title = _("打印%(book)s：%(place)s") % {"book": words(book.title), "place": scope.place.name}
    row.work = request_work(scope.actor, PRINT, title[:120], {"ledger": row.pk}, now=now)
    row.save(update_fields=["work"])
    return row


@long_work(PRINT)
def print_ledger(progress: Progress, arguments: dict[str, Any]) -> dict[str, Any]:
    """Print what was asked for, with the rights that the asker has now. Started again it prints again: the last one
    counts, and a file that is there is not made twice.
    """
    row = LedgerFile.objects.select_related("place", "staff").get(pk=arguments["ledger"])
    if row.content is not None:
        return {"size": row.size}
    staff = Staff.objects.get(pk=row.staff_id)
    now = timezone.now()
    scope = Scope(actor_of(staff), row.place, row.first_on, row.last_on, now)
    progress.begin(2)
    filled = read(BY_CODE[row.book], scope, now=now, tick=lambda: progress.step(0))
    progress.begin(volume_count(filled, row.form) + 1)
    progress.step()
    files = []
    for one in print_forms(filled, row.form):
        files.append(one)
        progress.step()
    name, media, content = bundle(filled, files, row.form)
    with transaction.atomic():
        LedgerFile.objects.filter(pk=row.pk).update(name=name, media=media, content=content, size=len(content))
        _record(scope, row.book, row.form, len(filled.rows), now)
    return {"size": len(content), "rows": len(filled.rows)}


def files_of(actor: Actor) -> QuerySet[LedgerFile]:
    """What this person asked for, the newest first, without the contents."""
    rows = LedgerFile.objects.filter(staff_id=actor.staff_id) if actor.staff_id else LedgerFile.objects.none()
    return rows.select_related("work", "place").defer("content").order_by("-asked_at", "-pk")


@transaction.atomic
def cancel(actor: Actor, row: LedgerFile, *, now: datetime) -> None:
    """Stop printing; only the one who asked can."""
    if row.staff_id != actor.staff_id or row.work is None:
        raise Refused(_("只有要打印的人可以取消。"))
    cancel_work(actor, row.work, now)


def forget(now: datetime) -> int:
    """Drop contents that nobody needs any more: they can be printed again."""
    old = LedgerFile.objects.filter(asked_at__lte=now - KEPT, content__isnull=False)
    return old.update(content=None, size=0)
