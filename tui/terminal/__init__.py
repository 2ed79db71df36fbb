"""The terminal: what it sends, read without guessing, so that what a person typed is told from everything else; and what it
shows, brought up to date with the least that does it. Any Textual app could take it."""
