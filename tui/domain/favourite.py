"""Favourites: moves that a person makes often, under names of their own."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from tui.domain.amounts import ALL_BUT, AmountError, left_behind, parse_amount, plain
from tui.domain.layout import labelled
from tui.domain.text import printable
from tui.domain.transfer import Draft, given_pair_problems, parse_asset, parse_pair, route_problem
from tui.domain.wallets import parse_wallet, route
from tui.language import _
from tui.structs import Struct

MAX = "max"
"""The amount of a favourite that moves everything that can be moved."""

_LONGEST_NAME = 40


class Part(StrEnum):
    """The parts of a favourite in the file, in this order."""

    NAME = "name"
    SOURCE = "from"
    DESTINATION = "to"
    FROM_PAIR = "from-pair"
    TO_PAIR = "to-pair"
    ASSET = "asset"
    AMOUNT = "amount"
    PROFILE = "profile"


class InvalidFavourite(ValueError):
    """Raised when a favourite cannot be used. `part` is where it is wrong, if that is in one part."""

    def __init__(self, why: str, part: Part | None = None) -> None:
        super().__init__(labelled(part, why) if part else why)
        self.part = part


class Favourite(Struct):
    """A favourite, made by `parse_favourite`, which accepts only wallets between which one or two types lead."""

    name: str
    draft: Draft
    """What it fills the form with. Parts that are left out are empty."""
    profile: str = ""
    """The profile that it is for; empty if it is for all."""


def parse_favourite(written: Mapping[str, str]) -> Favourite:
    """Return a favourite from its parts; name, from, to and asset are needed, the others may be left out.

    Raises InvalidFavourite with the first thing that is wrong.
    """

    def read(part: Part) -> str:
        try:
            return _PARSERS[part](written[part]) if part in written else ""
        except ValueError as error:
            raise InvalidFavourite(str(error), part) from None

    for part in (Part.NAME, Part.SOURCE, Part.DESTINATION, Part.ASSET):
        if part not in written:
            raise InvalidFavourite(_("it is missing"), part)
    texts = {part: read(part) for part in Part}
    source, destination = parse_wallet(texts[Part.SOURCE]), parse_wallet(texts[Part.DESTINATION])
    types = route(source, destination)
    if not types:
        raise InvalidFavourite(route_problem(source, destination), Part.DESTINATION)
    pairs = texts[Part.FROM_PAIR], texts[Part.TO_PAIR]
    for field, problem in given_pair_problems(types, pairs[0] or None, pairs[1] or None).items():
        raise InvalidFavourite(problem, Part(field))
    takes_all = texts[Part.AMOUNT] == MAX
    amount = "" if takes_all else texts[Part.AMOUNT]
    draft = Draft(source, destination, texts[Part.ASSET], amount, *pairs, takes_all=takes_all)
    return Favourite(texts[Part.NAME], draft, texts[Part.PROFILE])


def written_down(favourite: Favourite) -> dict[str, str]:
    """Return the parts that `parse_favourite` reads, without those that are left out."""
    draft = favourite.draft
    texts: dict[str, str] = {
        Part.NAME: favourite.name,
        Part.SOURCE: draft.source.value,
        Part.DESTINATION: draft.destination.value,
        Part.FROM_PAIR: draft.from_pair if draft.source.value == "isolated" else "",
        Part.TO_PAIR: draft.to_pair if draft.destination.value == "isolated" else "",
        Part.ASSET: draft.asset,
        Part.AMOUNT: MAX if draft.takes_all else draft.amount,
        Part.PROFILE: favourite.profile,
    }
    return {part: text for part, text in texts.items() if text}


def _name(text: str) -> str:
    name = text.strip()
    if not name:
        raise ValueError(_("a favourite needs a name"))
    if len(name) > _LONGEST_NAME or printable(name) != name:
        problem = _("a name has at most {most} characters, all of which can be seen")
        raise ValueError(problem.format(most=_LONGEST_NAME))
    return name


def _wallet(text: str) -> str:
    return str(parse_wallet(text).value)


def _amount(text: str) -> str:
    if text.strip().casefold() == MAX:
        return MAX
    left = left_behind(text)
    try:
        return plain(parse_amount(text)) if left is None else f"{ALL_BUT} {plain(parse_amount(left))}"
    except AmountError as error:
        remedy = _('{problem}; or "max", "all but 50", or leave it out')
        raise ValueError(remedy.format(problem=error)) from None


_PARSERS: dict[Part, Callable[[str], str]] = {
    Part.NAME: _name,
    Part.SOURCE: _wallet,
    Part.DESTINATION: _wallet,
    Part.FROM_PAIR: parse_pair,
    Part.TO_PAIR: parse_pair,
    Part.ASSET: parse_asset,
    Part.AMOUNT: _amount,
    Part.PROFILE: str.strip,
}
