"""People judge examples: what they are shown, their answers, and what these come to."""
