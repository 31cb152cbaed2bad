"""The way of a workbook: upload, see every faulty cell or what is in it and what is different, load whole or drop."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from budayang.center.console.listing import Column, Filter, State, Tone, listing
from budayang.center.console.people import People
from budayang.center.console.reader import reader
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.uploads import BadUpload
from budayang.center.platform.wording import words
from budayang.center.standard import edition_actions, queries
from budayang.center.standard import edition_queries as editions_room
from budayang.center.standard.models import EditionProposal, ProposalFault
from budayang.rules.standard.differences import CHANGE_NAMES
from budayang.rules.standard.edition_sheets import SHEETS

KEEPERS = frozenset(edition_actions.KEEPERS)
STATES: dict[str, tuple[Tone, Any]] = {
    "refused": ("stop", gettext_lazy("有错误，不能载入")),
    "ready": ("warn", gettext_lazy("待载入")),
    "loaded": ("ok", gettext_lazy("已载入")),
    "dropped": ("ask", gettext_lazy("已丢弃")),
}
COUNTED = {
    "chapters": gettext_lazy("章"),
    "terms": gettext_lazy("术语"),
    "references": gettext_lazy("引用文件"),
    "clauses": gettext_lazy("条款"),
    "connected": gettext_lazy("写明检查方式的条款"),
    "annexes": gettext_lazy("附录行"),
    "values": gettext_lazy("参数"),
}


class UploadForm(forms.Form):
    """A workbook."""

    file = forms.FileField(
        label=gettext_lazy("XLSX 工作簿"),
        help_text=gettext_lazy("最大 5 MB。上传后先检查，不会直接改动任何版本。"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx"}),
        error_messages={"required": gettext_lazy("请选一个 XLSX 文件。")},
    )


def proposal_state(row: EditionProposal) -> State:
    """Where an uploaded workbook stands, as word and shape."""
    tone, word = STATES[row.state]
    return State(tone, str(word))


@allow(KEEPERS)
def edition_import(request: HttpRequest) -> HttpResponse:
    """Upload a workbook."""
    edition_actions.require_keeper(reader(request))
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            row = edition_actions.bring_edition(
                reader(request), file.read(), file_name=file.name or "", now=timezone.now()
            )
        except BadUpload as bad:
            form.add_error("file", str(bad))
        else:
            return redirect("console:edition_proposal", row.pk)
    edition = queries.current_edition()
    proposals = list(editions_room.proposals()[:10])
    people = People([one.brought_by for one in proposals])
    context = {
        "form": form,
        "edition": edition,
        "sheets": [
            (words(one.title), [(words(column.title), column.needed) for column in one.columns]) for one in SHEETS
        ],
        "proposals": [(row, proposal_state(row), people.called(row.brought_by)) for row in proposals],
    }
    return render(request, "console/standard/import.html", context, status=422 if form.is_bound else 200)


REFERENCE = "参照版"
"""Stands in the title of every reference edition, of a refused workbook too."""


def _proposal(number: int) -> EditionProposal:
    found = editions_room.proposals().filter(pk=number).first()
    if found is None:
        raise Http404
    return found


@allow(KEEPERS)
def edition_proposal(request: HttpRequest, number: int) -> HttpResponse:
    """Each faulty cell; or what is in the workbook and how it differs from the edition in force."""
    edition_actions.require_keeper(reader(request))
    found = _proposal(number)
    base = queries.current_edition()
    counted = edition_actions.preview(found, base) if found.state == "ready" else {}

    def sheets() -> list[tuple[str, str]]:
        titles = found.faults.order_by("sheet").values_list("sheet", flat=True).distinct()
        return [(one, words(one)) for one in titles]

    return listing(
        request,
        title=found.title or found.file_name or _("导入的工作簿"),
        columns=(
            Column("cell", _("哪一格"), _cell, sort="position"),
            Column("column", _("栏目"), lambda row: words(row.title)),
            Column("message", _("怎么改"), lambda row: words(row.message), sort="message"),
            Column("value", _("现在写的"), lambda row: row.value),
        ),
        queryset=found.faults.all(),
        filters=(Filter("sheet", _("表"), sheets, lambda rows, v: rows.filter(sheet=v)),) if found.faults_count else (),
        search=("message", "value", "sheet") if found.faults_count else (),
        default_sort="cell",
        row_url=None,
        empty=_("没有错误。"),
        export_name=f"edition-{found.pk}-faults",
        template="console/standard/proposal.html",
        extra={
            "proposal": found,
            "by": People([found.brought_by]).called(found.brought_by),
            "state": proposal_state(found),
            "figures": [(str(word), found.counts.get(key, 0)) for key, word in COUNTED.items()],
            "changes": [(words(CHANGE_NAMES[key]), n) for key, n in counted.items()],
            "base": base,
            "is_reference": bool(found.content and found.content["about"]["is_reference"]) or REFERENCE in found.title,
        },
    )


def _cell(row: ProposalFault) -> str:
    """条款!C12, or the sheet."""
    return f"{words(row.sheet)}!{row.letter}{row.row}" if row.row else words(row.sheet)


@allow(KEEPERS)
@require_POST
def edition_proposal_act(request: HttpRequest, number: int, what: str) -> HttpResponse:
    """Load it, or drop it."""
    found, actor, now = _proposal(number), reader(request), timezone.now()
    if what == "drop":
        edition_actions.drop_proposal(actor, found.pk, now)
        messages.success(request, _("已丢弃，没有改动任何版本。"))
        return redirect("console:edition_import")
    if what != "load":
        raise Http404
    try:
        edition = edition_actions.load_proposal(actor, found.pk, now)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("console:edition_proposal", found.pk)
    messages.success(request, _("已载入。要按它评，请在版本页采用。"))
    return redirect(reverse("console:edition", args=[edition.code]))


urlpatterns = [
    path("editions/import/", edition_import, name="edition_import"),
    path("editions/proposals/<int:number>/", edition_proposal, name="edition_proposal"),
    path("editions/proposals/<int:number>/<slug:what>/", edition_proposal_act, name="edition_proposal_act"),
]
