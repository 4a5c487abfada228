"""Training of the texture stage's network; see ../README.md."""
