"""One folder per task, the same rooms in each."""
