"""Every text that a person reads is marked, and has a translation in each language."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Message

from tests.catalogues import MARKS, SOURCE, TRANSLATIONS, catalogue, extracted


def placeholders(text: str) -> list[str]:
    """What is filled into a text: `{name}` with its format, or `%(name)s` as argparse has it."""
    percent = re.findall(r"%(?:\(\w+\))?[srd]", text)
    return sorted(percent or [f"{name}!{how}:{spec}" for _, name, spec, how in Formatter().parse(text) if name])


@pytest.mark.parametrize("code", TRANSLATIONS)
def test_every_marked_text_is_translated(code: str) -> None:
    """`python -m tests.catalogues` adds new texts to the catalogue, and removes old ones."""
    translation = catalogue(code)
    there = {(entry.context, entry.id): entry for entry in translation if entry.id}
    marked = {(entry.context, entry.id) for entry in extracted() if entry.id}
    assert marked - there.keys() == set(), "missing"
    assert there.keys() - marked == set(), "in the catalogue only"
    assert [entry.id for entry in there.values() if entry.fuzzy or not all(_forms(entry))] == []


def _forms(entry: Message) -> tuple[str, ...]:
    return (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ())


@pytest.mark.parametrize("code", TRANSLATIONS)
def test_translations_have_the_placeholders_of_their_source(code: str) -> None:
    for entry in catalogue(code):
        sources = (entry.id,) if isinstance(entry.id, str) else tuple(entry.id)
        for form in _forms(entry) if entry.id else ():
            assert placeholders(form) == placeholders(sources[-1]), form
            assert _has_room_like(sources[-1], form), f"{form!r} begins or ends with other blanks than its source"


def _has_room_like(source: str, form: str) -> bool:
    """Whether it has a blank where its source begins and ends with one, or a wide character that has one in it."""
    ends = ((source[:1], form[:1], "（、"), (source[-1:], form[-1:], "：、，；。"))
    return all(its.isspace() or its in wide if own.isspace() else not its.isspace() for own, its, wide in ends)


def test_plurals_have_the_placeholders_of_both_forms() -> None:
    for entry in extracted():
        if isinstance(entry.id, tuple):
            one, many = map(placeholders, entry.id)
            assert set(one) <= set(many), entry.id


_TEXT = re.compile(
    r"[A-Za-z][A-Za-z']+[,.:;]? [A-Za-z(]"  # words
    r"|\b[a-z]{2,} \{\}|\{\} [a-z]{2,}"  # a word next to what is filled in
    r"|^[A-Z][a-z]+$|^[a-z]+: ?$|e\.g\."  # a label
)
_SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA|ALTER|DROP|BEGIN|WHERE|AND|OR|IN|BY|LIKE)\b|_ms\b")
_FUNCTIONS = {*MARKS, "cast", "TypeVar"}
_NAMES = ("__all__", "DEFAULT_CSS", "CSS")
_KEYS = r"Enter|Esc|Space|Left|Up|Down|Down Up"

NOT_TRANSLATED = {
    r"demo/.*": r".*",  # what the exchange answers
    r"(screens|widgets)/.*": rf"{_KEYS}|#[\w-]+ Input|title help-group|Shunter|keep\(False, True\)",
    r"(cli|commands/.*|keys/.*)\.py": r" *(command )?shunter [^.]*",  # commands to copy
    r"app/app\.py": r"Shunter|Language",
    r"domain/(answers|evidence)\.py|exchange/balances\.py": r".*",  # the exchange's own texts; reasons in the journal
    r"domain/credentials\.py": r"a secret cannot be pickled",
    r"domain/plan\.py": r"a plan has a first step|a step moves the same asset, .*",
    r"(domain/(text|layout)|frame/characters)\.py": r"[LN][a-z]",  # categories of Unicode
    r"exchange/(answers|streams)\.py": r"Date|Host",
    r"exchange/client\.py": r"a profile holds Ed25519 or RSA keys only",
    r"exchange/payloads\.py": r".*",  # why an answer is not accepted: no person sees it
    r"favourites\.py|rules\.py": r".*end of document.*",
    r"history\.py": r".*",  # why a row of the copy is not accepted: it is read again
    r"journal/(evidence|store)\.py": r"Legacy|no evidence: \{\}|haystack.*",
    r"keys/(errors|formats)\.py": r"API key|.*BEGIN.*|[A-Z ]+ KEY|openssl .*",
    r"keys/gnome_keyring\.py": r"Locked",
    r"keys/keyring_calls\.py": r"Secret Service.*|macOS Keychain|Windows Credential Locker",
    r"keys/profiles\.py": r"the name or the base URL is not in its plain form",
    r"keys/session_bus\.py": r'"\$@".*',
    r"language\.py": r"English|Shunter speaks English here, .*",
    r"screens/palette\.py": r"Chinese Simplified.*|not bold",
}
"""What looks like a text for a person and is none, by the modules that have it."""


def unmarked(path: Path) -> Iterator[str]:
    """The texts of a module that look as if a person read them, and are not marked."""
    tree = ast.parse(path.read_text())
    known = {id(part) for node in ast.walk(tree) for known in _no_texts(node) for part in ast.walk(known)}
    for node in ast.walk(tree):
        if id(node) in known:
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if _TEXT.search(text) and not _SQL.search(text):
            yield text


def _no_texts(node: ast.AST) -> Iterator[ast.AST]:
    """What of a node holds no text of its own: docstrings, types, marked texts, the parts of a text."""
    match node:
        case ast.Expr(value=ast.Constant() as note):
            yield note
        case ast.arg(annotation=ast.expr() as kind) | ast.AnnAssign(annotation=kind):
            yield kind
        case ast.FunctionDef(returns=ast.expr() as kind) | ast.AsyncFunctionDef(returns=ast.expr() as kind):
            yield kind
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _FUNCTIONS:
            yield node
        case ast.Subscript(slice=key):
            yield key
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in _NAMES:
            yield value
        case ast.JoinedStr(values=parts):
            yield from (part for part in parts if isinstance(part, ast.Constant))
            yield from (part.format_spec for part in parts if isinstance(part, ast.FormattedValue) and part.format_spec)


def test_every_text_that_a_person_reads_is_marked() -> None:
    needed, left = set(), []
    for path in SOURCE.rglob("*.py"):
        name = path.relative_to(SOURCE).as_posix()
        for text in unmarked(path):
            exceptions = {
                module
                for module, texts in NOT_TRANSLATED.items()
                if re.fullmatch(module, name) and re.fullmatch(texts, text, re.DOTALL)
            }
            needed |= exceptions
            if not exceptions:
                left.append(f"{name}: {text!r}")
    assert left == []
    assert set(NOT_TRANSLATED) == needed, "exceptions that are not needed"


def test_text_that_is_not_marked_is_found(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""A module."""\nLabel("Nothing yet")\nLabel(_("All of it"))\nLabel(f"{count} transfers")\n')
    assert list(unmarked(module)) == ["Nothing yet", "{} transfers"]
