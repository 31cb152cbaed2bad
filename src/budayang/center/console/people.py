"""Who did something, in words: the name of a person in place of the user name that a record holds."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from budayang.center.platform import queries as platform


class People:
    """The people of some records, fetched with one query. What is no user name (a machine's code) stays as it is."""

    def __init__(self, usernames: Iterable[str] = ()) -> None:
        self._names = platform.names_of(usernames)

    def called(self, username: str) -> str:
        """The name to show; "" when the record holds none."""
        if username in self._names:
            return self._names[username]
        # Jobs of the platform are called "services.cases": no word for a reader.
        return _("平台自动") if username == "system" or "." in username else username
