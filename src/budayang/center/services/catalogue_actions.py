"""Writes to the catalogue: a table is brought, compared, adopted whole or dropped; every version of an item is kept.

Whoever writes moves `CatalogueHead.revision` on. A preview is adopted only against the revision that it was compared
with: what was seen is what is loaded, and two people cannot adopt over each other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang import data
from budayang.center.platform import works
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Work
from budayang.center.platform.works import Progress, long_work, request_work
from budayang.center.services import catalogue_checking as checking
from budayang.center.services import catalogue_writing as writing
from budayang.center.services.catalogue import BY_HEAD
from budayang.center.services.catalogue_checking import Checked, Known
from budayang.center.services.catalogue_queries import edition_in_force, revision, work_of
from budayang.center.services.catalogue_sheets import UNREAD, Sheet, cell_name, read_sheet
from budayang.center.services.item_forms import items_with_forms
from budayang.center.services.models import CatalogueEdition, Department, EditionChange, EditionFault, Item, Offering
from budayang.center.services.rights import require_catalogue
from budayang.rules.catalogue import CODE_KINDS, CODE_RULE, DEFAULT_RULES

CHECK, ADOPT = "services.check_catalogue", "services.adopt_catalogue"
AT_ONCE = 500
"""Tables up to so many rows are compared and adopted while the page waits; longer ones with progress and cancel."""
KEPT_FAULTS = checking.MOST_FAULTS


@dataclass(slots=True)
class ImportReport:
    """What an import did. Nothing is loaded while `errors` ([line, message]) is not empty."""

    created: int = 0
    updated: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)


def import_items(
    actor: Actor,
    rows: Iterable[Mapping[str, str]],
    *,
    driven: Collection[str] | None = None,
    is_demo: bool = False,
    name: str = "",
    source: str = "",
) -> ImportReport:
    """Load rows (mappings with the columns of data/service_items.csv) as an edition: all rows or, when any has an
    error, none. Items that are not among them stay. Rows that change nothing make no edition.

    Args:
        driven: codes of the items that our own terminal can carry through; without it those that have a form.
    """
    require_catalogue(actor)
    given = list(rows)
    titles = list(dict.fromkeys(title for row in given for title in row if title))
    head = [column.key if (column := BY_HEAD.get(title.casefold())) else UNREAD for title in titles]
    lines = [(line, [(row.get(title) or "").strip() for title in titles]) for line, row in enumerate(given, start=2)]
    codes = {texts[head.index("item_id")] for _line, texts in lines} if "item_id" in head else set()
    demo = CODE_RULE[DEFAULT_RULES["item_id"]]
    rules = {**DEFAULT_RULES, "item_id": demo.key if all(map(demo.fits, codes)) else "open"}
    known = load_known(codes, driven)
    seen_at = revision()
    checked = checking.check(head, lines, known, rules=rules, whole=False)
    report = ImportReport(
        errors=[(one.line, f"{cell_name(one.line, one.letter, one.title)}：{one.message}") for one in checked.faults]
    )
    if report.errors:
        return report
    counts = checked.counts()
    report.created, report.updated = counts["new"], counts["changed"] + counts["same"]
    now = timezone.now()
    with transaction.atomic():
        if not counts["new"] + counts["changed"]:
            writing.refresh_derived(checked.plans, known)
            return report
        edition = CatalogueEdition.objects.create(
            name=name or _("随软件附带的事项目录"),
            source=source or _("随软件附带的表"),
            whole=False,
            code_rules=rules,
            imported_by=actor.name,
            imported_at=now,
            checked_at=now,
            counts=counts,
            state="ready",
            revision=seen_at,
            is_demo=is_demo,
        )
        _write(actor, edition, checked, known, now)
        record(
            actor,
            "services.import_items",
            subject=f"edition:{edition.pk}",
            details={"created": report.created, "updated": report.updated},
        )
    return report


def load_known(codes: Iterable[str] | None = None, driven: Collection[str] | None = None) -> Known:
    """What a comparison reads; of all items or of those with these codes."""
    rows = Item.objects.select_related("department")
    items = {item.code: item for item in (rows if codes is None else rows.filter(code__in=list(codes)))}
    offered = dict(Offering.objects.filter(active=True).values_list("item_id").annotate(n=Count("pk")))
    carried = driven if driven is not None else items_with_forms()
    names = {*Department.objects.values_list("name", flat=True), *(row.kind for row in data.departments())}
    return Known(items, names, carried, offered)


# A table that people bring -------------------------------------------------------------------------------------------


def bring_edition(
    actor: Actor,
    content: bytes,
    *,
    file_name: str,
    name: str,
    source: str,
    whole: bool,
    code_rules: Mapping[str, str],
    now: datetime,
    is_demo: bool = False,
) -> CatalogueEdition:
    """Take an uploaded table and compare it; nothing of the catalogue changes.

    Raises:
        BadUpload: the file is no table of items.
    """
    require_catalogue(actor)
    for kind in CODE_KINDS:
        if code_rules.get(kind) not in CODE_RULE:
            raise Refused(_("请选择编码规则。"))
    sheet: Sheet = read_sheet(content)
    with transaction.atomic():
        edition = CatalogueEdition.objects.create(
            name=name.strip()[:80],
            source=source.strip()[:160],
            file_name=file_name[:160],
            whole=whole,
            code_rules={kind: code_rules[kind] for kind in CODE_KINDS},
            head=sheet.head,
            rows=[[line, texts] for line, texts in sheet.rows],
            unread=sheet.unread,
            imported_by=actor.name,
            imported_at=now,
            is_demo=is_demo,
        )
        details = {"file": edition.file_name, "rows": len(sheet.rows)}
        record(actor, "services.bring_edition", subject=f"edition:{edition.pk}", details=details, at=now)
    return _compare(actor, edition, now)


def check_again(actor: Actor, edition_id: int, now: datetime) -> CatalogueEdition:
    """Compare with the catalogue as it is now: somebody changed it meanwhile, or the comparison was cancelled."""
    require_catalogue(actor)
    edition = _open(edition_id)
    CatalogueEdition.objects.filter(pk=edition.pk, state__in=("refused", "ready")).update(state="checking")
    return _compare(actor, edition, now)


def _open(edition_id: int) -> CatalogueEdition:
    edition = CatalogueEdition.objects.get(pk=edition_id)
    if edition.state in {"adopted", "dropped"}:
        raise Refused(_("这一版已经采用或丢弃，不能再改。"))
    if _busy(edition):
        raise Refused(_("这一版正在处理，请等它完成或先取消。"))
    return edition


def _busy(edition: CatalogueEdition) -> bool:
    work = work_of(edition)
    return work is not None and work.state in {Work.State.WAITING, Work.State.RUNNING}


def _compare(actor: Actor, edition: CatalogueEdition, now: datetime) -> CatalogueEdition:
    if len(edition.rows) <= AT_ONCE:
        compare_edition(edition.pk)
    else:
        _queue(actor, edition, CHECK, _("比对事项目录“%(name)s”") % {"name": edition.name}, now)
    return CatalogueEdition.objects.get(pk=edition.pk)


def _queue(actor: Actor, edition: CatalogueEdition, work: str, title: str, now: datetime) -> None:
    with transaction.atomic():
        asked = request_work(actor, work, title[:120], {"edition": edition.pk, "by": actor.name}, now=now)
        CatalogueEdition.objects.filter(pk=edition.pk).update(work_id=asked.pk)


@long_work(CHECK)
def _compare_long(progress: Progress, arguments: dict[str, Any]) -> dict[str, int]:
    """Started again after a crash it compares anew and replaces what it had found."""
    progress.begin(len(CatalogueEdition.objects.get(pk=arguments["edition"]).rows))
    return compare_edition(arguments["edition"], progress.step)


def compare_edition(edition_id: int, step: Callable[[int], None] = lambda count: None) -> dict[str, int]:
    """Compare and keep what was found; returns the counts. Nothing is kept of a comparison that was stopped."""
    edition = CatalogueEdition.objects.get(pk=edition_id)
    seen_at = revision()
    checked = _checked(edition, load_known(), step)
    counts = checked.counts()
    with transaction.atomic():
        mine = CatalogueEdition.objects.filter(pk=edition_id, state="checking").update(
            state="refused" if checked.faults else "ready",
            counts=counts,
            revision=seen_at,
            checked_at=timezone.now(),
        )
        if mine:
            _keep(edition, checked)
    return counts


def _checked(edition: CatalogueEdition, known: Known, step: Callable[[int], None]) -> Checked:
    rows = ((int(line), list(texts)) for line, texts in edition.rows)
    return checking.check(edition.head, rows, known, rules=edition.code_rules, whole=edition.whole, step=step)


def _keep(edition: CatalogueEdition, checked: Checked) -> None:
    edition.faults.all().delete()
    edition.changes.all().delete()
    EditionFault.objects.bulk_create(
        [EditionFault(edition=edition, **asdict(one)) for one in checked.faults[:KEPT_FAULTS]], batch_size=500
    )
    EditionChange.objects.bulk_create(
        [
            EditionChange(
                edition=edition,
                line=plan.line,
                code=plan.code,
                name=plan.values["name"],
                department=plan.values["dept_type"],
                change=plan.change,
                fields=plan.fields,
                cautions=plan.cautions,
            )
            for plan in checked.plans
        ],
        batch_size=500,
    )


# Adoption ------------------------------------------------------------------------------------------------------------


def adopt_edition(actor: Actor, edition_id: int, now: datetime) -> CatalogueEdition:
    """Put an edition in force, in one transaction; a long one as long work."""
    require_catalogue(actor)
    edition = _open(edition_id)
    if edition.state != "ready":
        raise Refused(_("这一版还有错误或还没有比对，不能采用。"))
    if edition.revision != revision():
        raise Refused(_("预览以后目录又有改动，请先重新比对，看过差异再采用。"))
    if len(edition.rows) <= AT_ONCE:
        adopt_checked(edition_id, actor.name, timezone.now())
    else:
        _queue(actor, edition, ADOPT, _("采用事项目录“%(name)s”") % {"name": edition.name}, now)
    return CatalogueEdition.objects.get(pk=edition_id)


@long_work(ADOPT)
def _adopt_long(progress: Progress, arguments: dict[str, Any]) -> dict[str, int]:
    """Can be stopped until the one transaction begins; started again after it, it does nothing."""
    progress.begin(len(CatalogueEdition.objects.get(pk=arguments["edition"]).rows))
    return adopt_checked(arguments["edition"], arguments["by"], timezone.now(), progress.step)


def adopt_checked(
    edition_id: int, by: str, now: datetime, step: Callable[[int], None] = lambda count: None
) -> dict[str, int]:
    """Compare once more against the same revision, then write everything at once. The rival is another adoption or a
    department's confirmation: the head's revision and the edition's state each move for one of them only.
    """
    edition = CatalogueEdition.objects.get(pk=edition_id)
    if edition.state != "ready":
        return dict(edition.counts)
    known = load_known()
    checked = _checked(edition, known, step)
    if checked.faults:
        raise Refused(_("这一版不能采用，请重新比对。"))
    actor = Actor.job("services.adopt_catalogue")
    with transaction.atomic():
        _write(actor, edition, checked, known, now, by=by)
        record(
            actor,
            "services.adopt_edition",
            subject=f"edition:{edition.pk}",
            details={"number": edition.number, "by": by, "name": edition.name, **checked.counts()},
            at=now,
        )
    return checked.counts()


def _write(
    actor: Actor, edition: CatalogueEdition, checked: Checked, known: Known, now: datetime, *, by: str = ""
) -> None:
    """The edition in force: its number, items, versions and what follows for terminals. In the caller's transaction."""
    writing.move_on(edition.revision)
    number = (CatalogueEdition.objects.aggregate(n=Max("number"))["n"] or 0) + 1
    who = by or actor.name
    mine = CatalogueEdition.objects.filter(pk=edition.pk, state="ready").update(
        state="adopted", number=number, adopted_by=who, adopted_at=now, rows=[], counts=checked.counts()
    )
    if not mine:
        raise Refused(_("这一版已经采用或丢弃，不能再改。"))
    edition.number, edition.state, edition.adopted_at = number, "adopted", now
    writing.write_plans(checked.plans, known, edition, who=who, now=now)
    writing.derive_soon(actor, now)


def drop_edition(actor: Actor, edition_id: int, now: datetime) -> None:
    """Put a proposal away; its findings stay readable, its table does not."""
    require_catalogue(actor)
    edition = _open(edition_id)
    with transaction.atomic():
        mine = CatalogueEdition.objects.filter(pk=edition.pk, state__in=("checking", "refused", "ready"))
        if mine.update(state="dropped", rows=[]):
            record(actor, "services.drop_edition", subject=f"edition:{edition.pk}", at=now)


def cancel_edition(actor: Actor, edition_id: int, now: datetime) -> None:
    """Stop the comparison or adoption that is under way; the catalogue stays as it is."""
    require_catalogue(actor)
    work = work_of(CatalogueEdition.objects.get(pk=edition_id))
    if work is not None:
        works.cancel_work(actor, work, now)


def default_rules() -> dict[str, str]:
    """The code rules of the edition in force, which the next one starts from."""
    edition = edition_in_force()
    return {**DEFAULT_RULES, **(edition.code_rules if edition else {})}


def refresh_forms(actor: Actor) -> int:
    """Items that have a form since the software was renewed, or lost it, are carried through or not accordingly."""
    require_catalogue(actor)
    known = load_known()
    plans = [checking.unchanged(item) for item in known.items.values() if item.in_force]
    with transaction.atomic():
        changed = writing.refresh_derived(plans, known)
        if changed:
            record(actor, "services.refresh_forms", subject="items", details={"items": changed})
            writing.derive_soon(actor, timezone.now())
    return changed
