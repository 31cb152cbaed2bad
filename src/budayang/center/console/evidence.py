"""证据包: one terminal or area and one period, as a file that anybody can check."""

from __future__ import annotations

import tempfile
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ObjectDoesNotExist
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from budayang.center.console.forms import DateField
from budayang.center.console.reader import reader
from budayang.center.platform import evidence
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.evidence import About
from budayang.center.platform.sealing import center_keys
from budayang.center.terminals.evidence import about_area, about_terminal

MAKERS = frozenset(evidence.MAKERS)
DAYS = 30
LAST_DAY = date(2100, 12, 31)
KEPT_IN_MEMORY = 8 << 20


class EvidenceForm(forms.Form):
    """What the pack is about. `about` is what was found."""

    code = forms.CharField(
        label=gettext_lazy("终端或自助区"),
        max_length=40,
        help_text=gettext_lazy("写代码，例如终端 KBS-01，或自助区 KBS。"),
    )
    first = DateField(label=gettext_lazy("第一天"))
    last = DateField(label=gettext_lazy("最后一天"), help_text=gettext_lazy("最长一年；今天算到此刻为止。"))

    def __init__(self, actor: Actor, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor, self.now = actor, now
        self.about: About | None = None

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        first, last, code = found.get("first"), found.get("last"), found.get("code", "").strip()
        if last and last > LAST_DAY:
            raise forms.ValidationError(_("最后一天不能晚于 2100 年。"))
        if first and last and last < first:
            raise forms.ValidationError(_("最后一天不能早于第一天。"))
        if first and last and code:
            self.about = self._find(code, first, last)
        return found

    def _find(self, code: str, first: date, last: date) -> About:
        for make in (about_terminal, about_area):
            try:
                zone = ZoneInfo(make(self.actor, code, self.now, self.now).zone)
            except ObjectDoesNotExist:
                continue
            start = datetime.combine(first, time(0), tzinfo=zone)
            end = datetime.combine(last + timedelta(days=1), time(0), tzinfo=zone)
            return make(self.actor, code, start, min(end, self.now))
        raise forms.ValidationError(_("在您的范围里没有代码为“%(code)s”的终端或自助区，请核对。") % {"code": code})


@allow(MAKERS)
@never_cache
def evidence_pack(request: HttpRequest) -> HttpResponseBase:
    """The form; sent, the pack itself. A terminal's and an area's page lead here with what is wanted filled in."""
    actor, now = reader(request), timezone.now()
    today = timezone.localdate(now)
    initial = {"code": request.GET.get("code", ""), "first": today - timedelta(days=DAYS), "last": today}
    form = EvidenceForm(actor, now, request.POST or None, initial=initial)
    if form.is_valid() and form.about is not None:
        # Closed by the response; larger packs lie in a file that has no name.
        out = tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)  # noqa: SIM115
        try:
            evidence.make_pack(actor, form.about, out, now=now)
        except Refused as refusal:
            out.close()
            form.add_error(None, str(refusal))
        else:
            out.seek(0)
            days = f"{form.cleaned_data['first']:%Y%m%d}-{form.cleaned_data['last']:%Y%m%d}"
            name = f"{_('证据包')} {form.cleaned_data['code']} {days}.zip"
            return FileResponse(out, as_attachment=True, filename=name, content_type="application/zip")
    context = {
        "form": form,
        "title": _("证据包"),
        "key": center_keys().audit_public.hex(),
        "sections": [one.title for one in evidence.sections()],
    }
    return render(request, "console/evidence.html", context, status=422 if form.errors else 200)


urlpatterns = [path("evidence/", evidence_pack, name="evidence")]
