"""A city with two banners and one area, made by the rooms' own actions."""

from __future__ import annotations

from dataclasses import dataclass

from budayang.center.areas import actions
from budayang.center.areas.models import Area
from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Actor, Grant, Role
from budayang.center.platform.models import Organization, Place

SYSTEM = Actor.system()


@dataclass(frozen=True, slots=True)
class City:
    """Places, an owner unit, and the area KBS in 康巴什区."""

    city: Place
    banner: Place
    far: Place
    owner: Organization
    area: Area

    def keeper(self) -> Actor:
        return Actor("staff", "lin", (Grant(Role.AREA_KEEPER, self.area.place.path),), 1)

    def stranger(self) -> Actor:
        return Actor("staff", "ou", (Grant(Role.AREA_KEEPER, self.far.path),), 2)

    def supervisor(self) -> Actor:
        return Actor("staff", "zhu", (Grant(Role.SUPERVISOR, self.city.path),), 3)

    def owner_unit(self) -> Actor:
        return Actor("staff", "ren", (Grant(Role.OWNER_UNIT, self.city.path, self.owner.pk),), 4)

    def administrator(self) -> Actor:
        return Actor("staff", "sys", (Grant(Role.SYSTEM_ADMIN, self.city.path),), 5)


def build() -> City:
    """Make the city."""
    top = platform.add_place(SYSTEM, code="150600", name="鄂尔多斯市", kind="region", parent=None)
    banner = platform.add_place(SYSTEM, code="150603", name="康巴什区", kind="region", parent=top)
    far = platform.add_place(SYSTEM, code="150625", name="杭锦旗", kind="region", parent=top)
    owner = platform.add_organization(SYSTEM, code="RS", name="测试人社", kind="owner", place=top)
    area = actions.create_area(SYSTEM, code="KBS", name="测试自助区", parent=banner, is_demo=True)
    return City(top, banner, far, owner, area)
