"""The offline evaluation: questions with known answers are put to a library, and what comes back is counted."""
