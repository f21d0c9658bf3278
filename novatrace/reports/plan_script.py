"""The wave plan as a shell script of ``openstack`` commands, with the reason of each wave as a comment.

Names come from logs or from a file: they are quoted for the shell, and a comment cannot end its line early.
"""

from __future__ import annotations

import shlex

from novatrace.model.replay import Replay, Wave
from novatrace.reports import words
from novatrace.reports.neutralise import neutral
from novatrace.reports.view_simulate import untested

_COMMANDS = {
    "migrate": "openstack server migrate",
    "unknown": "openstack server migrate",
    "live-migrate": "openstack server migrate --live-migration",
    "evacuate": "openstack server evacuate",
}
# Read in python-openstackclient 3.16.0, 4.0.2, 5.0.0, 5.2.2, 5.5.1, 6.6.1, 7.4.0 and 8.0.0 (openstackclient/compute/v2/server.py,
# entry points); the microversions stand in its help.
_COLD = (
    (
        "A cold-migrated VM stays in VERIFY_RESIZE until `openstack server migrate confirm VM` (client 5.0 and later; before: "
        "`openstack server resize confirm VM` in 4.0, `openstack server resize --confirm VM` in 3)."
    ),
    (
        "The scheduler picks the target. To name it: `openstack --os-compute-api-version 2.56 server migrate --host HOST VM` "
        "(client 4.0 and later, Nova Queens and later); a named host is still checked by the filters."
    ),
)
_NOTES = {
    "migrate": _COLD,
    "unknown": (
        "The logs do not say which action it was; these commands migrate cold.",
        *_COLD,
    ),
    "live-migrate": (
        (
            "`--live-migration` needs client 4.0 or later; before there is only `--live HOST`, which names the target (and skips the "
            "scheduler's checks below compute API 2.30)."
        ),
        "To name the target: `openstack --os-compute-api-version 2.30 server migrate --live-migration --host HOST VM`.",
    ),
    "evacuate": (
        "`openstack server evacuate` needs client 5.5 or later; before: `nova evacuate VM`. Fence the failed host first.",
    ),
}
_CONFIRMED = ("migrate", "resize", "unknown")
_UNTESTED = "echo 'not run: the backtest of this plan is not good; read its comments, and take this line out to run it' >&2; exit 1"
_WAIT = """\
# Waits until every VM of a wave has been claimed by its target and has moved; stops when one is in ERROR.
wait_for() {
    for vm in "$@"; do
        while task=$(openstack server show -f value -c OS-EXT-STS:task_state -- "$vm"); do
            case "$task" in None|"") break ;; esac
            sleep 5
        done
        status=$(openstack server show -f value -c status -- "$vm")
        echo "$vm $status"
        case "$status" in ERROR) echo "stopped: $vm is in ERROR" >&2; exit 1 ;; esac
        [ -z "$moved" ] || [ "$status" = "$moved" ] || echo "warning: $vm is $status, not $moved: did it move?" >&2
    done
}
"""


def script(replay: Replay, *, tool_version: str) -> str:
    """The whole script; it ends with a newline."""
    scenario = replay.scenario
    command = _COMMANDS.get(scenario.action)
    lines = [
        "#!/bin/sh",
        _comment(f"Wave plan for {scenario.name}, by novatrace {tool_version}. Read it before you run it."),
        _comment(f"Backtest: {replay.backtest.because}."),
        _comment("Each wave fits wherever the scheduler sends it, as long as nobody else takes room meanwhile."),
        *(_comment(note) for note in _NOTES.get(scenario.action, ())),
        "set -eu",
        f"moved={'VERIFY_RESIZE' if scenario.action in _CONFIRMED else ''}  # the status of a VM that has moved",
        "",
        _WAIT,
    ]
    if command is None:
        lines.insert(
            4, _comment(f"These were {scenario.action} actions: their command needs more than the VM; fill it in.")
        )
        command = f": {scenario.action}"
    if untested(replay):
        lines.append(_UNTESTED + "\n")
    number = len(replay.plan.waves)
    for index, wave in enumerate(replay.plan.waves):
        lines += [*_wave(replay, wave, index, number, command), ""]
    if replay.plan.unplaceable:
        lines.append(_comment(f"In no wave: {replay.plan.unplaceable_because}."))
        lines += [_comment(scenario.vms[vm].name or "a VM that no log names") for vm in replay.plan.unplaceable]
    return "\n".join(lines).rstrip("\n") + "\n"


def _wave(replay: Replay, wave: Wave, index: int, number: int, command: str) -> list[str]:
    scenario = replay.scenario
    lines = [_comment(f"Wave {index + 1} of {number}: {words.count(len(wave.vms), 'VM')}; {wave.reason}.")]
    named = []
    for vm, host in zip(wave.vms, wave.expected, strict=True):
        name = scenario.vms[vm].name
        if name is None:
            lines.append(_comment("a VM that no log names: put its UUID here"))
            continue
        quoted = shlex.quote(neutral(name))
        named.append(quoted)
        likely = "" if host is None else f"  {_comment('expected on ' + scenario.hosts[host].target.host)}"
        lines.append(f"{command} -- {quoted}{likely}")
    if named:
        lines.append(f"wait_for {' '.join(named)}")
    return lines


def _comment(text: str) -> str:
    """A comment that stays on its line, whatever is in the text."""
    return "# " + neutral(" ".join(text.split()))
