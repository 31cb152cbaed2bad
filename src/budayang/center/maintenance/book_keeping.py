"""What the registers behind the ledgers keep sealed, and how long: lost things, viewers of video, papers of assets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from budayang.center.maintenance.models import Asset, AssetEvent, AssetFile, LostThing, VideoViewing
from budayang.center.platform.resealing import SealedColumn
from budayang.center.platform.retention import Rule
from budayang.rules.assets import FINAL_STATES

Rows = QuerySet[Any]
LOST_TABLE, VIEWING_TABLE = "lost_thing", "video_viewing"
LOST_D = 180
"""After a lost thing went out: time for whoever says that it was not the owner."""
LOST_MOST_D = 400
"""Of what nobody claims. 民法典 art. 318: after a year nobody has a claim; a month more for handing it over."""
VIEWING_D = 3 * 365
"""JB-15 and JB-21 keep records of passing on personal data for three years; JB-31 names no time."""
ASSET_FILE_D = 730

SEALED: tuple[SealedColumn, ...] = (
    SealedColumn("maintenance.LostThing", "owner_sealed", LOST_TABLE, "ref", "owner"),
    SealedColumn("maintenance.LostThing", "claimant_sealed", LOST_TABLE, "ref", "claimant"),
    SealedColumn("maintenance.VideoViewing", "viewer_sealed", VIEWING_TABLE, "ref", "viewer"),
    SealedColumn("maintenance.AssetFile", "content_sealed", "asset_file", "ref", "content"),
)


def _lost() -> Rows:
    return LostThing.objects.filter(Q(owner_sealed__isnull=False) | Q(claimant_sealed__isnull=False))


def _lost_due(rows: Rows, now: datetime) -> Rows:
    ended = Q(ended_at__lte=now - timedelta(days=LOST_D))
    return rows.filter(ended | Q(ended_at__isnull=True, registered_at__lte=now - timedelta(days=LOST_MOST_D)))


def _erase_lost(rows: Rows) -> int:
    return LostThing.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(
        owner_sealed=None, claimant_sealed=None
    )


def _viewings() -> Rows:
    return VideoViewing.objects.filter(viewer_sealed__isnull=False)


def _viewings_due(rows: Rows, now: datetime) -> Rows:
    return rows.filter(written_at__lte=now - timedelta(days=VIEWING_D))


def _erase_viewings(rows: Rows) -> int:
    keys = list(rows.values_list("pk", flat=True))
    return VideoViewing.objects.filter(pk__in=keys).update(viewer_sealed=None)


def _files() -> Rows:
    return AssetFile.objects.filter(content_sealed__isnull=False)


def _files_due(rows: Rows, now: datetime) -> Rows:
    """Files of things that are gone for long enough; those of a thing in use stay."""
    gone = Asset.objects.filter(state__in=FINAL_STATES)
    ended = AssetEvent.objects.filter(
        asset__in=gone, event__in=("scrap", "return"), at__lte=now - timedelta(days=ASSET_FILE_D)
    )
    return rows.filter(asset_id__in=ended.values("asset_id"))


def _erase_files(rows: Rows) -> int:
    keys = list(rows.values_list("pk", flat=True))
    return AssetFile.objects.filter(pk__in=keys).update(content_sealed=None)


RETENTION: tuple[Rule, ...] = (
    Rule(
        "maintenance.lost_things",
        _("遗失物的失主信息、领取人姓名和证件号"),
        _("物品离开后 180 天；没有人领的，登记后 400 天。物品、去向和遮盖后的姓名一直保留"),
        _lost,
        "registered_at",
        _lost_due,
        _erase_lost,
    ),
    Rule(
        "maintenance.video_viewings",
        _("视频调阅人的姓名和证件号"),
        _("3 年；单位、依据、事由、结果和遮盖后的姓名一直保留"),
        _viewings,
        "written_at",
        _viewings_due,
        _erase_viewings,
    ),
    Rule(
        "maintenance.asset_files",
        _("资产的验收照片和文件（可能拍到人、写有联系人）"),
        _("资产报废或退回后两年；验收结果一直保留"),
        _files,
        "added_at",
        _files_due,
        _erase_files,
    ),
)
