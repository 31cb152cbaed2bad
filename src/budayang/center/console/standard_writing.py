"""Pages of the written standard: the text clause by clause, the wording check, documents that are made and kept."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from budayang.center.console.reader import reader
from budayang.center.console.standard_forms import WordingForm
from budayang.center.console.standard_projects import LEADERS, documents, form_page, project_of
from budayang.center.platform import exports
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.printed import XLSX
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.standard import project_queries, queries, writing_actions
from budayang.center.standard.models import Edition, Project, WrittenFile
from budayang.center.standard.text_queries import clause_texts, references, terms
from budayang.center.standard.writing_draft import as_draft
from budayang.center.standard.writing_standard import MARK
from budayang.rules.standard.wording import RULE_BY_KEY, RULES, Finding, check, tally


def _current() -> Edition:
    edition = queries.current_edition()
    if edition is None:
        raise Http404(_("还没有载入标准。"))
    return edition


@allow(queries.READERS)
def text(request: HttpRequest) -> HttpResponse:
    """The text in force: documents, terms, references, and what the wording check finds."""
    edition = _current()
    return render(request, "console/standard/text.html", _text_page(request, edition, None))


@allow(OPERATING_ROLES)
def project_text(request: HttpRequest, project: str) -> HttpResponse:
    """The text of a project, with a way to each clause's wording."""
    row = project_of(request, project)
    return render(request, "console/standard/text.html", _text_page(request, row.edition, row))


def _text_page(request: HttpRequest, edition: Edition, project: Project | None) -> dict[str, Any]:
    actor = reader(request)
    found = check(as_draft(edition, project))
    by_number: dict[str, list[Finding]] = {}
    for one in found:
        by_number.setdefault(one.number, []).append(one)
    chapters: dict[tuple[int, str], list[Any]] = {}
    for clause in clause_texts(edition, project):
        chapters.setdefault((clause.chapter, clause.chapter_title), []).append(
            (clause, [_told(one) for one in by_number.get(clause.number, [])])
        )
    return {
        "edition": edition,
        "mark": MARK,
        "sections": [(number, title, rows) for (number, title), rows in chapters.items()],
        "terms": terms(edition),
        "references": [one for one in references(edition) if not one.is_law],
        "laws": [one for one in references(edition) if one.is_law],
        "tally": [(words(RULE_BY_KEY[key].name), count) for key, count in tally(found).items()],
        "finding_count": len(found),
        "drafts": project is not None and project_queries.drafts(actor, project),
        "wording_url": _wording_url(project),
    } | documents(actor, project)


def _wording_url(project: Project | None) -> str:
    if project is None:
        return reverse("console:standard_wording")
    return reverse("console:standard_project_wording", args=[project.code])


def _told(one: Finding) -> dict[str, Any]:
    rule = RULE_BY_KEY[one.rule]
    return {
        "name": words(rule.name), "must": rule.must, "words": one.words, "why": words(one.why),
        "repair": words(one.repair), "source": words(rule.source), "number": one.number, "code": one.code,
    }  # fmt: skip


@allow(queries.READERS)
def wording(request: HttpRequest) -> HttpResponse:
    """What the wording check finds in the text in force."""
    return _wording(request, _current(), None)


@allow(OPERATING_ROLES)
def project_wording(request: HttpRequest, project: str) -> HttpResponse:
    """What the wording check finds in a project's text."""
    row = project_of(request, project)
    return _wording(request, row.edition, row)


def _wording(request: HttpRequest, edition: Edition, project: Project | None) -> HttpResponse:
    found = check(as_draft(edition, project))
    chosen = request.GET.get("rule", "")
    rows = [_told(one) for one in found if chosen not in RULE_BY_KEY or one.rule == chosen]
    if request.GET.get("export") == "xlsx":
        return _export(request, edition, rows)
    drafts = project is not None and project_queries.drafts(reader(request), project)
    context = {
        "edition": edition,
        "project": project,
        "rows": rows,
        "total": len(found),
        "rules": [(rule.key, words(rule.name), tally(found).get(rule.key, 0)) for rule in RULES],
        "chosen": chosen if chosen in RULE_BY_KEY else "",
        "sources": [(words(rule.name), words(rule.source), rule.must) for rule in RULES],
        "drafts": drafts,
        "export_url": f"?rule={chosen}&export=xlsx" if chosen in RULE_BY_KEY else "?export=xlsx",
    }
    return render(request, "console/standard/wording.html", context)


def _export(request: HttpRequest, edition: Edition, rows: list[dict[str, Any]]) -> HttpResponse:
    columns = tuple(
        exports.Column(head, lambda row, key=key: row[key])  # type: ignore[misc]  # the default binds the key
        for head, key in (
            (_("章条"), "number"), (_("条款代码"), "code"), (_("规则"), "name"), (_("原文"), "words"),
            (_("为什么"), "why"),
            (_("怎么改"), "repair"), (_("依据"), "source"),
        )
    )  # fmt: skip
    with transaction.atomic():
        record(reader(request), "console.export", subject="list:wording", details={"format": "xlsx", "rows": len(rows)})
    content = exports.workbook(_("用词检查"), columns, rows, demo=settings.BUDAYANG.demo)
    return _file(_("用词检查") + f"_{edition.code}.xlsx", XLSX, content)


def _file(name: str, media: str, content: bytes) -> HttpResponse:
    answer = HttpResponse(content, content_type=media)
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    answer["Cache-Control"] = "no-store"
    return answer


@allow(OPERATING_ROLES)
def clause_wording(request: HttpRequest, project: str, clause_code: str) -> HttpResponse:
    """Write how a clause reads."""
    row = project_of(request, project)
    if not project_queries.drafts(reader(request), row):
        raise Forbidden("only the drafting group writes")
    clause = next((one for one in clause_texts(row.edition, row) if one.code == clause_code), None)
    if clause is None:
        raise Http404
    form = WordingForm(request.POST or None, initial={"text": clause.text, "note": clause.note})
    if request.method == "POST" and form.is_valid():
        try:
            writing_actions.word_clause(
                reader(request), row, clause.code, form.cleaned_data["text"], form.cleaned_data["note"], timezone.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存条文。"))
            return redirect(reverse("console:standard_project_text", args=[row.code]) + f"#c-{clause.code}")
    title = _("%(number)s（%(code)s）的条文") % {"number": clause.number, "code": clause.code}
    note = _("要求：%(requirement)s。判断标准：%(criterion)s。") % {
        "requirement": clause.requirement,
        "criterion": clause.criterion or "—",
    }
    return form_page(request, form, title, row, note=note)


@allow(queries.READERS)
@require_POST
def document_make(request: HttpRequest, what: str, form: str) -> HttpResponse:
    """Make a document of the text in force, as long work."""
    _ask(request, what, form, _current(), None)
    return redirect("console:standard_text")


@allow(OPERATING_ROLES)
@require_POST
def project_document(request: HttpRequest, project: str, what: str, form: str) -> HttpResponse:
    """Make a document of a project, as long work."""
    row = project_of(request, project)
    _ask(request, what, form, row.edition, row)
    return redirect(reverse("console:standard_project", args=[row.code]) + "#documents")


def _ask(request: HttpRequest, what: str, form: str, edition: Edition, project: Project | None) -> None:
    try:
        writing_actions.ask(reader(request), what, form, edition=edition, project=project, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("正在生成，好了在“文件”里取。"))


@allow(LEADERS)
@require_POST
def stage_keep(request: HttpRequest, project: str) -> HttpResponse:
    """Keep the documents of the present stage as they are now."""
    row = project_of(request, project)
    try:
        made = writing_actions.keep_stage(reader(request), row, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("正在留存 %(n)d 份文件。") % {"n": len(made)})
    return redirect(reverse("console:standard_project", args=[row.code]) + "#documents")


@allow(OPERATING_ROLES)
def document_files(request: HttpRequest) -> HttpResponse:
    """The part of a page that follows what is being made; ?project= names the project."""
    code = request.GET.get("project", "")
    row = project_of(request, code) if code else None
    return render(request, "console/standard/_documents.html", documents(reader(request), row) | {"row": row})


@allow(OPERATING_ROLES)
def kept_zip(request: HttpRequest, project: str) -> HttpResponse:
    """All drafts of a project that were kept, as one ZIP."""
    row, actor = project_of(request, project), reader(request)
    kept = writing_actions.files_visible_to(actor).filter(project=row, kept=True, size__gt=0)
    if not kept.exists():
        raise Http404
    with transaction.atomic():
        details = {"format": "zip", "rows": kept.count()}
        record(actor, "console.export", subject=f"project:{row.code}", place_path=row.place_path, details=details)
    return _file(f"{row.title}.zip", writing_actions.MEDIA["zip"], writing_actions.bundle(kept))


def _visible(request: HttpRequest, pk: int) -> WrittenFile:
    row = writing_actions.files_visible_to(reader(request)).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@allow(OPERATING_ROLES)
def document_file(request: HttpRequest, pk: int) -> HttpResponse:
    """A document that was made."""
    row = _visible(request, pk)
    content = row.content
    if content is None:
        raise Http404
    return _file(row.name, writing_actions.MEDIA[row.form], bytes(content))


@allow(OPERATING_ROLES)
@require_POST
def document_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop making a document."""
    row = _visible(request, pk)
    try:
        writing_actions.cancel(reader(request), row, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已取消。"))
    return redirect("console:standard_project", row.project.code) if row.project else redirect("console:standard_text")


_AT = "standard-projects/<slug:project>"
urlpatterns = [
    path("standard-text/", text, name="standard_text"),
    path("standard-text/wording/", wording, name="standard_wording"),
    path("standard-text/make/<slug:what>/<slug:form>/", document_make, name="standard_document_make"),
    path("standard-text/files/", document_files, name="standard_document_files"),
    path("standard-text/files/<int:pk>/", document_file, name="standard_document_file"),
    path("standard-text/files/<int:pk>/cancel/", document_cancel, name="standard_document_cancel"),
    path(f"{_AT}/text/", project_text, name="standard_project_text"),
    path(f"{_AT}/wording/", project_wording, name="standard_project_wording"),
    path(f"{_AT}/clauses/<slug:clause_code>/", clause_wording, name="standard_clause_wording"),
    path(f"{_AT}/make/<slug:what>/<slug:form>/", project_document, name="standard_project_document"),
    path(f"{_AT}/keep/", stage_keep, name="standard_stage_keep"),
    path(f"{_AT}/kept/", kept_zip, name="standard_kept_zip"),
]
