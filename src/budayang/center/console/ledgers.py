"""Pages of the ledgers (台账): choose a place and a period, print any of the eleven books at one click; years that were
archived (归档).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST

from budayang.center.console.listing import Column, State, listing
from budayang.center.console.reader import reader
from budayang.center.maintenance import ledger_actions, ledger_archiving
from budayang.center.maintenance.ledger_books import BOOKS, BY_CODE, Book
from budayang.center.maintenance.ledger_rows_devices import Scope
from budayang.center.maintenance.models import LedgerArchive, LedgerFile
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place, Work
from budayang.center.platform.queries import places_visible_to
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.rules.ledgers import BOOK_NAMES, FORM_NAMES, GAP_NAMES

ARCHIVERS = frozenset(ledger_archiving.KEEPERS)
ARCHIVE_READERS = ledger_archiving.READERS
FILES_SHOWN = 8
PREVIEW_ROWS = 50
WORK_WORDS = {
    Work.State.WAITING: gettext_noop("等待打印"),
    Work.State.RUNNING: gettext_noop("正在打印"),
    Work.State.DONE: gettext_noop("已打印"),
    Work.State.FAILED: gettext_noop("没有打印成"),
    Work.State.CANCELLED: gettext_noop("已取消"),
}


def _places(actor: Actor) -> list[Place]:
    return list(places_visible_to(actor).order_by("path"))


def _asked(request: HttpRequest, actor: Actor, now: datetime) -> dict[str, Any]:
    """Place, first and last day from the address; the last month of the first area where nothing is asked."""
    found = _places(actor)
    today = timezone.localdate(now)
    last = today.replace(day=1) - timedelta(days=1)
    first = last.replace(day=1)
    area = next((one for one in found if one.kind == Place.Kind.AREA), found[0] if found else None)
    chosen = request.GET.get("place", "") or (area.code if area else "")
    return {
        "places": found,
        "place": chosen,
        "first": _day(request, "first") or (today.replace(day=1) if today.day > 1 else first),
        "last": _day(request, "last") or today,
    }


def _day(request: HttpRequest, name: str) -> date | None:
    try:
        return date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return None


def _scope(asked: dict[str, Any], actor: Actor, now: datetime) -> Scope:
    return ledger_actions.scope_for(actor, asked["place"], asked["first"], asked["last"], now=now)


def _query(asked: dict[str, Any]) -> str:
    return f"?place={asked['place']}&first={asked['first'].isoformat()}&last={asked['last'].isoformat()}"


@allow(OPERATING_ROLES)
def ledgers(request: HttpRequest) -> HttpResponse:
    """The eleven books for a place and a period."""
    actor, now = reader(request), timezone.now()
    asked = _asked(request, actor, now)
    refusal = ""
    try:
        _scope(asked, actor, now)
    except Refused as refused:
        refusal = str(refused)
    context = asked | {
        "refusal": refusal,
        "query": _query(asked),
        "books": [(book, words(book.title), book.basis) for book in BOOKS],
        "forms": list(FORM_NAMES.items()),
        "files": _files(actor),
        "busy": _busy(actor),
        "reads_registers": actor.may(*ARCHIVE_READERS),
    }
    return render(request, "console/ledgers/ledgers.html", context, status=422 if refusal else 200)


def _files(actor: Actor) -> list[tuple[LedgerFile, str, str, str, bool]]:
    """(row, book, form, state in words, whether it is on its way) of what the reader asked for."""
    return [
        (
            one,
            words(BOOK_NAMES[one.book]),
            FORM_NAMES[one.form],
            _(WORK_WORDS[Work.State(one.work.state)]) if one.work else "",
            bool(one.work and one.work.state in ledger_actions.ON_THE_WAY),
        )
        for one in ledger_actions.files_of(actor)[:FILES_SHOWN]
    ]


def _busy(actor: Actor) -> bool:
    return ledger_actions.files_of(actor).filter(work__state__in=ledger_actions.ON_THE_WAY).exists()


@allow(OPERATING_ROLES)
def ledger_files(request: HttpRequest) -> HttpResponse:
    """The part of the page that follows what is being printed."""
    actor = reader(request)
    context = {"files": _files(actor), "busy": _busy(actor)}
    return render(request, "console/ledgers/_files.html", context)


def _book(code: str) -> Book:
    try:
        return BY_CODE[code]
    except KeyError as error:
        raise Http404 from error


@allow(OPERATING_ROLES)
def ledger(request: HttpRequest, book: str) -> HttpResponse:
    """The first rows of a book as they would be printed, with its figures."""
    actor, now, found = reader(request), timezone.now(), _book(book)
    asked = _asked(request, actor, now)
    try:
        filled, whole = ledger_actions.peek(found, _scope(asked, actor, now), now=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("console:ledgers")
    context = asked | {
        "book": found,
        "title": words(found.title),
        "filled": filled,
        "rows": filled.rows[:PREVIEW_ROWS],
        "figures": found.figures(filled.rows) if whole else (),
        "whole": whole,
        "query": _query(asked),
        "forms": list(FORM_NAMES.items()),
        "shown": min(PREVIEW_ROWS, len(filled.rows)),
    }
    return render(request, "console/ledgers/ledger.html", context)


@allow(OPERATING_ROLES)
@require_POST
def ledger_print(request: HttpRequest, book: str, form: str) -> HttpResponse:
    """One click: the file itself when it is short, else long work that the page follows."""
    actor, now, found = reader(request), timezone.now(), _book(book)
    if form not in FORM_NAMES:
        raise Http404
    asked = _asked(request, actor, now)
    try:
        scope = _scope(asked, actor, now)
        filled, whole = ledger_actions.peek(found, scope, now=now)
        if whole:
            return _file(*ledger_actions.print_now(filled, form))
        ledger_actions.ask(scope, found, form, now=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        told = {"rows": ledger_actions.AT_ONCE_ROWS}
        messages.success(request, _("超过 %(rows)d 行，正在后台打印；好了在下面取。") % told)
    return redirect(reverse("console:ledgers") + _query(asked))


def _file(name: str, media: str, content: bytes) -> HttpResponse:
    answer = HttpResponse(content, content_type=media)
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    answer["Cache-Control"] = "no-store"
    return answer


def _own_file(request: HttpRequest, pk: int) -> LedgerFile:
    row = ledger_actions.files_of(reader(request)).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@allow(OPERATING_ROLES)
def ledger_file(request: HttpRequest, pk: int) -> HttpResponse:
    """What was printed as long work, for the one who asked."""
    row = _own_file(request, pk)
    content = row.content
    if content is None:
        raise Http404
    return _file(row.name, row.media, bytes(content))


@allow(OPERATING_ROLES)
@require_POST
def ledger_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop printing."""
    try:
        ledger_actions.cancel(reader(request), _own_file(request, pk), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已取消。"))
    return redirect("console:ledgers")


def _archive_state(row: LedgerArchive) -> State:
    if row.done_at is not None:
        return State("warn" if row.gaps else "ok", _("已归档，有缺漏") if row.gaps else _("已归档"))
    if row.work is not None and row.work.state in ledger_archiving.ENDED:
        return State("stop", _("没有归档成"))
    return State("hand", _("正在归档"))


@allow(ARCHIVE_READERS)
def archives(request: HttpRequest) -> HttpResponse:
    """Years that were archived, and the form that closes one."""
    actor, now = reader(request), timezone.now()
    may_close = actor.may(*ledger_archiving.KEEPERS)
    year = timezone.localdate(now).year
    extra = {
        "may_close": may_close,
        "places": [one for one in _places(actor) if actor.may(*ledger_archiving.KEEPERS, place_path=one.path)],
        "years": list(range(year - 1, max(ledger_archiving.FIRST_YEAR, year - 6) - 1, -1)),
    }
    return listing(
        request,
        title=_("台账归档"),
        note=_("一年过完，把一处的全部台账印一遍留存：每个文件有 SHA-256 和 SM3 校验值，缺漏写在目录里，以后不改写。"),
        columns=(
            Column("year", _("年份"), lambda row: row.year, sort="year", kind="code"),
            Column("place", _("地点"), lambda row: row.place.name, sort="place__name"),
            Column("edition", _("第几次"), lambda row: row.edition, sort="edition", kind="number"),
            Column("state", _("状态"), _archive_state, kind="state"),
            Column("done", _("完成"), lambda row: row.done_at, sort="done_at", kind="moment"),
            Column("by", _("归档人"), lambda row: row.asked_by, sort="asked_by"),
            Column("sha256", _("压缩包 SHA-256"), lambda row: row.sha256[:16]),
        ),
        queryset=ledger_archiving.archives_visible_to(actor),
        default_sort="-year",
        row_url=lambda row: reverse("console:archive", args=[row.pk]),
        empty=_("还没有归档。选地点和年份，点“归档”。"),
        export_name=_("台账归档"),
        template="console/ledgers/archives.html",
        extra=extra,
    )


@allow(ARCHIVERS)
@require_POST
def archive_new(request: HttpRequest) -> HttpResponse:
    """One click closes a year of a place."""
    actor = reader(request)
    place = places_visible_to(actor).filter(code=request.POST.get("place", "")).first()
    typed = request.POST.get("year", "")
    if place is None or not typed.isdecimal():
        messages.error(request, _("请选择地点和年份。"))
        return redirect("console:archives")
    try:
        row = ledger_archiving.close_year(actor, place, int(typed[:4]), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("console:archives")
    return redirect("console:archive", row.pk)


def _archive(request: HttpRequest, pk: int) -> LedgerArchive:
    row = ledger_archiving.archives_visible_to(reader(request)).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@allow(ARCHIVE_READERS)
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """One archive: progress while it is made, then its files, hashes and gaps; ?compare=1 holds it against today."""
    actor, row = reader(request), _archive(request, pk)
    done = row.done_at is not None
    changes = None
    if done and request.GET.get("compare"):
        changes = [(one, words(BOOK_NAMES[one.book])) for one in ledger_archiving.changes_since(row)]
    context = {
        "row": row,
        "state": _archive_state(row),
        "done": done,
        "busy": not done and row.work is not None and row.work.state in ledger_actions.ON_THE_WAY,
        "files": row.files.defer("content"),
        "gaps": [(words(GAP_NAMES[key]), count, examples) for key, count, examples in row.gaps],
        "changes": changes,
        "changed": changes is not None and any(not one.same for one, _title in changes),
        "may_close": actor.may(*ledger_archiving.KEEPERS, place_path=row.place.path),
    }
    return render(request, "console/ledgers/archive.html", context)


@allow(ARCHIVE_READERS)
def archive_zip(request: HttpRequest, pk: int) -> HttpResponse:
    """The ZIP, the same bytes each time."""
    row = _archive(request, pk)
    if row.done_at is None:
        raise Http404
    ledger_archiving.note_download(reader(request), row, now=timezone.now())
    name = f"{row.place.name}_{row.year}_台账归档_{row.edition}.zip"
    return _file(name, "application/zip", ledger_archiving.packed(row))


@allow(ARCHIVERS)
@require_POST
def archive_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop an archive that is being made."""
    row = _archive(request, pk)
    try:
        ledger_archiving.cancel(reader(request), row, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("console:archive", pk)


urlpatterns = [
    path("ledgers/", ledgers, name="ledgers"),
    path("ledgers/files/", ledger_files, name="ledger_files"),
    path("ledgers/files/<int:pk>/", ledger_file, name="ledger_file"),
    path("ledgers/files/<int:pk>/cancel/", ledger_cancel, name="ledger_cancel"),
    path("ledgers/books/<slug:book>/", ledger, name="ledger"),
    path("ledgers/books/<slug:book>/print/<slug:form>/", ledger_print, name="ledger_print"),
    path("ledgers/archives/", archives, name="archives"),
    path("ledgers/archives/new/", archive_new, name="archive_new"),
    path("ledgers/archives/<int:pk>/", archive, name="archive"),
    path("ledgers/archives/<int:pk>/zip/", archive_zip, name="archive_zip"),
    path("ledgers/archives/<int:pk>/cancel/", archive_cancel, name="archive_cancel"),
]
