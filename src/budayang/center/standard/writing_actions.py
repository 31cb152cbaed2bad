"""Making documents: as long work with progress and cancel; a stage's documents are kept as they were, with digests."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.exports import Column, workbook
from budayang.center.platform.models import Staff, Work
from budayang.center.platform.printed import DOCX, XLSX, Printed, word_file
from budayang.center.platform.queries import actor_of
from budayang.center.platform.wording import words
from budayang.center.platform.works import Progress, cancel_work, long_work, request_work
from budayang.center.standard import project_queries as projects
from budayang.center.standard.models import ClauseWording, Edition, Project, WrittenFile
from budayang.center.standard.opinion_queries import (
    EXCEL_COLUMNS,
    excel_cells,
    open_rounds,
    printed_table,
    table_rows,
    table_title,
)
from budayang.center.standard.revising_queries import EVIDENCE_MONTHS, months_over
from budayang.center.standard.text_queries import clause_texts, wording_owner
from budayang.center.standard.writing_blocks import Paragraph, TableBlock, Written
from budayang.center.standard.writing_evidence import write_evidence
from budayang.center.standard.writing_frozen import frozen, thawed
from budayang.center.standard.writing_note import write_note
from budayang.center.standard.writing_pdf import pdf_document
from budayang.center.standard.writing_standard import MARK, write_standard
from budayang.center.standard.writing_word import word_document
from budayang.rules.standard.drafting import FORMS_OF, STAGE_DOCUMENTS, WHAT_NAMES
from budayang.rules.standard.stages import STAGE_NAMES, STAGE_WORDS, WORDED

WRITE = "standard.write_document"
KEPT = timedelta(days=7)
ON_THE_WAY = (Work.State.WAITING, Work.State.RUNNING)
MEDIA = {"docx": DOCX, "pdf": "application/pdf", "xlsx": XLSX, "zip": "application/zip"}
KINDS = {"opinions": "consultation", "reviews": "review"}
ZIP_MOMENT = (1980, 1, 1, 0, 0, 0)


@transaction.atomic
def ask(
    actor: Actor, what: str, form: str, *, edition: Edition, project: Project | None, now: datetime, kept: bool = False
) -> WrittenFile:
    """Put a document on the queue. The same one that is on its way already is not made twice. What a kept one says is
    fixed now: by the time its file is made the project may stand elsewhere.
    """
    if form not in FORMS_OF.get(what, ()):
        raise Refused(_("没有这种文件，请在页面上选。"))
    if project is None and what not in {"standard", "evidence"}:
        raise Refused(_("请先选一个标准项目。"))
    if kept and (project is None or not projects.leads(actor, project)):
        raise Forbidden("only who leads the project keeps its documents")
    assert actor.staff_id is not None, "a person asks"
    wanted = {
        "staff_id": actor.staff_id, "edition": edition, "project": project, "what": what, "form": form, "kept": kept,
        "stage": project.stage if project else "",
    }  # fmt: skip
    said = frozen(read_paper(actor, what, edition=edition, project=project, now=now)) if kept else None
    for running in WrittenFile.objects.filter(**wanted, work__state__in=ON_THE_WAY):
        if running.frozen == said:
            return running
    row = WrittenFile.objects.create(**wanted, asked_at=now, frozen=said)
    title = _("生成%(what)s：%(of)s") % {"what": words(WHAT_NAMES[what]), "of": (project or edition).title}
    row.work = request_work(actor, WRITE, title[:120], {"file": row.pk}, now=now)
    row.save(update_fields=["work"])
    return row


def keep_stage(actor: Actor, project: Project, now: datetime) -> list[WrittenFile]:
    """Keep the documents that go on with the present stage (征求意见稿, 送审稿, 报批稿) as they are now."""
    whats = STAGE_DOCUMENTS.get(project.stage)
    if whats is None:
        raise Refused(_("现在的阶段没有要留存的稿件；征求意见稿、送审稿、报批稿可以留存。"))
    return [ask(actor, what, "docx", edition=project.edition, project=project, now=now, kept=True) for what in whats]


@long_work(WRITE)
def write_document(progress: Progress, arguments: dict[str, Any]) -> dict[str, Any]:
    """Make the document with the rights that the asker has now. A file that is there is not made twice."""
    row = WrittenFile.objects.select_related("edition", "project__edition", "project__place").get(pk=arguments["file"])
    if row.content is not None:
        return {"size": row.size}
    actor = actor_of(Staff.objects.get(pk=row.staff_id))
    if row.project is not None and not projects.projects_visible_to(actor).filter(pk=row.project.pk).exists():
        raise Forbidden("the asker does not see the project any more")
    progress.begin(2)
    now = timezone.now()
    if row.frozen is not None:
        content = file_of(thawed(row.frozen), row.form, now)
    else:
        content = make(
            actor, row.what, row.form, edition=row.edition, project=row.project, now=now, tick=lambda: progress.step(0)
        )
    progress.step()
    with transaction.atomic():
        WrittenFile.objects.filter(pk=row.pk).update(
            name=file_name(row), content=content, size=len(content), sha256=hashlib.sha256(content).hexdigest(),
            frozen=None,
        )  # fmt: skip
        record(
            actor, "standard.write_document", subject=f"file:{row.pk}",
            place_path=row.project.place_path if row.project else "",
            details={"what": row.what, "form": row.form, "kept": row.kept}, at=now,
        )  # fmt: skip
    progress.step()
    return {"size": len(content)}


def make(
    actor: Actor, what: str, form: str, *, edition: Edition, project: Project | None, now: datetime,
    tick: Callable[[], None] = lambda: None,
) -> bytes:  # fmt: skip
    """The content of a document; the evidence is of the last months that are over, in the areas that the actor reads.
    `tick` is called while a city is read: the work renews its lease and learns that it was cancelled.

    Raises KeyError for a combination that FORMS_OF does not name.
    """
    if form not in FORMS_OF[what]:
        raise KeyError(form)
    if form == "xlsx":
        assert project is not None, "opinions are of a project"
        return _table_workbook(project, KINDS[what])
    return file_of(read_paper(actor, what, edition=edition, project=project, now=now, tick=tick), form, now)


def read_paper(
    actor: Actor, what: str, *, edition: Edition, project: Project | None, now: datetime,
    tick: Callable[[], None] = lambda: None,
) -> Written | Printed:  # fmt: skip
    """What a document says now; `file_of` makes the file."""
    if what == "standard":
        return write_standard(edition, project)
    if what == "evidence":
        first, last = months_over(now, EVIDENCE_MONTHS)
        return write_evidence(actor, edition, first, last, project=project, tick=tick)
    assert project is not None, "the others are of a project"
    if what in KINDS:
        return printed_table(project, KINDS[what], today=_today(project, now), demo=settings.BUDAYANG.demo)
    return write_note(project, today=_today(project, now))


def file_of(paper: Written | Printed, form: str, now: datetime) -> bytes:
    """A document as Word or PDF."""
    if isinstance(paper, Printed):
        return word_file(paper) if form == "docx" else pdf_document(_as_written(paper), at=now)
    return word_document(paper) if form == "docx" else pdf_document(paper, at=now)


def _today(project: Project, now: datetime) -> date:
    return now.astimezone(ZoneInfo(project.place.zone)).date()


def _table_workbook(project: Project, kind: str) -> bytes:
    """A summary table as the Excel file that is read back."""
    rows = [excel_cells(row.opinion) for row in table_rows(project, kind)]
    columns = tuple(
        Column(head, lambda row, at=at: row[at], text=True)  # type: ignore[misc]  # the default binds the number
        for at, head in enumerate(EXCEL_COLUMNS)
    )
    lines = (MARK,) if project.edition.is_reference else ()
    return workbook(table_title(project, kind), columns, rows, demo=settings.BUDAYANG.demo, lines=lines)


def _as_written(page: Printed) -> Written:
    table = TableBlock("", page.headings, tuple(page.rows))
    note = Paragraph(page.note, flat=True)
    return Written(page.title, (table, note) if page.rows else (note,), lines=page.lines, demo=page.demo)


def file_name(row: WrittenFile) -> str:
    """Name of a document's file: the project's or edition's title, what it is, its stage."""
    title = row.project.title if row.project else row.edition.title
    parts = [title, words(WHAT_NAMES[row.what])]
    if row.stage in STAGE_WORDS and row.what == "standard":
        parts.append(STAGE_WORDS[row.stage])
    if row.edition.is_reference and "参照版" not in title:
        parts.append("参照版")
    return f"{'_'.join(parts)}.{row.form}"[-160:]


def files_visible_to(actor: Actor) -> QuerySet[WrittenFile]:
    """What this person asked for, and what was kept of the projects that the person sees, without the contents."""
    mine = WrittenFile.objects.filter(staff_id=actor.staff_id, kept=False) if actor.staff_id else None
    kept = WrittenFile.objects.filter(kept=True, project__in=projects.projects_visible_to(actor))
    rows = kept | mine if mine is not None else kept
    return rows.select_related("work", "project", "edition").defer("content", "frozen").order_by("-asked_at", "-pk")


@transaction.atomic
def cancel(actor: Actor, row: WrittenFile, *, now: datetime) -> None:
    """Stop making it; only the one who asked can."""
    if row.staff_id != actor.staff_id or row.work is None:
        raise Refused(_("只有要这份文件的人可以取消。"))
    cancel_work(actor, row.work, now)


def bundle(rows: QuerySet[WrittenFile]) -> bytes:
    """A ZIP of kept documents, the same bytes each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for row in rows.defer(None).order_by("pk"):
            if row.content is not None:
                name = f"{words(STAGE_WORDS.get(row.stage, ''))}_{row.asked_at:%Y%m%d}_{row.pk}_{row.name}"
                packed.writestr(zipfile.ZipInfo(name, ZIP_MOMENT), bytes(row.content))
    return out.getvalue()


def forget(now: datetime) -> int:
    """Drop contents that were not kept: they can be made again."""
    old = WrittenFile.objects.filter(asked_at__lte=now - KEPT, kept=False, content__isnull=False)
    return old.update(content=None, size=0)


@transaction.atomic
def word_clause(actor: Actor, project: Project, clause_code: str, text: str, note: str, now: datetime) -> ClauseWording:
    """Write how a clause of the project's text reads; the clause's data stay as they are.

    Raises:
        Refused: the text has been examined, or the public is asked about it just now.
    """
    if not projects.drafts(actor, project):
        raise Forbidden(f"{actor.kind} {actor.name} is not of the drafting group of {project.code}")
    if not any(one.code == clause_code for one in clause_texts(project.edition, project)):
        raise Refused(_("文本里没有条款 %(code)s。") % {"code": clause_code})
    if not text.strip():
        raise Refused(_("请写条文。"))
    if project.stage not in WORDED:
        stage = words(STAGE_NAMES[project.stage])
        raise Refused(_("项目现在是“%(stage)s”，条文已经定下。要改，请先把项目退回修改。") % {"stage": stage})
    asked = open_rounds(timezone.localdate(now)).filter(project=project).last()
    if asked is not None:
        raise Refused(
            _("“%(title)s”正在公开征求意见，%(on)s 截止后再改条文。")
            % {"title": asked.project.title, "on": asked.closes_on.isoformat()}
        )
    row, _created = ClauseWording.objects.update_or_create(
        edition=project.edition, project=wording_owner(project.edition, project), clause_code=clause_code,
        defaults={"text": text.strip(), "note": note.strip(), "at": now, "by": actor.name},
    )  # fmt: skip
    record(
        actor, "standard.word_clause", subject=f"clause:{clause_code}", place_path=project.place_path,
        details={"edition": project.edition.code}, at=now,
    )  # fmt: skip
    return row
