"""Questions about test examples: the LLM does the task itself."""
