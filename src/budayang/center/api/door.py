"""Who comes in by `/api/v1/`, how pages are cut, and what an error looks like.

A key (`Authorization: Bearer bdy_…`) acts as the person who made it; every list starts at `visible_to(actor)`. Errors
are JSON with a word for the program and a sentence for a person; none repeats what was sent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Query, Schema
from ninja.errors import ValidationError
from ninja.security import HttpBearer
from pydantic import AfterValidator, AwareDatetime, Field

from budayang.center.platform import tokens
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden

PAGE, LARGEST_PAGE = 50, 200
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC; at the ends of the calendar the last moment that UTC can name.

    RFC 3339 allows offsets up to 23:59, PostgreSQL only to 15:59: no offset of a caller goes on to a database.
    """
    if moment.tzinfo is None:
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return FIRST if moment.year == FIRST.year else LAST


def without_nul(word: str) -> str:
    """A word that PostgreSQL can look for: it refuses NUL, and no name has one."""
    return word.replace("\x00", "")


Moment = Annotated[AwareDatetime, AfterValidator(in_utc)]
MaybeNaive = Annotated[datetime, AfterValidator(in_utc)]
"""For times whose missing zone is refused by the action, with its repair."""
Word = Annotated[str, AfterValidator(without_nul)]

Row = TypeVar("Row")
Out = TypeVar("Out")


class Key(HttpBearer):
    """A key of `platform.tokens`. Reading keys may only read."""

    openapi_name = "key"

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        found = tokens.find_holder(token, timezone.now())
        if found is None:
            return None
        actor, row = found
        if request.method not in {"GET", "HEAD"} and not row.may_write:
            raise Forbidden(f"{actor.name}: the key only reads")
        request.actor = actor  # type: ignore[attr-defined]  # as AccessMiddleware sets it for people
        return actor


class Problem(Schema):
    """What went wrong."""

    error: str = Field(description="a word for the program: unauthorized, forbidden, not_found, invalid, refused")
    detail: str = Field(description="a sentence for a person")
    fields: list[str] = Field(default=[], description="names of the fields at fault, never their values")


class Page(Schema, Generic[Out]):
    """A page of a list: `next` is what `after` takes for the following one, null at the end."""

    items: list[Out]
    next: int | None


class Cut(Schema):
    """Which page of a list."""

    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = PAGE
    after: Annotated[int, Field(ge=0, le=2**62)] = 0


Cutting = Annotated[Cut, Query()]


def page_of(rows: QuerySet[Any], cut: Cut, out: Callable[[Any], Out]) -> dict[str, Any]:
    """One page in the order of keys: no row is skipped or told twice while others are added."""
    found = list(rows.filter(pk__gt=cut.after).order_by("pk")[: cut.limit + 1])
    more = len(found) > cut.limit
    shown = found[: cut.limit]
    return {"items": [out(row) for row in shown], "next": shown[-1].pk if more else None}


def caller(request: HttpRequest) -> Actor:
    """Who asks."""
    actor: Actor = request.actor  # type: ignore[attr-defined]  # set by Key
    return actor


api = NinjaAPI(
    title="不打烊 Budayang",
    version="1",
    description="管理平台的接口：自助区、终端、故障、工单、事项、办件（不含个人信息）、可用时间。参照版数据，不是已发布标准的文本。",
    auth=Key(),
    docs_url=None,
    urls_namespace="api",
)


def answer(request: HttpRequest, status: int, error: str, detail: str, fields: list[str] | None = None) -> HttpResponse:
    """An error as `Problem`."""
    return api.create_response(request, {"error": error, "detail": detail, "fields": fields or []}, status=status)


@api.exception_handler(Forbidden)
def _forbidden(request: HttpRequest, _error: Forbidden) -> HttpResponse:
    return answer(request, 403, "forbidden", _("这把密钥的角色或权限不够。"))


@api.exception_handler(Refused)
def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    return answer(request, 409, "refused", str(error))


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, _error: Http404) -> HttpResponse:
    return answer(request, 404, "not_found", _("没有这一项，或不在这把密钥的范围里。"))


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = sorted({".".join(str(part) for part in one["loc"][1:]) for one in error.errors})
    return answer(request, 422, "invalid", _("有参数不合要求，请按接口说明改正。"), fields)
