"""Words, sentences, lists and entities: what all readers of an LLM's text share."""
