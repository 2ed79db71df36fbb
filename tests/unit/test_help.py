"""The README's table of keys and the bindings say the same."""

import re
from pathlib import Path

from tui.app.app import ShunterApp
from tui.screens.help import explained_bindings, help_lines, key_name
from tui.screens.main import MainScreen

README = Path(__file__).parents[2] / "README.md"


def keys_of_readme() -> set[str]:
    """Return the first column of its table of keys, digit by digit."""
    table = README.read_text().partition("| key | does |\n|---|---|\n")[2].partition("\n\n")[0]
    cells = ", ".join(row.split("|")[1].strip() for row in table.splitlines())
    keys = set(re.split(r", | or ", cells))
    for first, last in re.findall(r"(\d) to (\d)", cells):
        keys |= {str(digit) for digit in range(int(first), int(last) + 1)}
    return {key for key in keys if " to " not in key}


def explained_keys() -> set[str]:
    return {key_name(key) for binding in explained_bindings(ShunterApp.BINDINGS) for key in binding.key.split(",")}


def test_every_key_in_the_readme_is_bound_and_explained_and_the_other_way_round() -> None:
    assert keys_of_readme() == explained_keys()


def test_every_key_in_the_main_screens_footer_is_explained() -> None:
    shown = [binding for binding in MainScreen.BINDINGS if binding.show]  # type: ignore[union-attr]
    assert {key_name(key) for binding in shown for key in binding.key.split(",")} <= explained_keys()  # type: ignore[union-attr]


def test_what_does_the_same_shares_a_line() -> None:
    lines = help_lines(explained_bindings(ShunterApp.BINDINGS))
    assert ("m, t, h, q", "in Amount, empty or selected: all (Max), 75, 50, 25 % of what can be moved") in lines
    assert ("F2 or Ctrl+R", "review (Enter in a field does it too)") in lines
    assert len({effect for _, effect in lines}) == len(lines)


def test_each_key_is_explained_once() -> None:
    explained = [
        key for keys, _ in help_lines(explained_bindings(ShunterApp.BINDINGS)) for key in re.split(r", | or ", keys)
    ]
    assert sorted(explained) == sorted(set(explained))
