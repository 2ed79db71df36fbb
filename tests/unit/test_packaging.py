"""What pyproject.toml promises to who installs Shunter."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_PROJECT = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]


def _imported() -> set[str]:
    """The packages that the program imports anywhere, its own and Python's left out."""
    trees = [ast.parse(path.read_text()) for path in (_ROOT / "tui").rglob("*.py") if path.name != "hatch_build.py"]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {module.partition(".")[0] for module in modules} - {"tui", *sys.stdlib_module_names}


def test_whatever_is_imported_is_declared() -> None:
    """Else it is there only as long as some other package happens to need it."""
    lines = [*_PROJECT["dependencies"], *_PROJECT["optional-dependencies"]["simulator"]]
    declared = {re.split(r"[^\w-]", line)[0] for line in lines}
    installed = packages_distributions()  # not all are on every system
    owners = {name: {owner.lower() for owner in installed.get(name, [name])} for name in _imported()}
    assert {name for name, owned_by in owners.items() if not owned_by & declared} == set()


def test_no_installer_is_told_to_fetch_shunter_by_its_name() -> None:
    """The name is not registered anywhere: who registers it would be run instead. All comes from this folder."""
    texts = [*(_ROOT / "tui").rglob("*.py"), *_ROOT.glob("*.md"), *(_ROOT / "tui").rglob("*.md")]
    installer = re.compile(r"\b(?:pip3? install|pipx (?:install|run)|uv (?:tool |pip )?(?:install|run)|uvx)\b([^\n]*)")
    advised = [(path, line) for path in texts for line in installer.findall(path.read_text())]
    assert any(path.name == "simulate.py" for path, _ in advised)
    own = re.compile(r"(?: -q| -e| --from)* '?\.(?:\[\w+\])?'?(?![\w/.])")
    assert [(path.name, line) for path, line in advised if not own.match(line)] == []


def test_package_that_is_said_to_be_typed_is() -> None:
    assert "Typing :: Typed" in _PROJECT["classifiers"]
    assert (_ROOT / "tui/py.typed").exists()
