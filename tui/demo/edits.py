"""Answers with something else in the place of a value: whatever a text says, JSON or not."""

from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True)
class Edit:
    """Puts a text in the place of every value of one key."""

    key: str
    raw: str
    """As it goes into the answer, unchecked: `"text"`, `null`, `NaN`. An empty one leaves the key out."""

    def made(self, content: object) -> object:
        """The content of an answer, edited at every depth."""
        if isinstance(content, list):
            return [self.made(part) for part in content]
        if not isinstance(content, dict):
            return content
        edited = {key: self.made(value) for key, value in content.items()}
        if self.key in edited:
            edited[self.key] = msgspec.Raw(self.raw.encode())
            if not self.raw:
                del edited[self.key]
        return edited


def edited(content: object, edits: list[Edit]) -> object:
    """The content with all edits made, in turn."""
    for edit in edits:
        content = edit.made(content)
    return content
