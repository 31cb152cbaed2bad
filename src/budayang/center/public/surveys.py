"""满意度问卷 on the phone: who wants answers, each question may be left out, nobody is asked who he is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from budayang.center.evaluation import survey_actions, survey_queries
from budayang.center.platform.access import PUBLIC, allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.wording import words
from budayang.rules.evaluation import LEVELS
from budayang.rules.evaluation.surveys import QUESTIONS, WISHES


@allow(PUBLIC)
@never_cache
def survey_list(request: HttpRequest) -> HttpResponse:
    """The surveys of today; a single one is opened at once."""
    rows = list(survey_queries.open_surveys(timezone.localdate()))
    if len(rows) == 1:
        query = request.GET.urlencode()
        return redirect(f"{reverse('public:survey', args=[rows[0].code])}{'?' + query if query else ''}")
    return render(request, "public/surveys.html", {"surveys": rows})


@allow(PUBLIC)
@never_cache
def survey(request: HttpRequest, code: str) -> HttpResponse:
    """One sheet; ?area= names the place beforehand. What was chosen stays when it is refused."""
    found = survey_queries.find_survey(code)
    if found is None:
        return render(request, "public/surveys.html", {"unknown": True}, status=404)
    plan = list(survey_queries.areas_of(found))
    source = request.POST if request.method == "POST" else request.GET
    area = next((one.area for one in plan if one.area.code == source.get("area", "")), None)
    area = plan[0].area if area is None and len(plan) == 1 else area
    answers = {one.code: request.POST[one.code][:24] for one in QUESTIONS if request.POST.get(one.code)}
    wishes = [one[:24] for one in request.POST.getlist("wishes")[:20]]
    problem = ""
    if request.method == "POST":
        try:
            if area is None:
                raise Refused(_("请选择是哪个自助区。"))
            client = str(request.META.get("REMOTE_ADDR", ""))
            survey_actions.take_sheet(found, area, answers, wishes, client=client, now=timezone.now())
        except Refused as refused:
            problem = str(refused)
        else:
            return redirect("public:survey_thanks")
    today = timezone.localdate()
    context: dict[str, Any] = {
        "survey": found,
        "open": found.opens_on <= today <= found.closes_on,
        "areas": [one.area for one in plan],
        "area": area,
        "questions": [(one.code, words(one.text), answers.get(one.code, "")) for one in QUESTIONS],
        "levels": [(one.code, words(one.name)) for one in LEVELS],
        "wishes": [(key, words(name), key in wishes) for key, name in WISHES.items()],
        "problem": problem,
    }
    return render(request, "public/survey.html", context, status=422 if problem else 200)


@allow(PUBLIC)
def survey_thanks(request: HttpRequest) -> HttpResponse:
    """It was handed in."""
    return render(request, "public/surveys.html", {"thanks": True})
