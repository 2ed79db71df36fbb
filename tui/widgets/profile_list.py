"""The key profiles as a list to choose from."""

from textual.content import Content
from textual.widgets.option_list import Option

from tui import keys
from tui.domain.hosts import in_short, place_name
from tui.widgets.steady_list import SteadyList

_MOST_OF_PLACE = 21
"""Characters that a line of the dialog has left."""


class ProfileList(SteadyList):
    """Lists profiles. It is hidden if there are none."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, compact=True)
        self.profiles: tuple[keys.Profile, ...] = ()
        """In the order of the list."""

    def show(self, profiles: tuple[keys.Profile, ...], in_use: str) -> None:
        """List profiles and mark the one in use, where the cursor starts. It stays on its name later."""
        name = self.marked.name if self.marked else in_use
        self.profiles = profiles
        self.clear_options()
        self.add_options(Option(Content(_line(profile, in_use)), id=profile.name) for profile in profiles)
        self.display = bool(profiles)
        if profiles:
            self.mark(name)
            self.focus()

    def mark(self, name: str) -> None:
        """Move the cursor to a name, or to the first profile if that name is not listed."""
        names = [profile.name for profile in self.profiles]
        self.highlighted = names.index(name) if name in names else 0

    def named(self, name: str | None) -> keys.Profile | None:
        """Return the profile of a name, or None if it is no longer listed."""
        return next((profile for profile in self.profiles if profile.name == name), None)

    @property
    def marked(self) -> keys.Profile | None:
        """The profile under the cursor."""
        return None if self.highlighted is None or not self.profiles else self.profiles[self.highlighted]


def _line(profile: keys.Profile, in_use: str) -> str:
    mark = "in use" if profile.name == in_use else ""
    place = in_short(place_name(profile.base_url), _MOST_OF_PLACE)
    return f" {profile.name:<16} {mark:<7} {profile.kind:<8} ...{profile.tail:<5} {place}"
