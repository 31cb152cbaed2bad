"""The project leads, its text follows: an edition that belongs to a project stands where the project's stage says."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.standard.models import Edition, EditionEvent, Project
from budayang.rules.standard.editions import PUBLISHED
from budayang.rules.standard.stages import ENDED, STATE_OF, TEXT_EVENT, WRITES_ON, state_after
from budayang.rules.standard.stages import PUBLISHED as PUBLISHED_STAGES


def leader_of(edition: Edition) -> Project | None:
    """The running project that an edition belongs to. A reference edition is nobody's text: any may begin with it."""
    if edition.is_reference:
        return None
    return Project.objects.filter(edition=edition).exclude(stage__in=ENDED).order_by("pk").first()


def take_up(actor: Actor, edition: Edition, stage: str, now: datetime) -> None:
    """A text joins a project at a stage and stands from now on where the project stands.

    Raises:
        Refused: another project has it, or it is published or abolished and the project is not.
    """
    if edition.is_reference:
        return
    held = leader_of(edition)
    if held is not None:
        raise Refused(_("这个文本已经在标准项目“%(title)s”里，请换一个版本。") % {"title": held.title})
    state = STATE_OF[stage]
    if edition.state == "abolished" or (edition.state in PUBLISHED and stage not in PUBLISHED_STAGES):
        raise Refused(_("这个版本已经发布或废止，不能作为草案。请导入新的草案版本再选。"))
    if state in PUBLISHED and not edition.number:
        raise Refused(_("标准已经发布，只能换成同一标准已发布的文本。"))
    _write(actor, edition, "join", state, now)


def follow(
    actor: Actor, project: Project, event: str, now: datetime, *, on: date, number: str = "",
    effective_on: date | None = None,
) -> None:  # fmt: skip
    """Carry the project's text along with a step that is taken. Called before the project's stage changes.

    Raises:
        Refused: the step carries a draft on, and the text is published already.
    """
    edition = Edition.objects.select_for_update().get(pk=project.edition_id)
    if edition.is_reference:
        return
    if event in WRITES_ON and edition.state in PUBLISHED:
        raise Refused(_("项目的文本还是已发布的那一版，请先换成新的草案版本。"))
    state = state_after(project.stage, event)
    if state is None:
        return
    if event == "publish":
        edition.number, edition.published_on, edition.in_force_on = number.strip()[:40], on, effective_on
    if event == "take_effect":
        edition.in_force_on = on
    _write(actor, edition, TEXT_EVENT[event], state, now)
    project.edition = edition  # else the caller goes on with the row as it was before the step


def _write(actor: Actor, edition: Edition, event: str, state: str, now: datetime) -> None:
    edition.state = state
    edition.save(update_fields=["state", "number", "published_on", "in_force_on"])
    EditionEvent.objects.create(edition=edition, event=event, state=state, at=now, by=actor.name)
