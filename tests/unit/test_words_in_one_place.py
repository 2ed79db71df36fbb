"""Every sentence about the outcome of a transfer is built in `tui.words`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import tui

ROOT = Path(tui.__file__).parent

VOCABULARY = re.compile(
    r"\b(executed|moved|rejected|refused it|refuses|not sent|was sent|unknown|judged|settled)\b", re.IGNORECASE
)
"""What only a sentence about an outcome needs. A text of one word is a name or a value, not a sentence."""

HOMES = ("words", "demo")
"""`words` builds the sentences; `demo` answers as the exchange does."""

ALLOWED = {
    "app/crash.py": "a crash report: it knows of no transfer",
    "commands/reconcile.py": "the help of the command: it explains its exit status",
    "desk/history_reader.py": "about the pairs and the clock of a reading, not about a transfer",
    "domain/entries.py": "the names of the kinds of difference, and why a transfer cannot be made again",
    "domain/evidence.py": "the names of the outcomes",
    "domain/form.py": "about an amount that can be moved, before a transfer is made",
    "journal/file.py": "about the journal's file and its disk",
    "journal/rows.py": "SQL",
    "journal/schema.py": "SQL",
    "screens/palette.py": "words that people look for",
    "widgets/amount_input.py": "about an amount that can be moved, before a transfer is made",
}
"""Modules that use the vocabulary for something else, each with what."""


def sentences(path: Path) -> Iterator[str]:
    """The texts of a module that a person could read: all but docstrings and the descriptions of fields."""
    tree = ast.parse(path.read_text())
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in notes)
    yield from (node.value for node in constants if isinstance(node.value, str) and " " in node.value.strip())


def outside() -> Iterator[tuple[str, str]]:
    """Each sentence about an outcome that is not built in `words`, with its module."""
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(tuple(f"{home}/" for home in HOMES)):
            yield from ((name, text) for text in sentences(path) if VOCABULARY.search(text))


def test_sentences_about_an_outcome_are_built_in_words() -> None:
    built = [f"{name}: {text!r}" for name, text in outside() if name not in ALLOWED]
    assert not built, "\n".join(built)


def test_every_exception_is_still_needed() -> None:
    assert set(ALLOWED) == {name for name, _ in outside()}


@pytest.mark.parametrize("line", ['say("Nothing moved.")', 'say(f"{asset} was not sent")', 'WHY = "It was executed"'])
def test_a_sentence_built_elsewhere_is_found(line: str, tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(line)
    assert any(VOCABULARY.search(text) for text in sentences(module))
