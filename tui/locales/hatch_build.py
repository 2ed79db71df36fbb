"""Compiles the catalogues while Shunter is built or installed, from a checkout too."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledCatalogues(BuildHookInterface[Any]):
    """Writes next to each catalogue what gettext reads."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile every catalogue."""
        for source in (Path(self.root) / "tui/locales").rglob("*.po"):
            compile_catalogue(source)


def compile_catalogue(source: Path) -> None:
    """Write next to a catalogue what gettext reads."""
    with source.open("rb") as file:
        catalogue = read_po(file, abort_invalid=True)
    with source.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)
