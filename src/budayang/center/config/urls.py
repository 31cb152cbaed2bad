"""All addresses of the Django part. Every view says who may call it (`platform.access.allow`)."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("budayang.center.platform.account_urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/", include("budayang.center.api.urls")),
    path("console/", include("budayang.center.console.urls")),
    path("", include("budayang.center.public.urls")),
]

handler403 = "budayang.center.platform.errors.forbidden"
handler404 = "budayang.center.platform.errors.not_found"
handler500 = "budayang.center.platform.errors.failed"
