"""Forms of the standard's projects: application, step, units, people, meetings, field research, opinions, wording."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from budayang.center.console.forms import DateField
from budayang.center.console.registers import choices
from budayang.center.console.standard_words import title_word
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place, Staff
from budayang.center.platform.wording import words
from budayang.center.standard.models import Edition, Project
from budayang.center.standard.opinion_actions import clause_choices
from budayang.center.standard.project_queries import LEADERS
from budayang.rules.standard.drafting import FACT_NAMES, FINDING_NAMES, MEETING_NAMES, TEXT_NAMES, UNIT_ROLE_NAMES
from budayang.rules.standard.opinions import DECISION_NAMES, MOST_REASON, MOST_TEXT, MOST_UNIT, kept_text
from budayang.rules.standard.stages import EVENT_NAMES, NEEDS_PAPER, STAGE_NAMES, events_from


def _long(rows: int = 4) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class LinesField(forms.CharField):
    """A text of several lines: a line end counts one sign, as in the browser, which sends two."""

    def to_python(self, value: Any) -> str:
        return kept_text(str(super().to_python(value) or ""))


class EditionField(forms.ModelChoiceField[Edition]):
    """An edition; a reference edition says so."""

    def label_from_instance(self, obj: Edition) -> str:
        return title_word(obj)


class ProjectForm(forms.Form):
    """An application (立项申请)."""

    code = forms.RegexField(
        r"^[a-z0-9-]{2,24}$",
        label=_("代号"),
        help_text=_("2 到 24 位小写字母、数字和连字符，定了不再改；公开征求意见页的地址用它。"),
        error_messages={"invalid": _("代号用 2 到 24 位小写字母、数字和连字符，例如 zzfwq-2026。")},
    )
    title = forms.CharField(label=_("标准名称"), max_length=120)
    place: forms.ModelChoiceField[Place] = forms.ModelChoiceField(
        Place.objects.none(), label=_("哪里的地方标准"), empty_label=_("请选择")
    )
    edition: forms.ModelChoiceField[Edition] = EditionField(
        Edition.objects.none(), label=_("文本"), empty_label=_("请选择"),
        help_text=_("标准的条款数据；参照版可以用来起草，不能发布。")
    )  # fmt: skip
    applied_on = DateField(label=_("申请日期"))

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place, edition = self.fields["place"], self.fields["edition"]
        assert isinstance(place, forms.ModelChoiceField)
        assert isinstance(edition, forms.ModelChoiceField)
        paths = [grant.place_path for grant in actor.grants if grant.role in LEADERS]
        seen = [one.pk for one in platform.places_visible_to(actor) if any(one.path.startswith(at) for at in paths)]
        place.queryset = platform.places_visible_to(actor).filter(pk__in=seen, kind=Place.Kind.REGION)
        edition.queryset = Edition.objects.order_by("-loaded_at")


class EditionForm(forms.Form):
    """Another text for a project."""

    edition: forms.ModelChoiceField[Edition] = EditionField(
        Edition.objects.none(), label=_("文本"), empty_label=_("请选择"),
        help_text=_("已载入的版本；别的项目正在用的、已发布或废止的不能选。")
    )  # fmt: skip

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["edition"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Edition.objects.exclude(pk=project.edition_id).order_by("-loaded_at")


class TextsForm(forms.Form):
    """What the explanatory note says and no other row holds."""

    title = forms.CharField(label=_("标准名称"), max_length=120)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        helps = {
            "source": _t("哪个通知征集的、怎样立项的。"),
            "main_clauses": _t("每章主要规定了什么、为什么这样定；数值的来源。"),
            "conflicts": _t("与哪些强制性标准和法律核对过，有没有矛盾。"),
            "dissent": _t("没有重大分歧可以空着；标为重大分歧的意见会自动列表。"),
            "others": _t("宣传贯彻、过渡办法等建议。"),
        }
        for name, title in TEXT_NAMES.items():
            self.fields[name] = forms.CharField(
                label=words(title), required=False, widget=_long(), help_text=helps.get(name, "")
            )


class StepForm(forms.Form):
    """One step of the life cycle."""

    event = forms.ChoiceField(label=_("下一步"))
    on = DateField(label=_("日期"))
    paper = forms.CharField(
        label=_("依据的文件和文号"), max_length=120, required=False, help_text=_("下达计划、批准发布、废止要写。")
    )
    number = forms.CharField(
        label=_("标准号"), max_length=40, required=False, help_text=_("批准发布时填写批准部门给出的号；平台不编号。")
    )
    effective_on = DateField(label=_("实施日期"), required=False, help_text=_("批准发布时填写。"))
    note = forms.CharField(label=_("说明"), max_length=300, required=False)

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        event = self.fields["event"]
        assert isinstance(event, forms.ChoiceField)
        found = events_from(project.stage)
        event.choices = [(one, words(EVENT_NAMES[one])) for one in found]
        if not NEEDS_PAPER & set(found):
            del self.fields["paper"]
        if "publish" not in found:
            del self.fields["number"], self.fields["effective_on"]


class UnitForm(forms.Form):
    """A unit of the project."""

    role = forms.ChoiceField(label=_("作为"), choices=choices(UNIT_ROLE_NAMES))
    name = forms.CharField(label=_("单位名称"), max_length=80)


class MemberForm(forms.Form):
    """A person of the drafting group."""

    staff: forms.ModelChoiceField[Staff] = forms.ModelChoiceField(
        Staff.objects.none(), label=_("人员"), empty_label=_("请选择"), help_text=_("有账号的人员。")
    )
    part = forms.CharField(label=_("分工"), max_length=120, help_text=_("例如：第 5 章硬件设备；资料收集。"))
    since_on = DateField(label=_("从哪天起"))

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        staff = self.fields["staff"]
        assert isinstance(staff, forms.ModelChoiceField)
        staff.queryset = platform.staff_visible_to(actor).filter(is_active=True)


class MeetingForm(forms.Form):
    """A meeting."""

    held_on = DateField(label=_("日期"))
    kind = forms.ChoiceField(label=_("哪一类"), choices=choices(MEETING_NAMES))
    present = forms.IntegerField(label=_("参加人数"), min_value=1, max_value=2000, help_text=_("只记人数，不记姓名。"))
    subject = forms.CharField(label=_("议题"), max_length=120)
    outcome = forms.CharField(label=_("结论"), max_length=1000, widget=_long())


class FindingForm(forms.Form):
    """What field research found."""

    found_on = DateField(label=_("日期"))
    place: forms.ModelChoiceField[Place] = forms.ModelChoiceField(
        Place.objects.none(), label=_("自助区"), empty_label=_("请选择")
    )
    kind = forms.ChoiceField(label=_("哪一类"), choices=choices(FINDING_NAMES))
    text = forms.CharField(label=_("内容"), max_length=1000, widget=_long(), help_text=_("不写群众和工作人员的姓名。"))
    clause_code = forms.CharField(
        label=_("对应条款"), max_length=24, required=False, help_text=_("条款代码，例如 WH-15。")
    )
    fact_kind = forms.ChoiceField(label=_("平台里的记录"), choices=choices(FACT_NAMES), required=False)
    fact_ref = forms.CharField(
        label=_("记录的号码"), max_length=40, required=False, help_text=_("工单写工单号；故障写故障页地址里的数字。")
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place = self.fields["place"]
        assert isinstance(place, forms.ModelChoiceField)
        place.queryset = platform.places_visible_to(actor).filter(kind=Place.Kind.AREA)


class MilestoneForm(forms.Form):
    """By which day a stage is to be reached."""

    stage = forms.ChoiceField(label=_("阶段"), choices=choices(STAGE_NAMES))
    due_on = DateField(label=_("不晚于"))


class RoundForm(forms.Form):
    """A round of 征求意见."""

    opens_on = DateField(label=_("开始"))
    closes_on = DateField(label=_("截止（含当天）"))
    asked_units = forms.IntegerField(
        label=_("发函征求意见的单位数"), min_value=0, max_value=5000, initial=0, help_text=_("没有发函写 0。")
    )
    note = forms.CharField(label=_("给公众看的说明"), max_length=300, required=False, widget=_long(2))


class OpinionForm(forms.Form):
    """An opinion that came by letter, telephone or at a meeting."""

    clause = forms.ChoiceField(label=_("标准章条编号"), required=False)
    text = LinesField(label=_("意见内容"), max_length=MOST_TEXT, widget=_long(), help_text=_("不写个人姓名和电话。"))
    wish = LinesField(label=_("修改建议"), max_length=MOST_TEXT, required=False, widget=_long(3))
    unit = forms.CharField(label=_("提出单位"), max_length=MOST_UNIT, required=False, help_text=_("公众提的空着。"))

    def __init__(self, project: Project, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clause = self.fields["clause"]
        assert isinstance(clause, forms.ChoiceField)
        clause.choices = [("", _t("全文")), *clause_choices(project)]


class DecisionForm(forms.Form):
    """How an opinion is handled."""

    decision = forms.ChoiceField(label=_("处理意见"), choices=choices(DECISION_NAMES), widget=forms.RadioSelect)
    reason = LinesField(
        label=_("理由"), max_length=MOST_REASON, required=False, widget=_long(),
        help_text=_("部分采纳和未采纳要写理由；采纳的写改到了哪里。")
    )  # fmt: skip
    note = forms.CharField(label=_("备注"), max_length=200, required=False)
    major = forms.BooleanField(label=_("是重大意见分歧，写进编制说明"), required=False)


class WordingForm(forms.Form):
    """How a clause reads in the document."""

    text = forms.CharField(
        label=_("条文"),
        max_length=1500,
        widget=_long(),
        help_text=_("完整的句子：要求用“应”，推荐用“宜”，允许用“可”。"),
    )
    note = forms.CharField(
        label=_("注"), max_length=600, required=False, widget=_long(3), help_text=_("只帮助理解，不提要求。")
    )
