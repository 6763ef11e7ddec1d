"""Named-entity recognition: one entity type, IOB2 tags over words."""
