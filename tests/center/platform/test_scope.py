"""Who sees and may do what: roles in places, bodies' people in their organization, administrators apart."""

from __future__ import annotations

from datetime import datetime

import pytest

from budayang.center.platform import actions, queries
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden, Grant
from budayang.center.platform.models import Organization, Place, Staff
from budayang.center.platform.roles import Role

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture
def city() -> Place:
    return actions.add_place(SYSTEM, code="150600", name="鄂尔多斯市", kind="region", parent=None)


@pytest.fixture
def banners(city: Place) -> tuple[Place, Place]:
    return tuple(  # type: ignore[return-value]
        actions.add_place(SYSTEM, code=code, name=name, kind="region", parent=city)
        for code, name in (("150603", "康巴什区"), ("150625", "杭锦旗"))
    )


@pytest.fixture
def bodies(city: Place) -> tuple[Organization, Organization]:
    return tuple(  # type: ignore[return-value]
        actions.add_organization(SYSTEM, code=code, name=code, kind="owner", place=city) for code in ("RS", "SW")
    )


def person(username: str) -> Staff:
    return actions.add_staff(SYSTEM, username=username, name=username, password="a long enough word")


def test_a_job_sees_every_row_also_where_filters_are_joined(bodies: tuple[Organization, Organization]) -> None:
    assert queries.organizations_visible_to(SYSTEM).count() == 2
    assert Organization.objects.filter(queries.NOTHING | queries.scope_q(SYSTEM, "place__path")).count() == 2


def test_a_path_is_the_chain_of_codes(banners: tuple[Place, Place]) -> None:
    assert banners[0].path == "/150600/150603/"
    assert queries.place_chain("/150600/150603/A-KBS/") == ["/150600/", "/150600/150603/", "/150600/150603/A-KBS/"]


def test_a_keeper_sees_the_own_banner_only(banners: tuple[Place, Place], now: datetime) -> None:
    lin = person("lin")
    actions.grant_role(SYSTEM, lin, Role.AREA_KEEPER, banners[0], now=now)
    actor = queries.actor_of(lin)
    assert [place.code for place in queries.places_visible_to(actor)] == ["150603"]
    assert actor.may(Role.AREA_KEEPER, place_path="/150600/150603/A-KBS/")
    assert not actor.may(Role.AREA_KEEPER, place_path="/150600/150625/")


def test_a_place_whose_code_begins_alike_is_not_inside(city: Place) -> None:
    actor = Actor("staff", "lin", (Grant(Role.AREA_KEEPER, "/150600/1506/"),))
    assert not actor.may(Role.AREA_KEEPER, place_path="/150600/150603/")


def test_a_bodys_person_needs_the_organization(
    bodies: tuple[Organization, Organization], city: Place, now: datetime
) -> None:
    ren = person("ren")
    actions.grant_role(SYSTEM, ren, Role.OWNER_UNIT, city, organization=bodies[0], now=now)
    actor = queries.actor_of(ren)
    assert actor.may(Role.OWNER_UNIT, place_path="/150600/150603/", organizations=[bodies[0].pk])
    assert not actor.may(Role.OWNER_UNIT, place_path="/150600/150603/", organizations=[bodies[1].pk, None])
    assert not actor.may(Role.OWNER_UNIT, place_path="/150600/150603/")
    assert [body.code for body in queries.organizations_visible_to(actor)] == ["RS"]


def test_a_body_role_without_its_body_is_refused(city: Place, now: datetime) -> None:
    with pytest.raises(Refused, match="所属单位"):
        actions.grant_role(SYSTEM, person("ren"), Role.OWNER_UNIT, city, now=now)


def test_the_three_administrators_are_never_one_person(city: Place, now: datetime) -> None:
    sys_ = person("sys")
    actions.grant_role(SYSTEM, sys_, Role.SYSTEM_ADMIN, city, now=now)
    with pytest.raises(Refused, match="三类管理员"):
        actions.grant_role(SYSTEM, sys_, Role.AUDIT_ADMIN, city, now=now)


def test_nobody_gives_a_role_to_himself(city: Place, now: datetime) -> None:
    sec = person("sec")
    actions.grant_role(SYSTEM, sec, Role.SECURITY_ADMIN, city, now=now)
    with pytest.raises(Refused, match="自己"):
        actions.grant_role(queries.actor_of(sec), sec, Role.SUPERVISOR, city, now=now)


def test_only_the_security_administrator_gives_roles(city: Place, now: datetime) -> None:
    zhu = person("zhu")
    actions.grant_role(SYSTEM, zhu, Role.SUPERVISOR, city, now=now)
    with pytest.raises(Forbidden):
        actions.grant_role(queries.actor_of(zhu), person("lin"), Role.AREA_KEEPER, city, now=now)


def test_the_public_and_administrators_see_no_operating_rows(city: Place, now: datetime) -> None:
    aud = person("aud")
    actions.grant_role(SYSTEM, aud, Role.AUDIT_ADMIN, city, now=now)
    for actor in (Actor.public(), queries.actor_of(aud)):
        assert not Place.objects.filter(queries.scope_q(actor, "", ())).exists()
    assert queries.audit_visible_to(queries.actor_of(aud)).exists()


def test_the_nearest_parameter_wins_and_history_stays(city: Place, banners: tuple[Place, Place], now: datetime) -> None:
    zhu = person("zhu")
    actions.grant_role(SYSTEM, zhu, Role.SUPERVISOR, city, now=now)
    actor = queries.actor_of(zhu)
    name = "idle_warn_s"
    default = queries.parameter(name, banners[0].path, now)
    actions.set_parameter(actor, name, city, 90, valid_from=now)
    actions.set_parameter(actor, name, banners[0], 45, valid_from=now)
    assert queries.parameter(name, banners[0].path, now) == 45
    assert queries.parameter(name, banners[1].path, now) == 90
    assert queries.parameter(name, banners[0].path, now.replace(year=2020)) == default
