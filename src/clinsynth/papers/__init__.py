"""What the papers report and claim, held against our runs."""
