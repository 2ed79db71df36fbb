"""What a person does at one exchange: submit, settle, watch, read balances, check a key. For all that is above it.

`desk` is the one way to submit a transfer; `settle` finds out how an unknown one ended, by `matching` it with the
exchange's records, and `watch` looks again at what was judged; `balances` reads the wallets, `past` the history of all
types, which `reconcile` holds against the journal and `browse` puts beside it; `keycheck` looks at a key.
"""
