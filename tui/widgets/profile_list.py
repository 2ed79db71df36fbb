"""The key profiles as a list to choose from."""

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui import keys
from tui.domain.hosts import place_name


class ProfileList(OptionList):
    """Lists profiles. It is gone where there are none."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, compact=True)
        self.profiles: tuple[keys.Profile, ...] = ()
        """In the order of the list."""

    def show(self, profiles: tuple[keys.Profile, ...]) -> None:
        """List these, the first one marked."""
        self.profiles = profiles
        self.clear_options()
        self.add_options(Option(Content(_line(profile))) for profile in profiles)
        self.display = bool(profiles)
        if profiles:
            self.highlighted = 0
            self.focus()

    @property
    def marked(self) -> keys.Profile | None:
        """The one under the cursor."""
        return None if self.highlighted is None or not self.profiles else self.profiles[self.highlighted]


def _line(profile: keys.Profile) -> str:
    return f" {profile.name:<16} {profile.kind:<8} ...{profile.tail:<5} {place_name(profile.base_url)}"
