"""Which anchors are looked for together: those that stand in one group are told apart last, so they should look alike.

The automaton looks at sixteen bytes at once, and asks of each place whether its four bytes could begin an anchor of any
of sixteen groups. It asks by halves of bytes: a group of unlike anchors also says yes to mixtures of them that are all
over a log, and each of these has to be looked at more closely. ``tests/benchmarks/anchor_groups.py`` finds groups that say
yes as rarely as possible in given logs; the search is then faster by half.
"""

from __future__ import annotations

from collections.abc import Collection

# What the library does: the anchor of number n goes to group 15 - n % 16.
_GROUPS = 16
_LOOKED_AT = 4
# The first bytes of those that go together.
ALIKE: tuple[tuple[bytes, ...], ...] = (
    (b" (ve", b"DELE", b"t ha", b"t re"), (b" all", b"ed [", b"etry", b"he i"), (b" com", b" to ", b"ucce", b"vacu"),
    (b" dat", b" fai", b" mig", b"lity"), (b" is ", b"g cl", b"ize ", b"nish"), (b'"PUT', b"Acti", b"OST ", b"ssum"),
    (b"Free", b"prov", b"reco", b"rror"), (b"Maki", b"Old ", b"t ho", b"ty f"), (b"Migr", b"raw ", b"rown", b"urne"),
    (b"allo", b"chec", b"d al", b"d ho"), (b"ashi", b"g ho", b"n ho", b"ng i"), (b"ed m", b"eive", b"iola", b"ulin"),
    (b"ed: ", b"ew: ", b"it: ", b"m in"), (b"g ev", b"g wi", b"helv", b"orph"), (b"ifec", b"more", b'nfo"', b"ompu"),
    (b"retr", b"tes?", b"uniq", b"xcep"),
)  # fmt: skip


def grouped(anchors: Collection[bytes]) -> list[bytes]:
    """Anchors in the order in which the automaton should get them; those that are in no group go where there is room.

    The first of two that begin at one place is found, so that none may come before a longer one that begins with it.
    """
    known = {begins: number for number, alike in enumerate(ALIKE) for begins in alike}
    groups: list[list[bytes]] = [[] for _ in range(_GROUPS)]
    for anchor in sorted(anchors, key=lambda anchor: (anchor[:_LOOKED_AT] not in known, anchor)):
        number = known.get(anchor[:_LOOKED_AT])
        (min(groups, key=len) if number is None else groups[number]).append(anchor)
    groups.sort(key=len, reverse=True)  # those that end early last, so that the others keep their step
    found = [alike[row] for row in range(len(groups[0])) for alike in groups if row < len(alike)]
    hidden = any(one != other and other.startswith(one) for one in found for other in found)
    return sorted(found, key=len, reverse=True) if hidden else found
