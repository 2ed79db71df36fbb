"""The app: puts exchange, journal, keys and screens together. For the command line, which opens it.

`app` is Textual's App; `opening` says with which key it opens; `idle` notices that nobody is there, and `locking`
covers the screen then; `crash` is how it ends on an error of its own; `process` keeps the process tidy, and is imported
before Textual.
"""
