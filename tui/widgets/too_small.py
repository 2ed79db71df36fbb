"""What a terminal says that is too small to show a transfer whole."""

TOO_SMALL = "This terminal is too small for Shunter. Make it 60 columns by 16 rows or more; 80 by 24 shows everything."
