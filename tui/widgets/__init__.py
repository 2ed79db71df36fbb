"""The parts that screens are made of, one module each. A widget posts messages up and receives its state from above."""
