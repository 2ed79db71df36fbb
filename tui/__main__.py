"""`shunter`, and `python -m tui`."""

import signal
import sys

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ^C during the imports ends it without a traceback

from tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
