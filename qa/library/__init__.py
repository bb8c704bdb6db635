"""What is stored: SQLite holds articles, passages, keyword index, vectors and the pointer to the FAISS files.

The articles are the source of truth; everything here can be rebuilt from them. No prompt, no generator.
"""
