"""Hits become an answer: evidence, refusal, prompt, generator, citations, support check. No storage."""
