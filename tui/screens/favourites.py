"""Favourites: moves under names of their own, to fill the form with and to keep from it."""

from contextlib import suppress
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList

from tui.domain.amounts import AmountError, amount_shown, parse_amount, quantity
from tui.domain.favourite import Favourite, InvalidFavourite, Part, parse_favourite, written_down
from tui.domain.layout import padded, width_of
from tui.domain.text import printable
from tui.domain.transfer import Draft
from tui.favourites import FavouritesError, favourites, favourites_path, keep, remove
from tui.language import _, for_programs
from tui.screens.closing import DismissesItself
from tui.structs import replace
from tui.widgets.ask_line import AskLine
from tui.widgets.asking_dialog import Dialog
from tui.widgets.field_input import FieldInput
from tui.widgets.filter_line import FilterLine
from tui.widgets.form_field import FormField
from tui.widgets.steady_list import SteadyList
from tui.words.wallets import via

_KEEP = _("a  Keep the form   m  With Max   o  For this key only")
_ASK = _("Enter  Fill the form   x  Remove   /  Find   Esc  Close") + f"\n{_KEEP}"
_ASK_IF_NONE = f"{_KEEP}\n" + _("Esc  Close")
_ASK_FIND = _("Enter  Back to the list")
_ASK_NAME = _("Enter  Keep it    Esc or ^C  Cancel")
_ASK_REMOVE = _("y  Remove it    any other key  Leave it")
_NONE = _("There are none yet. Fill in the form, then a keeps it here under a name.")
_NO_MATCH = _("None matches. / changes what is looked for.")


class FavouritesScreen(DismissesItself, ModalScreen[Draft | None]):
    """Lists the favourites. Returns the draft to fill the form with, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "keep", _("Keep the form")),
        Binding("m", "keep(True)", _("Keep the form, with Max for its amount")),
        Binding("o", "keep(False, True)", _("Keep the form, for this key only")),
        Binding("x", "remove", _("Remove")),
        Binding("slash", "find", _("Find a favourite")),
        Binding("enter", "keep_named", _("Keep it"), show=False),
        Binding("escape,q,f7,ctrl+y", "close", _("Close")),
    ]

    def __init__(self, draft: Draft, profile: str) -> None:
        """`draft` is what is in the form, `profile` the profile in use."""
        super().__init__()
        self._draft = draft
        self._profile = profile
        self._to_remove: Favourite | None = None
        self._to_keep = Favourite("", draft)
        self._is_naming = False
        self._filter = ""
        """What is looked for in the lines."""

    def compose(self) -> ComposeResult:
        with Dialog():
            yield Label(_("FAVOURITES"), classes="title")
            yield SteadyList[Favourite](id="favourites", compact=True)
            yield FilterLine(placeholder=_("a name, an asset, a wallet"))
            yield Label("", id="favourites-said", markup=False)
            yield FormField("favourite-name", _("Name"), FieldInput("", max_length=40))
            yield AskLine(_ASK_IF_NONE)

    def on_mount(self) -> None:
        """List the favourites."""
        self._list()
        self._ask_name(False)

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Close, and fill the form with the favourite."""
        event.stop()
        self.dismiss(self._favourites.of(event.option).draft)

    @on(OptionList.OptionHighlighted)
    def leave_question(self) -> None:
        """Withdraw a question about another favourite."""
        if self._to_remove and self._favourites.marked != self._to_remove:
            self._withdraw()

    def action_find(self) -> None:
        """Let the person type what to look for."""
        self._withdraw()
        self.query_one(FilterLine).enter()
        self.query_one(AskLine).ask(_ASK_FIND)

    def on_filter_line_typed(self, message: FilterLine.Typed) -> None:
        """List what matches."""
        self._filter = message.text
        self._list()

    def on_filter_line_left(self) -> None:
        """Go back to the list."""
        self._ask_name(False)

    def action_keep_named(self) -> None:
        """Keep the form under the typed name."""
        field = self.query_one(FormField)
        try:
            keep(parse_favourite({Part.NAME: field.text, **written_down(self._to_keep)}), in_sight_of=self._profile)
        except (InvalidFavourite, FavouritesError) as error:
            field.show_problem(printable(str(error)))
            return
        self._list()
        self._ask_name(False)

    def on_key(self, event: events.Key) -> None:
        """Take the answer to `action_remove`: `y` is a yes, any other key a no."""
        if (marked := self._to_remove) and event.key != "x":
            self._withdraw()
            if event.key == "y":
                self._remove(marked)

    def action_keep(self, takes_all: bool = False, is_own: bool = False) -> None:
        """Ask for a name to keep the form under: with Max for its amount, or for this profile only."""
        if not self._draft.asset:
            self._say(_("The form has no asset yet. Fill it in first."))
            return
        draft = replace(self._draft, amount="", takes_all=True) if takes_all else self._draft
        self._to_keep = Favourite("", draft, self._profile if is_own else "")
        self._ask_name(True)

    def action_remove(self) -> None:
        """Ask whether to remove the marked favourite."""
        if marked := self._favourites.marked:
            self._to_remove = marked
            self._say(_("Remove {name}?").format(name=marked.name))
            self.query_one(AskLine).ask(_ASK_REMOVE)

    def action_close(self) -> None:
        """Close; or, while a name is typed, go back to the list."""
        if self._is_naming:
            self._ask_name(False)
        else:
            self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action is enabled: while text is typed, the letters belong to it."""
        is_typing = self._is_naming or (self.is_mounted and self.query_one(FilterLine).has_focus_within)
        return self._is_naming if action == "keep_named" else not is_typing or action == "close"

    @property
    def _ask(self) -> str:
        return _ASK if self._favourites.things else _ASK_IF_NONE

    @property
    def _favourites(self) -> SteadyList[Favourite]:
        return self.query_one("#favourites", SteadyList)

    def _remove(self, favourite: Favourite) -> None:
        try:
            remove(favourite.name)
        except FavouritesError as error:
            self._say(str(error))
            return
        self._list()
        self.query_one(AskLine).ask(self._ask)

    def _withdraw(self) -> None:
        self._to_remove = None
        self._say("")
        self.query_one(AskLine).ask(self._ask)

    def _list(self) -> None:
        """List the favourites of every profile and of this one, and the mistakes in the file."""
        usable: list[Favourite] = []
        problem = ""
        try:
            content = favourites()
        except FavouritesError as error:
            problem = str(error)
        else:
            usable = [each for each in content.usable if each.profile in ("", self._profile)]
            if content.mistakes:
                problem = f"{favourites_path()}:\n" + "\n".join(map(str, content.mistakes))
        width = max((width_of(each.name) for each in usable), default=0)
        lines = [(f" {padded(each.name, width)}  {_summary(each)}", each) for each in usable]
        words = self._filter.casefold().split()
        shown = [(line, each) for line, each in lines if all(word in _searched(line, each) for word in words)]
        self._favourites.show(shown)
        self._say(problem or ("" if shown else _NO_MATCH if usable else _NONE))

    def _say(self, text: str) -> None:
        label = self.query_one("#favourites-said", Label)
        label.update("\n".join(map(printable, text.split("\n"))))
        label.display = bool(text)

    def _ask_name(self, is_asked: bool) -> None:
        self._is_naming = is_asked
        field = self.query_one(FormField)
        field.display = is_asked
        hint = _("keeps {favourite}").format(favourite=_summary(self._to_keep)) if is_asked else ""
        field.show(problem="", hint=hint)
        self.query_one(AskLine).ask(_ASK_NAME if is_asked else self._ask)
        self.set_focus(field.entry if is_asked else self._favourites)


def _summary(favourite: Favourite) -> str:
    """Return what a favourite moves, in one line."""
    draft = favourite.draft
    source, destination = draft.ends
    move = f"{source.label} -> {destination.label}"
    if via(draft.route):
        move = _("{move}, {via}").format(move=move, via=via(draft.route))
    amount = _("any amount of {asset}").format(asset=draft.asset)
    if draft.amount:
        amount = f"{amount_shown(draft.amount)} {draft.asset}"
    if draft.takes_all:
        amount = _("Max {asset}").format(asset=draft.asset)
    elif draft.amount:
        with suppress(AmountError):  # an "all but" amount stays as it was typed
            amount = quantity(parse_amount(draft.amount), draft.asset)
    own = "   " + _("for {profile} only").format(profile=favourite.profile) if favourite.profile else ""
    return printable(f"{amount}   {move}{own}")


def _searched(line: str, favourite: Favourite) -> str:
    """Return what is looked for in: what is shown, and the same in English."""
    with for_programs():
        return f"{line} {_summary(favourite)}".casefold()
