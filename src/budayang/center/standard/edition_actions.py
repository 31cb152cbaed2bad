"""Writes of editions: load the reference edition, bring a workbook, load or drop it, move a text along its life."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.queries import top_path
from budayang.center.platform.uploads import read_book
from budayang.center.platform.wording import words
from budayang.center.standard import edition_queries as queries
from budayang.center.standard.edition_writing import REFERENCE_CODE, reference_text, write_text
from budayang.center.standard.models import Edition, EditionEvent, EditionProposal, ProposalFault
from budayang.center.standard.project_texts import leader_of
from budayang.rules.standard.differences import counts, differences
from budayang.rules.standard.edition_reading import read_edition
from budayang.rules.standard.edition_sheets import Fault
from budayang.rules.standard.edition_text import EditionText, edition_from
from budayang.rules.standard.editions import EVENT_NAMES, PUBLISHED, STATE_NAMES, TRANSITIONS

KEEPERS = (Role.SUPERVISOR,)
"""An edition is one for the whole center: its keepers are the supervisors at the top of the tree."""
MOST_FAULTS = 1000
RESERVED = frozenset({"import", "proposals"})
"""Pages of their own below /console/editions/."""


def require_keeper(actor: Actor) -> None:
    """Raises Forbidden."""
    actor.require(*KEEPERS, place_path=top_path())


def may_keep(actor: Actor) -> bool:
    """Whether `require_keeper` lets the actor pass."""
    return actor.may(*KEEPERS, place_path=top_path())


@transaction.atomic
def load_reference_edition(actor: Actor, now: datetime) -> Edition:
    """Load the shipped reference edition (参照版) with all that it holds, or bring the loaded one up to date.

    It is gathered from many rules and is not the text of any published standard; the real text replaces it later.
    """
    actor.require(Role.SUPERVISOR, Role.SYSTEM_ADMIN)
    text = reference_text()
    edition, created = Edition.objects.get_or_create(
        code=REFERENCE_CODE,
        defaults={
            "title": text.about.title, "is_reference": True, "source": text.about.source, "loaded_at": now,
            "loaded_by": actor.name,
        },
    )  # fmt: skip
    # A text that somebody declared abolished stays so; everything else of the shipped edition follows the program.
    before = queries.text_of(edition)
    if before != replace(text, about=replace(text.about, state=edition.state)):
        Edition.objects.filter(pk=edition.pk).update(title=text.about.title, source=text.about.source)
        edition.refresh_from_db()
        write_text(edition, text, now)
    if created:
        details = {"clauses": edition.clauses.count()}
        record(actor, "standard.load_edition", subject=f"edition:{edition.code}", details=details, at=now)
    return edition


@transaction.atomic
def bring_edition(actor: Actor, content: bytes, *, file_name: str, now: datetime) -> EditionProposal:
    """Read a workbook: a proposal that can be loaded, or every faulty cell. No edition changes.

    Raises BadUpload when the file is no workbook.
    """
    require_keeper(actor)
    text, faults = read_edition(read_book(content), queries.known())
    if text is not None:
        faults = _taken(text)
    row = EditionProposal(
        state="refused" if faults or text is None else "ready",
        file_name=file_name[:120],
        faults_count=len(faults),
        brought_at=now,
        brought_by=actor.name,
    )
    if text is not None:
        row.code, row.title = text.about.code, text.about.title
    if text is not None and not faults:
        row.content = text.plain()
        row.counts = _counts(text)
    row.save()
    ProposalFault.objects.bulk_create(_fault_rows(row, faults))
    details = {"state": row.state, "faults": len(faults), "code": row.code}
    record(actor, "standard.bring_edition", subject=f"edition_proposal:{row.pk}", details=details, at=now)
    return row


def _counts(text: EditionText) -> dict[str, int]:
    return {
        "chapters": len(text.chapters), "terms": len(text.terms), "references": len(text.references),
        "clauses": len(text.clauses), "annexes": len(text.annexes), "values": len(text.values),
        "connected": sum(bool(one.parts) for one in text.clauses),
    }  # fmt: skip


def _taken(text: EditionText) -> list[Fault]:
    """An edition that is loaded is what verdicts were made by: nothing is loaded over it. Two codes are addresses."""
    if text.about.code in RESERVED:
        return [Fault("版本", 2, "A", "代号", _("这个代号不能用，请换一个。"), text.about.code)]
    if not Edition.objects.filter(code=text.about.code).exists():
        return []
    message = _("已有代号为 %(code)s 的版本，请换一个代号：已载入的版本不改写。") % {"code": text.about.code}
    return [Fault("版本", 2, "A", "代号", message, text.about.code)]


def _fault_rows(row: EditionProposal, faults: Iterable[Fault]) -> list[ProposalFault]:
    return [
        ProposalFault(
            proposal=row, position=n, sheet=one.sheet[:60], row=one.row, letter=one.column, title=one.title[:60],
            message=one.message[:300], value=one.value[:80],
        )
        for n, one in enumerate(faults, start=1)
        if n <= MOST_FAULTS
    ]  # fmt: skip


@transaction.atomic
def load_proposal(actor: Actor, proposal_id: int, now: datetime) -> Edition:
    """Make an edition of a proposal, whole. It is loaded, not adopted."""
    require_keeper(actor)
    row = EditionProposal.objects.select_for_update().get(pk=proposal_id)
    if row.state != "ready":
        raise Refused(_("这份文件不在待载入的状态，请重新上传。"))
    text = edition_from(row.content)
    taken = _taken(text)
    if taken:
        raise Refused(taken[0].message)
    about = text.about
    edition = Edition.objects.create(
        code=about.code, title=about.title, is_reference=about.is_reference, state=about.state, number=about.number,
        source=about.source, loaded_at=now, loaded_by=actor.name,
    )  # fmt: skip
    write_text(edition, text, now)
    EditionProposal.objects.filter(pk=row.pk).update(state="loaded", edition=edition)
    details = {"clauses": len(text.clauses), "proposal": row.pk}
    record(actor, "standard.load_edition", subject=f"edition:{edition.code}", details=details, at=now)
    return edition


@transaction.atomic
def drop_proposal(actor: Actor, proposal_id: int, now: datetime) -> EditionProposal:
    """Nothing is to come of it."""
    require_keeper(actor)
    changed = EditionProposal.objects.filter(pk=proposal_id, state__in=("ready", "refused")).update(state="dropped")
    row = EditionProposal.objects.get(pk=proposal_id)
    if changed:
        record(actor, "standard.drop_edition", subject=f"edition_proposal:{row.pk}", details={}, at=now)
    return row


@transaction.atomic
def move_edition(
    actor: Actor,
    edition: Edition,
    event: str,
    *,
    now: datetime,
    on: date | None = None,
    number: str = "",
    note: str = "",
) -> Edition:
    """Carry a text one step along its life. Publishing needs the standard's number and day, implementing its day. A
    reference edition has no step that leads to a standard, and a text of a running project goes with the project.
    """
    require_keeper(actor)
    held = Edition.objects.select_for_update().get(pk=edition.pk)
    leader = leader_of(held)
    if leader is not None:
        raise Refused(_("这个文本在标准项目“%(title)s”里，随项目走。请在项目里推进阶段。") % {"title": leader.title})
    state = TRANSITIONS.get((held.state, event))
    if state is None:
        found = {"state": words(STATE_NAMES[held.state]), "event": words(EVENT_NAMES.get(event, event))}
        if held.is_reference:
            raise Refused(_("参照版不是任何标准的文本，不能“%(event)s”。") % found)
        raise Refused(_("文本现在是“%(state)s”，不能“%(event)s”。") % found)
    if event == "publish":
        if not number.strip() or on is None:
            raise Refused(_("发布要写标准编号和发布日期。"))
        held.number, held.published_on = number.strip()[:40], on
    if event == "implement":
        if on is None:
            raise Refused(_("请写实施日期。"))
        if held.published_on is not None and on < held.published_on:
            raise Refused(_("实施日期不能早于发布日期。"))
        held.in_force_on = on
    if state in PUBLISHED and not held.number:
        raise Refused(_("还没有标准编号，请先写编号。"))
    held.state = state
    held.save()
    EditionEvent.objects.create(edition=held, event=event, state=state, at=now, by=actor.name, note=note.strip()[:300])
    details = {"event": event, "state": state, "number": held.number}
    record(actor, "standard.move_edition", subject=f"edition:{held.code}", details=details, at=now)
    return held


def preview(row: EditionProposal, base: Edition | None) -> dict[str, int]:
    """How many rows of a proposal differ how from an edition."""
    before = queries.text_of(base) if base is not None else None
    after = edition_from(row.content)
    empty = EditionText(about=after.about)
    return counts(differences(before or empty, after, same=True))
