"""Rule sets for signs in two languages (双文规则), with why none counts by itself; official symbols (官方图形)."""

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

from budayang.center.console.forms import DateField
from budayang.center.console.reader import reader
from budayang.center.console.sign_texts import PlacesField, places_for
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.uploads import MAX_BYTES
from budayang.center.platform.wording import words
from budayang.center.signage import composition_actions, text_queries
from budayang.center.signage.models import CompositionRule, OfficialSymbol
from budayang.data.composition_rules import rule_sets
from budayang.rules.signs.composing import LANGUAGE_NAMES, POSITION_NAMES, Position, RuleSet

KEEPERS = frozenset(composition_actions.KEEPERS)


class RuleForm(forms.Form):
    """By which document a rule set is in force, where and from when."""

    rule = forms.ChoiceField(label=gettext_lazy("规则"))
    place = PlacesField(Place.objects.none(), label=gettext_lazy("在哪里启用"), empty_label=None)
    document = forms.CharField(
        label=gettext_lazy("现行文件的文号"),
        max_length=120,
        help_text=gettext_lazy("由综合管理单位核对现行有效后填写；没有文号，规则不启用。"),
    )
    valid_from = DateField(label=gettext_lazy("从哪天起"))
    horizontal = forms.ChoiceField(
        label=gettext_lazy("横写时先写的文字在"),
        choices=lambda: [(one.value, words(POSITION_NAMES[one])) for one in (Position.ABOVE, Position.BEFORE)],
        help_text=gettext_lazy("竖写时先写的文字在左。"),
    )
    percent = forms.IntegerField(
        label=gettext_lazy("蒙古文字高是汉文的百分之几"), min_value=50, max_value=100, initial=100
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule, place = self.fields["rule"], self.fields["place"]
        assert isinstance(rule, forms.ChoiceField)
        assert isinstance(place, forms.ModelChoiceField)
        rule.choices = [(one.code, one.title) for one in rule_sets().values()]
        place.queryset = Place.objects.filter(pk__in=places_for(actor, *composition_actions.KEEPERS)).order_by("path")


class SymbolForm(forms.Form):
    """Official artwork for one symbol."""

    symbol = forms.ChoiceField(label=gettext_lazy("图形"))
    place = PlacesField(Place.objects.none(), label=gettext_lazy("用在哪里"), empty_label=None)
    source = forms.CharField(
        label=gettext_lazy("来源"),
        max_length=160,
        help_text=gettext_lazy("标准号、年份和图号，从哪里得到。印在裁切线外。"),
    )
    artwork = forms.FileField(
        label=gettext_lazy("图形文件"),
        help_text=gettext_lazy("SVG（文字转成曲线）或 PNG，正方形，图形占满。SVG 只留下形状和颜色。"),
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        symbol, place = self.fields["symbol"], self.fields["place"]
        assert isinstance(symbol, forms.ChoiceField)
        assert isinstance(place, forms.ModelChoiceField)
        symbol.choices = [(code, words(name)) for code, name in composition_actions.symbol_names().items()]
        place.queryset = Place.objects.filter(pk__in=places_for(actor, *composition_actions.KEEPERS)).order_by("path")


def _order_words(rule: RuleSet) -> str:
    return "、".join(words(LANGUAGE_NAMES[one]) for one in rule.languages)


@allow(OPERATING_ROLES)
def sign_rules(request: HttpRequest) -> HttpResponse:
    """What ships and why it is not in force, and what somebody put in force."""
    actor = reader(request)
    rows = text_queries.rules_visible_to(actor).order_by("place__path", "-valid_from")
    today = timezone.localdate()
    counting = [row for row in rows if row.ended_on is None or row.ended_on > today]
    used = {row.rule for row in counting}
    context = {
        "sets": [(one, _order_words(one), one.code in used) for one in rule_sets().values()],
        "rows": [
            (row, rule_sets()[row.rule].title, words(POSITION_NAMES[Position(row.horizontal)]), row in counting,
             row.valid_from > today, row.ended_on is None and actor.may(*KEEPERS, place_path=row.place.path))
            for row in rows if row.rule in rule_sets()
        ],
        "may_enter": actor.may(*KEEPERS),
    }  # fmt: skip
    return render(request, "console/signage/rules.html", context)


@allow(KEEPERS)
def sign_rule_new(request: HttpRequest) -> HttpResponse:
    """Enter the number of the document in force."""
    actor = reader(request)
    first = {"rule": request.GET.get("rule", ""), "valid_from": timezone.localdate()}
    form = RuleForm(actor, request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            composition_actions.put_in_force(
                actor, typed["place"], typed["rule"], document=typed["document"], valid_from=typed["valid_from"],
                horizontal=typed["horizontal"], percent=typed["percent"], now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已启用。以后制作的标志按它排列；挂着的不会自己改变。"))
            return redirect("console:sign_rules")
    context = {
        "form": form,
        "title": _("启用双文规则"),
        "back_url": reverse("console:sign_rules"),
        "back_word": _("双文规则"),
        "submit": _("启用"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


@allow(KEEPERS)
@require_POST
def sign_rule_end(request: HttpRequest, pk: int) -> HttpResponse:
    """From today on the rule counts no more."""
    actor = reader(request)
    row = text_queries.rules_visible_to(actor).filter(pk=pk).first()
    if row is None:
        raise Http404
    _end(request, actor, row)
    return redirect("console:sign_rules")


def _end(request: HttpRequest, actor: Actor, row: CompositionRule) -> None:
    # One that has not begun yet ends on the day of its beginning: it never counted.
    day = max(row.valid_from, timezone.localdate())
    try:
        composition_actions.end_rule(actor, row, day, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已停用。"))


@allow(OPERATING_ROLES)
def sign_symbols(request: HttpRequest) -> HttpResponse:
    """Official artwork that was imported, and the form that imports one."""
    actor = reader(request)
    may_import = actor.may(*KEEPERS)
    form = SymbolForm(actor, request.POST or None, request.FILES or None) if may_import else None
    if request.method == "POST" and form is not None and form.is_valid() and _import(request, actor, form):
        return redirect("console:sign_symbols")
    names = composition_actions.symbol_names()
    rows = text_queries.symbols_visible_to(actor).filter(withdrawn_at__isnull=True).order_by("symbol", "place__path")
    context = {
        "form": form,
        "rows": [
            (row, words(names.get(row.symbol, row.symbol)), actor.may(*KEEPERS, place_path=row.place.path))
            for row in rows
        ],
        "total": len(names),
    }
    return render(request, "console/signage/symbols.html", context, status=422 if form and form.errors else 200)


def _import(request: HttpRequest, actor: Actor, form: SymbolForm) -> bool:
    typed = form.cleaned_data
    try:
        if typed["artwork"].size > MAX_BYTES:
            raise Refused(_("文件超过 5 MB，请缩小后再上传。"))
        composition_actions.import_symbol(
            actor, typed["place"], typed["symbol"], typed["artwork"].read(), source=typed["source"],
            now=timezone.now(),
        )  # fmt: skip
    except Refused as refusal:
        form.add_error("artwork", str(refusal))
        return False
    messages.success(request, _("已导入。以后制作的标志用它。"))
    return True


def _symbol(request: HttpRequest, pk: int) -> OfficialSymbol:
    row = text_queries.symbols_visible_to(reader(request)).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@allow(OPERATING_ROLES)
def sign_symbol_artwork(request: HttpRequest, pk: int) -> HttpResponse:
    """The artwork, to be shown as an image: opened by itself it may run and load nothing either."""
    row = _symbol(request, pk)
    answer = HttpResponse(bytes(row.content), content_type=row.media)
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@allow(KEEPERS)
@require_POST
def sign_symbol_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Our own drawing stands there again."""
    try:
        composition_actions.withdraw_symbol(reader(request), _symbol(request, pk), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已撤下。"))
    return redirect("console:sign_symbols")


urlpatterns = [
    path("sign-rules/", sign_rules, name="sign_rules"),
    path("sign-rules/new/", sign_rule_new, name="sign_rule_new"),
    path("sign-rules/<int:pk>/end/", sign_rule_end, name="sign_rule_end"),
    path("sign-symbols/", sign_symbols, name="sign_symbols"),
    path("sign-symbols/<int:pk>/", sign_symbol_artwork, name="sign_symbol_artwork"),
    path("sign-symbols/<int:pk>/withdraw/", sign_symbol_withdraw, name="sign_symbol_withdraw"),
]
