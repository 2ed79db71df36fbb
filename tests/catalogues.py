"""The texts of the program, and their translations. `python -m tests.catalogues` brings the catalogues up to date."""

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from tui.language import DOMAIN, ENGLISH, LANGUAGES, LOCALES

TRANSLATIONS = [code for code in LANGUAGES if code != ENGLISH]

SOURCE = LOCALES.parent
MARKS = ("_", "N_", "ngettext", "pgettext")
"""The functions that mark a text."""

_HEADERS = ("Language", "Plural-Forms", "MIME-Version", "Content-Type", "Content-Transfer-Encoding")
"""Those that a program needs. The others tell of dates and people."""


def extracted() -> Catalog:
    """Every marked text of the program, also inside an f-string, where Babel does not look."""
    catalogue = Catalog()
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE.parent).as_posix()
        for line, mark, texts in sorted(_marked(path)):
            context = texts[0] if mark == "pgettext" else None
            text = texts[:2] if mark == "ngettext" else texts[-1]
            catalogue.add(text, None, [(name, line)], context=context)
    return catalogue


def _marked(path: Path) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            mark = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
            texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if mark in MARKS and texts:
                yield node.lineno, mark, tuple(texts)


def catalogue_path(code: str) -> Path:
    """Where the catalogue of a language is."""
    return LOCALES / code / "LC_MESSAGES" / f"{DOMAIN}.po"


def catalogue(code: str) -> Catalog:
    """A translation as it is in the package."""
    with catalogue_path(code).open("rb") as file:
        return read_po(file, locale=code, abort_invalid=True)


def main() -> None:
    """Add new texts to each catalogue, and remove those that are gone."""
    texts = extracted()
    for code in TRANSLATIONS:
        translation = catalogue(code)
        translation.update(texts, no_fuzzy_matching=True)
        translation.obsolete.clear()
        headers = "".join(f'"{name}: {value}\\n"\n' for name, value in translation.mime_headers if name in _HEADERS)
        with catalogue_path(code).open("wb") as file:
            file.write(f'msgid ""\nmsgstr ""\n{headers}\n'.encode())
            write_po(file, translation, width=120, omit_header=True, include_lineno=False, sort_by_file=True)
        missing = sum(not entry.string for entry in translation if entry.id)
        print(f"{code}: {len(translation)} texts, {missing} of them without a translation")  # noqa: T201


if __name__ == "__main__":
    main()
