"""A request as it was received, and its parameters."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import unquote_plus

from tui.demo.errors import Code, RequestRefused
from tui.domain.text import is_name

_MOST_PARAMETERS = 50
_MOST_IN_ASSET, _MOST_IN_SYMBOL = 20, 40
_WHOLE: Final = "[0-9]{1,18}"


@dataclass(frozen=True)
class Received:
    """A request, byte for byte."""

    headers: Mapping[str, str]
    """By name in lower case, or in any case."""
    query: bytes
    """As sent, percent-encoded."""
    body: bytes

    @cached_property
    def parameters(self) -> "Parameters":
        """The parameters of the query, then those of the body if it is a form. Raises RequestRefused."""
        is_form = self.headers.get("content-type", "").split(";")[0].strip().lower() == _FORM
        return Parameters(_decoded(self.query) + (_decoded(self.body) if is_form else []))


_FORM: Final = "application/x-www-form-urlencoded"


class Parameters:
    """The parameters by name. Each method refuses what is missing or malformed, as the exchange does."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        """Takes names and values in the order sent. Raises RequestRefused if a name is there twice."""
        self.all: dict[str, str] = {}
        for name, value in pairs:
            if name in self.all:
                raise RequestRefused(Code.DUPLICATE_PARAMETER, name)
            self.all[name] = value
        self._read = {"signature"}

    def has(self, name: str) -> bool:
        """Whether a parameter is there and not empty."""
        return bool(self._value(name))

    def text(self, name: str, pattern: str) -> str:
        """Return a parameter that must be there and match. Raises RequestRefused."""
        value = self._mandatory(name)
        if not re.fullmatch(pattern, value, re.ASCII):
            raise RequestRefused(Code.ILLEGAL_CHARACTERS, name, f"^{pattern}$")
        return value

    def optional(self, name: str, pattern: str) -> str | None:
        """Return a parameter that must match, unless it is missing or empty. Raises RequestRefused."""
        return self.text(name, pattern) if self.has(name) else None

    def asset(self) -> str:
        """Return the parameter `asset`: letters and digits of any script, without lower case in ASCII.

        Raises RequestRefused.
        """
        return self._name("asset", self._mandatory("asset"), _MOST_IN_ASSET)

    def symbol(self, name: str) -> str:
        """Return a pair, which follows the rule for assets. Raises RequestRefused."""
        return self._name(name, self._mandatory(name), _MOST_IN_SYMBOL)

    def symbols(self, name: str) -> list[str]:
        """Return pairs separated by commas. Raises RequestRefused."""
        return [self._name(name, symbol, _MOST_IN_SYMBOL) for symbol in self._mandatory(name).split(",")]

    def whole(self, name: str, default: int | None = None) -> int:
        """Return a whole number, which must be there unless it has a default. Raises RequestRefused."""
        if default is not None and not self.has(name):
            return default
        return int(self.text(name, _WHOLE))

    def check_all_read(self) -> None:
        """Raise RequestRefused if there is a parameter that the endpoint does not use."""
        for name in self.all:
            if name not in self._read:
                raise RequestRefused(Code.UNREAD_PARAMETER, name)

    def _mandatory(self, name: str) -> str:
        value = self._value(name)
        if not value:
            raise RequestRefused(Code.MANDATORY_PARAMETER, name)
        return value

    def _name(self, name: str, value: str, most: int) -> str:
        if not (1 <= len(value) <= most and is_name(value)) or re.search("[a-z]", value):
            raise RequestRefused(Code.ILLEGAL_CHARACTERS, name, f"capital letters and digits, at most {most}")
        return value

    def _value(self, name: str) -> str:
        self._read.add(name)
        return self.all.get(name, "")


def _decoded(encoded: bytes) -> list[tuple[str, str]]:
    parts = [part for part in encoded.split(b"&") if part]
    if len(parts) > _MOST_PARAMETERS:
        raise RequestRefused(Code.TOO_MANY_PARAMETERS)
    try:
        texts = [part.decode("ascii").partition("=") for part in parts]
        return [(unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")) for name, _, value in texts]
    except UnicodeDecodeError:
        raise RequestRefused(Code.ILLEGAL_CHARACTERS, "parameters", "UTF-8, percent-encoded") from None
