"""What a person does at one exchange: submit, settle, watch, carry out plans, read balances and history, check a key.

`desk` is the one way to submit a transfer. `settle` finds out an unknown outcome by `matching` the transfer with the
exchange's records, and keeps looking after a judgement. `balances` reads the wallets, and `history_reader` the
history of all types; `reconcile` compares that with the journal, and `browse` lists both. `keycheck` checks a key.
`plans` carries out plans, and `foresight` finds out what is in the way of one.
"""
