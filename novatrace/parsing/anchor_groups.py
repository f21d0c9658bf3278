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
    (b" (ve", b" com", b" dat", b"lity"), (b" all", b" is ", b" to ", b"raw "), (b" fai", b"he i", b'nfo"', b"reco"),
    (b" mig", b"t ha", b"t ho", b"t re"), (b'"PUT', b"DELE", b"OST ", b"it: "), (b"Acti", b"Migr", b"Old ", b"xcep"),
    (b"Free", b"Maki", b"ssum", b"urne"), (b"allo", b"eive", b"helv", b"more"), (b"ashi", b"g cl", b"g ev", b"ize "),
    (b"chec", b"g ho", b"g wi", b"ifec"), (b"d al", b"ed [", b"ed m", b"m in"), (b"d ho", b"n ho", b"ng i", b"ty f"),
    (b"ed: ", b"etry", b"ew: ", b"ompu"), (b"iola", b"nish", b"ucce", b"ulin"), (b"orph", b"retr", b"rown", b"rror"),
    (b"prov", b"tes?", b"uniq", b"vacu"),
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
