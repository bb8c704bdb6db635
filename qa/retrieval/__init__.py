"""A question becomes hits: passages, embedder, dates, follow-ups, keyword and vector search, their one order. No generator."""
