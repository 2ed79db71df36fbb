"""A Binance look-alike for `--demo`, `shunter simulate` and the tests. Of Shunter it uses the domain alone."""
