"""Names of what a project of the standard holds: units, meetings, findings, documents, texts of the note."""

from __future__ import annotations

UNIT_ROLE_NAMES: dict[str, str] = {"proposes": "提出单位", "manages": "归口单位", "drafts": "起草单位"}
MEETING_NAMES: dict[str, str] = {
    "kickoff": "启动会",
    "internal": "起草组内部会议",
    "seminar": "研讨会",
    "hearing": "征求意见会",
    "review": "审查会",
}
FINDING_NAMES: dict[str, str] = {"problem": "存在的问题", "need": "下一步需求"}
FACT_NAMES: dict[str, str] = {"": "没有对应的记录", "area": "自助区档案", "incident": "故障", "order": "工单"}
WHAT_NAMES: dict[str, str] = {
    "standard": "标准文本",
    "note": "编制说明",
    "opinions": "意见汇总处理表",
    "reviews": "审查意见汇总处理表",
    "evidence": "条款实施证据报告",
}
FORM_NAMES: dict[str, str] = {"docx": "Word", "pdf": "PDF", "xlsx": "Excel"}
FORMS_OF: dict[str, tuple[str, ...]] = {
    "standard": ("docx", "pdf"),
    "note": ("docx", "pdf"),
    "opinions": ("docx", "pdf", "xlsx"),
    "reviews": ("docx", "pdf", "xlsx"),
    "evidence": ("docx", "pdf"),
}
TEXT_NAMES: dict[str, str] = {
    "source": "任务来源",
    "purpose": "制定标准的目的",
    "significance": "制定标准的意义",
    "principles": "编制原则",
    "main_clauses": "主要条款的说明",
    "conflicts": "与强制性标准有无冲突",
    "dissent": "重大意见分歧的处理依据和结果",
    "others": "其他应说明事项",
}
NEEDED_TEXTS = ("source", "purpose", "significance", "principles", "main_clauses", "conflicts")
STAGE_DOCUMENTS: dict[str, tuple[str, ...]] = {
    "consulting": ("standard", "note"),
    "review": ("standard", "note", "opinions"),
    "approval": ("standard", "note", "opinions", "reviews"),
}
"""What is handed on with the text of a stage: 征求意见稿, 送审稿, 报批稿."""


def is_mandatory(code: str) -> bool:
    """Whether a national standard's code is that of a mandatory one: GB without T or Z."""
    return code.startswith("GB") and not code.startswith(("GB/T", "GB/Z"))
