"""The frame: a picture of the terminal's cells, of which only those that changed are written. Any Textual app could use
it.
"""
