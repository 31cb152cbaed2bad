"""Addresses of the public pages. No sign-in anywhere, no personal data in any address."""

from __future__ import annotations

from django.urls import path

from budayang.center.public import open_data, pages, papers

app_name = "public"
urlpatterns = [
    path("", pages.home, name="home"),
    path("where/", pages.where, name="where"),
    path("where/rows/", pages.where_rows, name="where_rows"),
    path("items/", pages.items, name="items"),
    path("items/<str:code>/", pages.item, name="item"),
    path("verify/", papers.verify_form, name="verify"),
    path("verify/<str:code>", papers.verify, name="verify_code"),
    path("receipt/", papers.receipt, name="receipt"),
    path("open/", open_data.about, name="open"),
    path("open/availability.json", open_data.availability_json, name="availability_json"),
    path("open/availability.csv", open_data.availability_csv, name="availability_csv"),
]
