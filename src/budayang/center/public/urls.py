"""Addresses of the public pages. No sign-in anywhere, no personal data in any address."""

from __future__ import annotations

from django.urls import path

from budayang.center.public import (
    door,
    feeds,
    joint,
    monthly,
    notices,
    open_data,
    pages,
    papers,
    paying,
    progress,
    promises,
    reports,
    uploading,
)

app_name = "public"
urlpatterns = [
    path("", pages.home, name="home"),
    path("where/", pages.where, name="where"),
    path("where/rows/", pages.where_rows, name="where_rows"),
    path("door/<str:code>/", door.door, name="door"),
    path("door/<str:code>/now/", door.door_now, name="door_now"),
    path("where/locked/", pages.locked, name="locked"),
    path("promise/", promises.promise_find, name="promise_find"),
    path("promise/new/", promises.promise_new, name="promise_new"),
    path("promise/<str:number>/", promises.promise, name="promise"),
    path("promise/<str:number>/cancel/", promises.promise_cancel, name="promise_cancel"),
    path("promise/<str:number>/answer/", promises.promise_answer, name="promise_answer"),
    path("r/<str:letter>/<str:code>/<str:mark>/", reports.report, name="report"),
    path("report/", reports.report_find, name="report_find"),
    path("report/<str:number>/", reports.report_progress, name="report_progress"),
    path("report/<str:number>/withdraw/", reports.report_withdraw, name="report_withdraw"),
    path("items/", pages.items, name="items"),
    path("items/<str:code>/", pages.item, name="item"),
    path("verify/", papers.verify_form, name="verify"),
    path("verify/<str:code>", papers.verify, name="verify_code"),
    path("receipt/", papers.receipt, name="receipt"),
    path("progress/", progress.progress, name="progress"),
    path("joint/<str:code>/", joint.joint, name="joint"),
    path("m/<str:token>/", uploading.upload, name="upload"),
    path("pay/notify/", paying.notify, name="pay_notify"),
    path("n/<str:token>/", notices.notice, name="notice"),
    path("cal/<str:key>.ics", feeds.feed, name="feed"),
    path("open/", open_data.about, name="open"),
    path("open/availability.json", open_data.availability_json, name="availability_json"),
    path("open/availability.csv", open_data.availability_csv, name="availability_csv"),
    path("open/monthly/", monthly.monthly, name="monthly"),
    path("open/monthly.json", monthly.monthly_json, name="monthly_json"),
    path("open/monthly.csv", monthly.monthly_csv, name="monthly_csv"),
    path("open/monthly.schema.json", monthly.monthly_schema, name="monthly_schema"),
    path("open/chain/", monthly.chain, name="chain"),
    path("open/chain.csv", monthly.chain_csv, name="chain_csv"),
]
