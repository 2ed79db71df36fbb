"""The clipboard of the person's own terminal, also behind tmux and GNU screen. (OSC 52 of xterm's ctlseqs.)

A terminal never says whether it took anything. xterm does not unless it is told to, tmux takes it for itself by its
option `set-clipboard on`, hands it on with `allow-passthrough on`, and else drops it; GNU screen hands it on.
"""

from base64 import b64encode
from collections.abc import Mapping


def asking_outside(text: str, environment: Mapping[str, str]) -> str:
    """What asks the terminal outside of tmux or screen to take a text; empty where nothing is known to be in between.

    In doubt it is screen's form: tmux drops that, but screen would print a part of tmux's.
    """
    asking = f"\x1b]52;c;{b64encode(text.encode()).decode()}\x07"
    term = environment.get("TERM", "")
    if term.startswith("tmux") or ("TMUX" in environment and "STY" not in environment):
        return "\x1bPtmux;" + asking.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if "STY" in environment or term.startswith("screen"):
        return f"\x1bP{asking}\x1b\\"
    return ""
