"""The one import page for tables of people: upload, see what would happen row by row, then load all or nothing.

The checked rows travel back signed, so that what was seen is what is loaded; they are checked again before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from budayang.center.console.reader import reader
from budayang.center.platform import exports
from budayang.center.platform.actors import Actor
from budayang.center.platform.printed import XLSX
from budayang.center.platform.uploads import BadUpload, TableRefused, UploadedRow, UploadedTable

SALT = "console.imports"
PREVIEW_S = 3600
SHOWN = 200


class Check(Protocol):
    """What an import would do: rows to be written, rows that stand already, (line, message) of what is wrong."""

    @property
    def new(self) -> Sequence[Any]: ...

    @property
    def known(self) -> Sequence[Any]: ...

    @property
    def errors(self) -> Sequence[tuple[int, str]]: ...


@dataclass(frozen=True, slots=True)
class Import:
    """A kind of table: how to read, check and load it, and an example row for the empty table.

    `load` returns (written, known) and raises TableRefused; `show` gives the cells of a plan under `heads`, whose line
    is `plan.line`. `crumbs`: (name of an address, its word), the way back. `template`: the empty table's address, or
    the address's name, with the kind's key when `keyed`. `done`: where a loaded table can be seen. `help`: a sentence
    more under the file. `texts`: columns whose cells a spreadsheet program would change (4.10); the empty table is an
    XLSX file then, in which they are text.
    """

    key: str
    title: str | Promise
    needs: tuple[str, ...]
    optional: tuple[str, ...]
    example: Callable[[], tuple[str, ...]]
    read: Callable[[bytes], UploadedTable]
    check: Callable[[Actor, UploadedTable], Check]
    load: Callable[[Actor, UploadedTable, str], tuple[int, int]]
    show: Callable[[Any], tuple[str, ...]]
    heads: tuple[str | Promise, ...]
    crumbs: tuple[tuple[str, str | Promise], ...]
    template: str
    done: str
    keyed: bool = False
    help: str | Promise = ""
    texts: frozenset[str] = frozenset()

    @property
    def template_url(self) -> str:
        """Where the empty table is."""
        if self.template.startswith("/"):
            return self.template
        return reverse(self.template, args=[self.key] if self.keyed else [])


def import_page(request: HttpRequest, kind: Import) -> HttpResponse:
    """Answer the page of one kind: the empty form, the preview of a file, or the load of what was previewed."""
    if request.method == "POST" and "payload" in request.POST:
        return _confirm(request, kind)
    context: dict[str, Any] = {"kind": kind}
    if request.method == "POST":
        upload = request.FILES.get("table")
        try:
            if upload is None:
                raise BadUpload(_("请选一个 CSV 或 XLSX 文件。"))
            table = kind.read(upload.read())
        except BadUpload as bad:
            return _page(request, context | {"error": str(bad)})
        check = kind.check(reader(request), table)
        name = upload.name or ""
        context |= {"checked": True, "file_name": name, "known_count": len(check.known), "new_count": len(check.new)}
        context |= {"errors": check.errors[:SHOWN], "error_count": len(check.errors)}
        context["plans"] = [(plan.line, kind.show(plan)) for plan in check.new[:SHOWN]]
        if not check.errors and check.new:
            kept = {"kind": kind.key, "rows": [[row.line, row.cells] for row in table.rows], "name": name}
            context["payload"] = signing.dumps(kept, salt=SALT, compress=True)
    return _page(request, context)


def _page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    bad = context.get("error") or context.get("errors")
    return render(request, "console/import.html", context, status=422 if bad else 200)


def _confirm(request: HttpRequest, kind: Import) -> HttpResponse:
    """Load what was shown. Checked again: an hour may have passed and a colleague may have been quicker."""
    try:
        kept = signing.loads(request.POST["payload"], salt=SALT, max_age=PREVIEW_S)
    except signing.BadSignature:
        return _page(request, {"kind": kind, "error": _("预览已过期或被改动，请重新上传。什么也没有导入。")})
    if kept["kind"] != kind.key:
        raise Http404
    table = UploadedTable([UploadedRow(line, cells) for line, cells in kept["rows"]])
    try:
        made, known = kind.load(reader(request), table, str(kept["name"]))
    except TableRefused as refused:
        errors = {"errors": refused.errors[:SHOWN], "error_count": len(refused.errors)}
        return _page(request, {"kind": kind, "checked": True, **errors})
    messages.success(request, _("已导入 %(made)d 条，%(known)d 条原来就有。") % {"made": made, "known": known})
    return redirect(kind.done)


def template_file(kind: Import) -> HttpResponse:
    """An empty table with one example row."""
    columns = tuple(
        exports.Column(head, lambda row, number=number: row[number], head in kind.texts)  # type: ignore[misc]  # default
        for number, head in enumerate((*kind.needs, *kind.optional))
    )
    if kind.texts:
        content, form, media = exports.workbook(str(kind.title), columns, [kind.example()], demo=False), "xlsx", XLSX
    else:
        content, form = exports.csv_file(columns, [kind.example()], demo=False), "csv"
        media = "text/csv; charset=utf-8"
    answer = HttpResponse(content, content_type=media)
    answer["Content-Disposition"] = content_disposition_header(True, f"{kind.title}.{form}") or "attachment"
    return answer
