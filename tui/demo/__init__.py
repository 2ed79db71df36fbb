"""A Binance look-alike: for `--demo`, `shunter simulate` and the tests. It knows the domain, and nothing else."""
