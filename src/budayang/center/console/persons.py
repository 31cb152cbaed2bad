"""The page on which somebody on duty sees whose case it is: a reason first, then the person, in an answer that no
browser and no log keeps.
"""

from __future__ import annotations

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from budayang.center.console.reader import reader
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.services import person_viewing, queries
from budayang.center.services.person_viewing import REASON_WORDS, VIEWERS, ShownPerson


class ReasonForm(forms.Form):
    """Why the person is looked at."""

    reason = forms.ChoiceField(
        label=gettext_lazy("查看的理由"),
        choices=[(reason.value, word) for reason, word in REASON_WORDS.items()],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("请选择查看的理由；理由和您的账号会记入审计。")},
    )


@allow(*VIEWERS)
@never_cache
def case_person(request: HttpRequest, number: str) -> HttpResponse:
    """GET asks for the reason; POST with a reason shows the person, this once."""
    actor = reader(request)
    found = queries.cases_visible_to(actor).filter(number=number).first()
    if found is None or not actor.may(*VIEWERS, place_path=found.place_path):
        raise Http404
    form = ReasonForm(request.POST or None)
    person: ShownPerson | None = None
    if form.is_valid():
        try:
            person = person_viewing.view_person(actor, number, form.cleaned_data["reason"], timezone.now())
        except Refused as refused:
            form.add_error(None, str(refused))
    context = {
        "case": found,
        "here": person_viewing.can_be_viewed(number),
        "form": form,
        "person": person,
        "title": _("办件人信息"),
    }
    return render(request, "console/services/person.html", context, status=422 if form.errors else 200)


urlpatterns = [path("cases/<str:number>/person/", case_person, name="case_person")]
