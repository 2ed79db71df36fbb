"""The app: joins exchange, journal, keys and screens. The command line opens it.

`app` is Shunter's Textual app, on top of `terminal_app`, which knows nothing of transfers; `opening` opens a desk with
a key; `locking` locks an idle app; `early_keys` holds what is typed before its screen is there; `crash` ends the app on
an error of its own; `process` prepares the process, and is imported before Textual.
"""
