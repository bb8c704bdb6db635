"""Near copies: articles whose texts are all but the same, such as an agency's text in two papers, form a group.

Same are texts that share four fifths of their runs of five words (Jaccard's index of shingles: Broder 1997). Which pairs
are worth comparing, MinHash tells: two texts that similar agree in one of 16 bands of 6 values in 99 cases of 100, and at
an index of .3 in one of 100. Every pair found so is compared word for word.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import apsw

from qa.language.words import words
from qa.library.database import rows
from qa.progress import counted, tell_nobody
from qa.types import Progress

SAME = 0.8  # Jaccard's index from which two texts are near copies
_RUN = 5  # words
_BANDS, _VALUES = 16, 6


def shingles(text: str) -> frozenset[str]:
    """The runs of five words of a text; a shorter text is one run, one without words none."""
    said = words(text)
    return (
        frozenset(" ".join(said[at : at + _RUN]) for at in range(max(1, len(said) - _RUN + 1))) if said else frozenset()
    )


def similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's index, 0..1: what two sets share of what they have together."""
    return len(one & other) / (len(one | other) or 1)


def band_keys(runs: frozenset[str]) -> list[int]:
    """A number for each band of a text's MinHash; none for a text without words."""
    from datasketch import MinHash

    if not runs:
        return []
    sketch = MinHash(num_perm=_BANDS * _VALUES, seed=1, scheme="affine32")
    sketch.update_batch([run.encode() for run in runs])
    values = sketch.hashvalues.reshape(_BANDS, _VALUES)
    hashed = (hashlib.blake2b(bytes([band]) + row.tobytes(), digest_size=8) for band, row in enumerate(values))
    return [int.from_bytes(digest.digest(), "little", signed=True) for digest in hashed]


def regroup(
    connection: apsw.Connection, changed: Sequence[int], removed: Iterable[int] = (), tell: Progress = tell_nobody
) -> None:
    """Bring the groups up to date, once all rows stand; part of the caller's transaction.

    ``changed`` are new articles and those whose text is new, ``removed`` those that are gone.
    """
    left = _leave(connection, [*changed, *removed])
    for row_id in counted(changed, len(changed), "matching", tell):
        keys = band_keys(shingles(_text(connection, row_id)))
        connection.executemany("INSERT OR IGNORE INTO copy_bands VALUES (?, ?)", [(key, row_id) for key in keys])
    for row_id in [*left, *changed]:
        _join(connection, row_id)


def copy_problems(connection: apsw.Connection) -> Iterator[tuple[str, str]]:
    """What is wrong with bands and groups, as kind and detail."""
    bare = connection.execute("SELECT text FROM articles WHERE row_id NOT IN (SELECT row_id FROM copy_bands)")
    if missing := sum(bool(words(text)) for (text,) in bare):
        yield "near copies", f"{missing} articles were not compared with the others"
    gone = """SELECT row_id FROM (SELECT row_id FROM copy_bands UNION SELECT row_id FROM near_copies)
              WHERE row_id NOT IN (SELECT row_id FROM articles)"""
    if strange := len(rows(connection, gone)):
        yield "near copies", f"{strange} articles that are gone are still compared with the others"
    lonely = "SELECT 1 FROM near_copies GROUP BY copy_group HAVING count(*) < 2"
    if single := len(rows(connection, lonely)):
        yield "near copies", f"{single} groups have one article only"


def _leave(connection: apsw.Connection, row_ids: Sequence[int]) -> list[int]:
    """Take articles out of their groups and dissolve these; returns who was left behind, to be joined anew."""
    gone, left = set(row_ids), list[int]()
    for row_id in row_ids:
        for found in rows(connection, "SELECT copy_group FROM near_copies WHERE row_id = ?", (row_id,)):
            left += [one for (one,) in rows(connection, "SELECT row_id FROM near_copies WHERE copy_group = ?", found)]
            connection.execute("DELETE FROM near_copies WHERE copy_group = ?", found)
        connection.execute("DELETE FROM copy_bands WHERE row_id = ?", (row_id,))
    return [row_id for row_id in left if row_id not in gone]


def _join(connection: apsw.Connection, row_id: int) -> None:
    """Put an article into one group with all its near copies, whose groups become one."""
    runs, joined = None, set[int]()
    for other in _candidates(connection, row_id):
        if other in joined:
            continue
        runs = runs or shingles(_text(connection, row_id))
        if similarity(runs, shingles(_text(connection, other))) >= SAME:
            joined |= _merge(connection, row_id, other)


def _candidates(connection: apsw.Connection, row_id: int) -> list[int]:
    """Articles that share a band with this one."""
    query = """SELECT DISTINCT other.row_id FROM copy_bands own JOIN copy_bands other USING (key)
               WHERE own.row_id = ?1 AND other.row_id != ?1 ORDER BY other.row_id"""
    return [other for (other,) in rows(connection, query, (row_id,))]


def _merge(connection: apsw.Connection, one: int, other: int) -> set[int]:
    """Make one group of the groups of two articles, named after its first member; returns its members."""
    members = {one, other}
    for row_id in (one, other):
        query = (
            "SELECT row_id FROM near_copies WHERE copy_group = (SELECT copy_group FROM near_copies WHERE row_id = ?)"
        )
        members |= {member for (member,) in rows(connection, query, (row_id,))}
    name = min(members)
    connection.executemany("INSERT OR REPLACE INTO near_copies VALUES (?, ?)", [(member, name) for member in members])
    return members


def _text(connection: apsw.Connection, row_id: int) -> str:
    return str(rows(connection, "SELECT text FROM articles WHERE row_id = ?", (row_id,))[0][0])
