"""`shunter`, and `python -m tui`."""

import gc
import os
import signal
import sys

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ^C during the imports ends it without a traceback


def main() -> int:
    """Run the command line and return the exit status."""
    gc.disable()  # imports leave hardly any garbage; `process.collect_garbage` ends this
    from tui import language
    from tui.app import process
    from tui.keys.settings import kept_language

    process.keep_memory_off_disk()
    process.open_closed_streams()
    language.start(sys.argv[1:], kept_language(), os.environ)
    from tui import cli  # late: what it imports translates constants

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
