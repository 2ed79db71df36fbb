"""Structs: what has fields that do not change, and `replace` for one.

They are msgspec's. A program that has just started defines some 130 of them, and a dataclass takes half a millisecond
each.
"""

from typing import TYPE_CHECKING, dataclass_transform

import msgspec
from msgspec import field

if TYPE_CHECKING:
    from dataclasses import replace  # noqa: TID251 - so that mypy checks the fields
else:
    from msgspec.structs import replace

__all__ = ["Struct", "field", "replace"]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Struct(msgspec.Struct, frozen=True):
    """The base of all that have named fields and are not decoded from an exchange's answer."""
