"""The commands of ``qa``: each takes the parsed options, prints, and returns its exit status."""
