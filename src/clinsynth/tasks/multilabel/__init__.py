"""Multi-label classification of short notes: which criteria of an instrument they meet."""
