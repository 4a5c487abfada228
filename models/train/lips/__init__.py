"""Training and honest evaluation of the digit reader: see ../README.md."""
