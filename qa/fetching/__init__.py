"""Addresses become articles: asked for politely, within limits, and on the public internet only.

Nothing is fetched but by ``qa index``, ``qa diff`` and what calls them, from addresses that a person gave.
"""
