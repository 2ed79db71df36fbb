"""Makes the pictures of this folder, and of the README in each other language the main one."""

import sys
from pathlib import Path
from subprocess import run

from tui import language

_FOLDER = Path(__file__).parent


def main() -> None:
    """Make the pictures of one language; without one, of each language in a process of its own."""
    if len(sys.argv) == 1:
        for code in language.LANGUAGES:
            run([sys.executable, __file__, code], check=True)  # noqa: S603 - this file itself
        return
    language.choose(sys.argv[1])
    from pictures import make  # with the screens, which translate their constants on import

    if sys.argv[1] == language.ENGLISH:
        make(_FOLDER)
    else:
        make(_FOLDER / sys.argv[1], ["main"])


if __name__ == "__main__":
    main()
