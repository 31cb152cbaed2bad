"""手机日历: the secret addresses under which one's calendar program reads shifts, rounds and visits."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from budayang.center.console.reader import reader
from budayang.center.maintenance import feed_actions, feed_queries
from budayang.center.maintenance.models import DutyFeed
from budayang.center.platform.access import allow
from budayang.center.platform.actions import Refused
from budayang.center.platform.roles import OPERATING_ROLES


class FeedForm(forms.Form):
    """What the address is for."""

    name = forms.CharField(
        label=gettext_lazy("在哪里用"),
        max_length=40,
        help_text=gettext_lazy("例如：我的手机。以后凭它认出该停用哪一个。"),
    )


@allow(OPERATING_ROLES)
@never_cache
def feeds(request: HttpRequest) -> HttpResponse:
    """One's addresses, and a new one; it is shown in the answer to its making and never again."""
    actor, now = reader(request), timezone.now()
    form, made, key = FeedForm(request.POST or None), None, ""
    if form.is_valid():
        try:
            made, key = feed_actions.make_feed(actor, name=form.cleaned_data["name"], now=now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            form = FeedForm()
    base = settings.BUDAYANG.public_url
    context = {
        "title": _("手机日历"),
        "form": form,
        "made": made,
        "address": f"{base}{reverse('public:feed', args=[key])}" if made else "",
        "rows": feed_queries.feeds_of(actor),
    }
    return render(request, "console/duty/feeds.html", context, status=422 if form.errors else 200)


@allow(OPERATING_ROLES)
@require_POST
def feed_end(request: HttpRequest, feed_id: int) -> HttpResponse:
    """Revoke one at once."""
    try:
        feed_actions.revoke_feed(reader(request), feed_id, now=timezone.now())
    except DutyFeed.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("地址已停用，日历程序再来取时会被告知已停用。"))
    return redirect("console:duty_feeds")


urlpatterns = [
    path("duty/calendar/", feeds, name="duty_feeds"),
    path("duty/calendar/<int:feed_id>/end/", feed_end, name="duty_feed_end"),
]
