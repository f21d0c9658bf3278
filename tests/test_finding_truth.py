"""Precision and recall of findings over every case that Nova's own database tells the truth of.

Numbers of findings are held against counts of the truth, made here with nothing of novatrace's; a finding that the truth
does not know of is an accusation too many.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from cases import FIXTURES, INCIDENT, analysed, case_folders, info_folders
from test_mutations import SHIPPED, logs, read
from test_truth import FOLDERS, failed, moves, tried, truth, turned_away

from novatrace import findings
from novatrace.model.finding import SEVERITIES

UNAVAILABLE, GROUP = "ComputeResourcesUnavailable", "GroupAffinityViolation"
all_cases = pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: f"{p.parent.parent.name}/{p.name}")


def total(folder, slug: str, measure: str) -> float:
    """The sum of a measure over all findings of a slug in a case."""
    return counted(analysed(folder), slug, measure)


def raised(folder) -> Counter:
    """How many findings of each slug there are."""
    return Counter(f.slug for f in analysed(folder).findings)


def claims(folder, error: str) -> list[dict]:
    """The moves that had a claim refused with an error, once for each claim."""
    return [
        a
        for a in moves(folder).values()
        for c in a.get("claims", [])
        if c.get("ok") is False and error in str(c["error"])
    ]


@all_cases
def test_as_many_claims_are_said_to_be_refused_as_were(folder):
    """Each refused claim is counted once, under its resource; group refusals are affinity-race's."""
    assert total(folder, "claim-refused", "claims_refused") == len(claims(folder, UNAVAILABLE))
    assert total(folder, "affinity-race", "refused") == len(claims(folder, GROUP))
    lost = {a["request_id"] for a in claims(folder, UNAVAILABLE) if failed(a)}
    assert total(folder, "claim-refused", "moves_failed") == len(lost)


@all_cases
def test_as_many_allocations_are_said_to_be_refused_as_were(folder):
    """Refusals by placement for want of room, and the moves that found no other host."""
    refused = sum(len(rids & set(moves(folder))) for rids in turned_away(folder).values())
    counted = total(folder, "placement-conflict", "allocations_refused") - total(
        folder, "placement-conflict", "without_resource"
    )
    assert counted == refused
    away = {rid for rids in turned_away(folder).values() for rid in rids if rid in moves(folder)}
    nowhere = [rid for rid in away if failed(moves(folder)[rid]) and not moves(folder)[rid].get("claims")]
    assert total(folder, "placement-conflict", "moves_without_host") == len(nowhere)


@all_cases
def test_moves_that_failed_after_their_claim_are_those_whose_last_claim_was_granted(folder):
    """Nova's own record of the claim says that there was room; one reason or several."""
    let_in = [
        a
        for a in moves(folder).values()
        if failed(a) and (c := sorted(a.get("claims", []), key=lambda c: c["at"])) and c[-1].get("ok")
    ]
    assert total(folder, "failed-after-claim", "moves") == len(let_in)


@all_cases
def test_reschedules_are_those_of_the_recorded_claims(folder):
    """A reschedule is a claim that follows another on a further host; a storm is 3 of them by 2 moves."""
    again = [len(hosts) - 1 for a in moves(folder).values() if len(hosts := a.get("claims", [])) > 1]
    storm = len(again) >= 2 and sum(again) >= 3
    assert raised(folder)["reschedule-storm"] == storm
    assert total(folder, "reschedule-storm", "reschedules") == (sum(again) if storm else 0)
    used_up = [
        a
        for a in moves(folder).values()
        if failed(a) and len(c := a.get("claims", [])) > 1 and not any(x.get("ok") for x in c)
    ]
    assert total(folder, "retries-exhausted", "moves") == len(used_up)


@all_cases
def test_what_the_api_refused_is_what_it_refused(folder):
    """Answers of 400 and more to moves that nobody scheduled."""
    refused = [
        a for a in truth(folder)["actions"] if a["request_id"] not in moves(folder) and a.get("http_status", 202) >= 400
    ]
    migrations = {m.request_id for m in analysed(folder).migrations}
    assert total(folder, "refused-by-api", "moves") == sum(a["request_id"] in migrations for a in refused)


@all_cases
def test_no_host_is_said_of_moves_that_no_host_was_tried_for(folder):
    """Placement's empty answers, the filters' empty lists: as many as moves that failed without a host, less placement's refusals."""
    nowhere = [rid for rid, a in moves(folder).items() if failed(a) and not tried(a)]
    lost = total(folder, "placement-conflict", "moves_without_host")
    assert total(folder, "no-valid-host", "moves") == len(nowhere) - lost


@all_cases
def test_nothing_is_said_to_be_missing_where_all_logs_are_there(folder):
    """Every service of the cloud left its log: no action is an orphan, no log has a gap; a clock is one machine's."""
    known = raised(folder)
    assert not known["orphan-action"]
    assert not known["log-gap"]
    assert not known["clock-contradiction"]
    assert not known["chain-not-logged"]
    assert bool(known["debug-off"]) == (folder in info_folders())


@all_cases
def test_as_many_checks_before_a_live_migration_failed_as_choices_were_made_in_vain(folder):
    """Each choice of a host for a live migration but the one that it went to; none elsewhere."""
    live = [a for a in moves(folder).values() if a["action"] == "os-migrateLive"]
    chosen = sum(bool(s.get("selected")) for a in live for s in a.get("selections", []))
    assert total(folder, "live-check-failed", "checks_failed") == chosen - sum(bool(a["target_host"]) for a in live)


@all_cases
def test_hosts_named_by_a_finding_are_what_it_says(folder):
    """A host that a herd passed by, or that stood idle, held in the database what the finding says that it had free."""
    before = truth(folder).get("hosts_before") or {}
    for finding in analysed(folder).findings:
        if finding.slug == "idle-candidate":
            host = before[finding.subject]
            free = next(m.value for m in finding.measures if m.name == "free_ram_mb")
            assert free == host["memory_mb"] * (host["ram_allocation_ratio"] or 1) - host["memory_mb_used"], (
                finding.title
            )
            assert finding.subject not in {h for a in moves(folder).values() for h in tried(a)}
        if finding.slug in ("herd", "stale-view"):
            assert finding.subject in {b.target.host for b in analysed(folder).bursts if b.verdict == "overcommitted"}


@all_cases
def test_no_more_moves_were_placed_than_a_short_batch_had_room_for(folder):
    """Where all moves of a case were one batch, the database has not more of them on their targets than there was room for."""
    placed = [a for a in moves(folder).values() if not failed(a)]
    for finding in analysed(folder).findings:
        if finding.slug == "short-of-room":
            (batch,) = [m for m in finding.measures if m.name == "moves"]
            assert batch.value != len(moves(folder)) or len(placed) <= batch.limit, finding.title


def test_moves_that_nobody_confirmed_are_those_that_the_database_has_unconfirmed():
    """The source is named whose moved VMs the database has as finished, not confirmed, and which placement then refused one."""
    folder = FIXTURES / "at-info" / "moved-and-not-confirmed"
    (finding,) = [f for f in analysed(folder).findings if f.slug == "unconfirmed-migrations"]
    held = [
        m for m in truth(folder)["migrations"] if m["source_compute"] == finding.subject and m["status"] == "finished"
    ]
    assert counted(analysed(folder), "unconfirmed-migrations", "moves") == len(held) == 2
    again = {m["instance_uuid"] for m in held}
    began = max(a["requested_at"] for a in moves(folder).values() if a["server"] in again)
    refused = turned_away(folder)[finding.subject]
    assert any(
        moves(folder)[rid]["requested_at"] >= began and moves(folder)[rid]["server"] not in again for rid in refused
    )


def test_vms_that_moved_later_are_not_to_be_asked_for_again():
    """Of the two moves that placement left without a host, one VM was moved by a later request."""
    folder = FIXTURES / "at-info" / "moved-and-not-confirmed"
    assert total(folder, "placement-conflict", "moves_without_host") == 2
    (finding,) = [f for f in analysed(folder).findings if f.slug == "placement-conflict"]
    assert "1 VM that lost is ACTIVE on the source" in finding.advice


def test_each_finding_of_a_real_case_is_one_that_the_truth_can_judge():
    """What the cases raise is tested above, or is told by the logs' own words (filters, limits)."""
    judged = {
        "overcommitted-target", "claim-refused", "affinity-race", "placement-conflict", "reschedule-storm", "retries-exhausted",
        "refused-by-api", "no-valid-host", "debug-off", "idle-candidate", "herd", "stale-view", "short-of-room",
        "live-check-failed", "failed-after-claim",
    }  # fmt: skip
    by_words = {"filter-bottleneck", "claim-unprotected"}
    seen = {slug for folder in case_folders() for slug in raised(folder)}
    assert seen <= judged | by_words


@pytest.mark.parametrize("folder", [*FOLDERS, INCIDENT], ids=lambda p: p.name)
def test_the_over_committed_target_is_told_first(folder):
    """Where a target was over-committed nothing stands above it; the rest is sorted by gravity, and nothing is told twice."""
    listed = analysed(folder).findings
    severities = [SEVERITIES.index(f.severity) for f in listed]
    assert severities == sorted(severities, reverse=True)
    if any(b.verdict == "overcommitted" for b in analysed(folder).bursts):
        assert listed[0].slug == "overcommitted-target"
    assert len({(f.slug, f.subject, f.title, f.evidence) for f in listed}) == len(listed)


def test_titles_count_right():
    """No ``1 moves`` and no ``2 move`` anywhere, and every slug has a kebab name."""
    for folder in [*FOLDERS, INCIDENT]:
        for finding in analysed(folder).findings:
            words = finding.title.replace(",", "").replace(":", "").split()
            for number, noun in pairwise(words):
                if number == "1":
                    assert noun not in {
                        "moves",
                        "claims",
                        "hosts",
                        "VMs",
                        "passes",
                        "decisions",
                        "allocations",
                        "arrivals",
                    }, finding.title
                elif number.isdigit():
                    assert noun not in {"move", "claim", "host", "VM", "pass", "decision", "allocation", "arrival"}, (
                        finding.title
                    )
    assert all(slug == slug.lower() and "_" not in slug for slug in findings.slugs())


AT_MOST = (
    ("claim-refused", "claims_refused"), ("claim-refused", "moves_failed"), ("affinity-race", "refused"),
    ("placement-conflict", "allocations_refused"), ("placement-conflict", "moves_without_host"),
    ("reschedule-storm", "reschedules"), ("retries-exhausted", "moves"), ("herd", "decisions"), ("refused-by-api", "moves"),
)  # fmt: skip
MUTATED = {"anti-affinity-race", "b1-race-placement-room1", "d4-reschedule", "o15-b1-race-room1", "live-migrate-race"}
ENDED = (("no-valid-host", "moves"), ("claim-refused", "moves_failed"))


@pytest.mark.parametrize("folder", [f for f in SHIPPED if f.name in MUTATED], ids=lambda p: p.name)
@pytest.mark.parametrize("service", ["nova-api", "nova-scheduler", "nova-conductor", "nova-compute", "placement-api"])
def test_without_a_services_logs_findings_accuse_of_no_more(folder, service):
    """What is counted becomes less, never more; an accepted action that only lost its trace is no stuck one."""
    kept = [path for path in logs(folder) if path.stem != service]
    if len(kept) == len(logs(folder)):
        pytest.skip(f"the case has no log of {service}")
    less, whole = read(*kept), analysed(folder)
    for slug, measure in AT_MOST:
        assert counted(less, slug, measure) <= counted(whole, slug, measure), (slug, measure)
    # What a lost log of the target does not tell of a first try, the pass after it does: no host was left.
    assert sum(counted(less, *told) for told in ENDED) <= sum(counted(whole, *told) for told in ENDED)
    over = {f.subject for f in whole.findings if f.slug == "overcommitted-target"}
    assert {f.subject for f in less.findings if f.slug == "overcommitted-target"} <= over
    for finding in less.findings:
        if finding.slug == "orphan-action":
            assert service in finding.subject or finding.basis == "inferred", finding.title
        if finding.slug == "log-gap":
            assert service == "nova-compute", finding.title


def counted(case, slug: str, measure: str) -> float:
    """The sum of a measure over the findings of a slug."""
    return sum(m.value or 0 for f in case.findings if f.slug == slug for m in f.measures if m.name == measure)
