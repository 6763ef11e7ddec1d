"""The command line: what is typed, what is said of it, and Hydra's callbacks around sweeps."""
