"""`budayang standard wording`: what the wording check finds in the text of an edition or of a project, with place and
repair.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from budayang.center.standard.models import Edition, Project
from budayang.center.standard.queries import current_edition
from budayang.center.standard.writing_draft import as_draft
from budayang.center.standard.writing_standard import MARK
from budayang.cli.messages import Stop
from budayang.rules.standard.wording import RULE_BY_KEY, check


def add_arguments(parser: ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("edition", nargs="?", help="版本代码，不写是现行的 / code of an edition, else the one in force")
    which.add_argument("--project", help="标准项目代号：查项目的条文 / code of a project: its own wording")


def run(arguments: Namespace) -> int:
    """0: nothing that must be changed; 1: something must."""
    project = _project(arguments.project) if arguments.project else None
    edition = project.edition if project is not None else _edition(arguments.edition)
    print(f"{edition.code} {edition.title}")
    if edition.is_reference:
        print(MARK)
    found = check(as_draft(edition, project))
    for one in found:
        rule = RULE_BY_KEY[one.rule]
        word = "要改" if rule.must else "建议"
        print(f"{one.number}\t{one.code}\t{word}\t{rule.name}\t{one.words}\t{one.repair}\t（{rule.source}）")
    must = sum(RULE_BY_KEY[one.rule].must for one in found)
    print(f"要改 {must} 处，建议 {len(found) - must} 处 / {must} to be changed, {len(found) - must} to be considered")
    return 1 if must else 0


def _edition(code: str | None) -> Edition:
    edition = Edition.objects.filter(code=code).first() if code else current_edition()
    if edition is None:
        known = "、".join(Edition.objects.order_by("code").values_list("code", flat=True)) or "—"
        raise Stop(
            f"没有这个版本；现有：{known}。没有任何版本时先运行 budayang seed。",
            f"no such edition; there are: {known}. Without any, run budayang seed first.",
        )
    return edition


def _project(code: str) -> Project:
    found = Project.objects.select_related("edition").filter(code=code).first()
    if found is None:
        known = "、".join(Project.objects.order_by("code").values_list("code", flat=True)) or "—"
        raise Stop(f"没有这个标准项目；现有：{known}。", f"no such project of a standard; there are: {known}.")
    return found
