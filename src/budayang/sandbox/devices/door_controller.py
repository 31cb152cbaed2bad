"""An access controller (门禁) of the demonstration: it calls the relay with one line for each thing that happens, and
like a real one it says more than anybody asked for.
"""

from __future__ import annotations

import httpx

INVENTED = {"cardNo": "99990000", "name": "测试甲", "pictureUrl": "http://127.0.0.1/face.jpg", "deviceName": "演示门禁"}
"""What controllers send along. The relay must drop it; all of it is invented."""


class DoorController:
    """`client` has the relay's address as its base; `code` is the machine beside which the controller stands."""

    def __init__(self, client: httpx.AsyncClient, code: str, token: str) -> None:
        self._client, self._path = client, f"/door/{code}"
        self._headers = {"Authorization": f"Bearer {token}"}
        self.state = "closed"

    async def tell(self, **line: str) -> int:
        """Send a line; returns the relay's status."""
        answer = await self._client.post(self._path, json={**INVENTED, **line}, headers=self._headers)
        return answer.status_code

    async def someone_enters(self, by: str) -> list[int]:
        """It opens by a way and falls shut again."""
        return [await self.tell(state="open", opened=by), await self.tell(state="closed")]

    async def lock(self) -> int:
        """Somebody locks it."""
        self.state = "locked"
        return await self.tell(state="locked")

    async def press(self) -> int:
        """Somebody presses the help button on the wall, which is wired to the controller."""
        return await self.tell(pressed="help")

    async def refuse(self, by: str) -> int:
        """It does not let somebody in."""
        return await self.tell(refused=by)
