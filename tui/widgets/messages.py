"""Messages with fields."""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

_Message = TypeVar("_Message")


@dataclass_transform(eq_default=False)
def fields(message: type[_Message]) -> type[_Message]:
    """Give a message the fields that it names, in place of a dataclass: nothing compares or prints a message, and what
    does that takes most of the half millisecond in which Python makes a dataclass.
    """
    return dataclass(repr=False, eq=False)(message)
