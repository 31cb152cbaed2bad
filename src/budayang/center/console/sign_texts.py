"""What signs say (标志文字): texts with who wrote and approved them, rule sets for two languages, official symbols."""

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

from budayang.center.console.listing import Action, Column, Filter, State, Tone, listing
from budayang.center.console.reader import reader
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Place
from budayang.center.platform.queries import places_visible_to
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.wording import words
from budayang.center.signage import text_actions, text_queries
from budayang.center.signage.models import SignText
from budayang.data.sign_kinds import sign_kinds
from budayang.rules.signs.composing import LANGUAGE_NAMES, Language

WRITERS = frozenset(text_actions.WRITERS)
APPROVERS = frozenset(text_actions.APPROVERS)
TONES: dict[SignText.State, Tone] = {
    SignText.State.WRITTEN: "hand",
    SignText.State.APPROVED: "ok",
    SignText.State.WITHDRAWN: "ask",
}


class PlacesField(forms.ModelChoiceField[Place]):
    """A region or area of the actor, by its name."""

    def label_from_instance(self, obj: Place) -> str:
        return obj.name


def places_for(actor: Actor, *roles: Role) -> list[int]:
    """Keys of the places where the actor has one of the roles."""
    return [one.pk for one in places_visible_to(actor) if actor.may(*roles, place_path=one.path)]


class TextForm(forms.Form):
    """A text of a sign, as a person writes it down."""

    kind = forms.ChoiceField(label=gettext_lazy("标志"))
    language = forms.ChoiceField(
        label=gettext_lazy("语种"),
        choices=lambda: [(one.value, words(name)) for one, name in LANGUAGE_NAMES.items()],
    )
    place = PlacesField(Place.objects.none(), label=gettext_lazy("用在哪里"), empty_label=None)
    text = forms.CharField(label=gettext_lazy("文字"), max_length=text_actions.TEXT_LENGTH)
    source = forms.CharField(
        label=gettext_lazy("来源"),
        max_length=120,
        help_text=gettext_lazy("谁译的、依据哪份对照表或文件。平台不做机器翻译。"),
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds, place = self.fields["kind"], self.fields["place"]
        assert isinstance(kinds, forms.ChoiceField)
        assert isinstance(place, forms.ModelChoiceField)
        kinds.choices = [(one.code, words(one.message)) for one in sign_kinds().values()]
        place.queryset = Place.objects.filter(pk__in=places_for(actor, *text_actions.WRITERS)).order_by("path")


def _kind_name(code: str) -> str:
    kind = sign_kinds().get(code)
    return words(kind.message) if kind else code


def _state(row: SignText) -> State:
    return State(TONES[SignText.State(row.state)], row.get_state_display())


@allow(OPERATING_ROLES)
def sign_texts(request: HttpRequest) -> HttpResponse:
    """All texts with where they stand."""
    actor = reader(request)
    return listing(
        request,
        title=_("标志文字"),
        note=_("汉文和英文先用标志目录里的；蒙古文只用人写、由另一人审定的，没有审定的印在标志上会带“未审定”三个字。"),
        columns=(
            Column("kind", _("标志"), lambda row: _kind_name(row.kind), sort="kind"),
            Column("language", _("语种"), lambda row: words(LANGUAGE_NAMES[Language(row.language)]), sort="language"),
            Column("text", _("文字"), lambda row: row.text),
            Column("place", _("用在哪里"), lambda row: row.place.name, sort="place__path"),
            Column("state", _("状态"), _state, sort="state", kind="state"),
            Column("by", _("谁写的"), lambda row: row.written_by.name, sort="written_by__name"),
            Column("written", _("写于"), lambda row: row.written_at, sort="written_at", kind="moment"),
            Column("approver", _("谁审定"), lambda row: row.approved_by.name if row.approved_by else ""),
            Column("approved", _("审定于"), lambda row: row.approved_at, sort="approved_at", kind="moment"),
        ),
        queryset=text_queries.texts_visible_to(actor),
        filters=(
            Filter("state", _("状态"), lambda: SignText.State.choices, lambda rows, one: rows.filter(state=one)),
            Filter(
                "language",
                _("语种"),
                lambda: [(one.value, words(name)) for one, name in LANGUAGE_NAMES.items()],
                lambda rows, one: rows.filter(language=one),
            ),
        ),
        search=("kind", "text", "source"),
        default_sort="-written",
        row_url=lambda row: reverse("console:sign_text", args=[row.pk]),
        empty=_("还没有人写过标志文字。点“写一条”。"),
        export_name=_("标志文字"),
        actions=(Action(reverse("console:sign_text_new"), _("写一条"), primary=True),)
        if actor.may(*text_actions.WRITERS)
        else (),
    )


@allow(WRITERS)
def sign_text_new(request: HttpRequest) -> HttpResponse:
    """Write a text."""
    actor = reader(request)
    form = TextForm(actor, request.POST or None, initial={"language": Language.MN.value, **request.GET.dict()})
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            row = text_actions.write_text(
                actor, typed["place"], typed["kind"], typed["language"], typed["text"], source=typed["source"],
                now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已保存，等另一位审定。"))
            return redirect("console:sign_text", row.pk)
    context = {
        "form": form,
        "title": _("写一条标志文字"),
        "back_url": reverse("console:sign_texts"),
        "back_word": _("标志文字"),
        "note": _("审定以前印出来会带“未审定”三个字。"),
    }
    return render(request, "console/form.html", context, status=422 if form.errors else 200)


def _row(request: HttpRequest, pk: int) -> SignText:
    row = text_queries.texts_visible_to(reader(request)).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@allow(OPERATING_ROLES)
def sign_text(request: HttpRequest, pk: int) -> HttpResponse:
    """One text: who wrote it, who approved it, what can be done now."""
    row, actor = _row(request, pk), reader(request)
    may_approve = actor.may(*text_actions.APPROVERS, place_path=row.place.path)
    withdrawers = text_actions.WRITERS if row.state == SignText.State.WRITTEN else text_actions.APPROVERS
    context = {
        "row": row,
        "kind": _kind_name(row.kind),
        "language": words(LANGUAGE_NAMES[Language(row.language)]),
        "state": _state(row),
        "may_approve": may_approve and (row.state, "approve") in text_actions.MOVES,
        "own": row.written_by_id == actor.staff_id,
        "may_withdraw": (row.state, "withdraw") in text_actions.MOVES
        and actor.may(*withdrawers, place_path=row.place.path),
    }
    return render(request, "console/signage/text.html", context)


def _act(request: HttpRequest, pk: int, event: str) -> HttpResponse:
    row = _row(request, pk)
    try:
        if event == "approve":
            text_actions.approve_text(reader(request), row, now=timezone.now())
            messages.success(request, _("已审定，从现在起印在标志上不再带“未审定”。"))
        else:
            text_actions.withdraw_text(reader(request), row, now=timezone.now())
            messages.success(request, _("已撤下。"))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("console:sign_text", pk)


@allow(APPROVERS)
@require_POST
def sign_text_approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve what another person wrote."""
    return _act(request, pk, "approve")


@allow(WRITERS)
@require_POST
def sign_text_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a text back."""
    return _act(request, pk, "withdraw")


urlpatterns = [
    path("sign-texts/", sign_texts, name="sign_texts"),
    path("sign-texts/new/", sign_text_new, name="sign_text_new"),
    path("sign-texts/<int:pk>/", sign_text, name="sign_text"),
    path("sign-texts/<int:pk>/approve/", sign_text_approve, name="sign_text_approve"),
    path("sign-texts/<int:pk>/withdraw/", sign_text_withdraw, name="sign_text_withdraw"),
]
