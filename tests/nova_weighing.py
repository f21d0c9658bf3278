"""Runs Nova's own weighing, out of its wheel, in a process of its own: hosts come in as JSON, orders go out as JSON.

What is Nova's is run as it is: ``nova/weights.py``, the weigher modules, and how the scheduler sorts, claims and names alternates. What
surrounds them (configuration, logging, plug-in loading, the messaging libraries) is stood in for, because none of it decides
an order and all of it together is a hundred packages.
"""

from __future__ import annotations

import ast
import copy
import json
import random
import sys
import types
import zipfile


def stand_in(name, **content):
    """A module with just this content."""
    module = types.ModuleType(name)
    module.__dict__.update(content)
    sys.modules[name] = module
    return module


def prepare(wheel, options):
    """Makes the wheel's weighers importable without the rest of Nova."""
    conf = types.SimpleNamespace(filter_scheduler=types.SimpleNamespace(**options))
    log = types.SimpleNamespace(debug=lambda *_: None, info=lambda *_: None, warning=lambda *_: None)
    nova = stand_in("nova", __path__=[f"{wheel}/nova"])
    nova.conf = stand_in("nova.conf", CONF=conf)
    nova.loadables = stand_in(
        "nova.loadables", BaseLoader=type("BaseLoader", (), {"__init__": lambda _self, _cls: None})
    )
    stand_in("nova.scheduler", __path__=[f"{wheel}/nova/scheduler"])
    utils = stand_in("nova.scheduler.utils", get_weight_multiplier=lambda _state, _option, value: value)
    sys.modules["nova.scheduler"].utils = utils
    stand_in("oslo_log", log=stand_in("oslo_log.log", getLogger=lambda _name: log))
    stand_in("six", add_metaclass=lambda _meta: lambda cls: cls)
    return conf, log


def made_of(weighers):
    """Nova's weigher objects; a scheduler makes them once and keeps them."""
    made = []
    for module in weighers:
        names = vars(__import__(f"nova.scheduler.weights.{module}", fromlist=["x"]))
        made += [cls() for name, cls in names.items() if name.endswith("Weigher") and name != "BaseHostWeigher"]
    return made


def weighed(made, states):
    """(host, weight) in Nova's order."""
    from nova.scheduler import weights  # noqa: PLC0415 - importable once prepared

    return weights.HostWeightHandler().get_weighed_objects(made, states, {})


def scheduler_of(wheel, conf, log):
    """A class with Nova's own ``_schedule``, ``_get_sorted_hosts`` and ``_get_alternate_hosts``, cut out of its wheel."""
    wanted = ("_schedule", "_get_sorted_hosts", "_get_alternate_hosts")
    with zipfile.ZipFile(wheel) as archive:
        names = [n for n in ("manager", "filter_scheduler") if f"nova/scheduler/{n}.py" in archive.namelist()]
        trees = [ast.parse(archive.read(f"nova/scheduler/{name}.py")) for name in names]
    found = [n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name in wanted]
    selection = types.SimpleNamespace(from_host_state=lambda state, *_args, **_words: state)
    space = {"CONF": conf, "LOG": log, "random": random, "copy": copy}
    space["objects"] = types.SimpleNamespace(Selection=selection)
    space["utils"] = types.SimpleNamespace(claim_resources=lambda *args, **_: args[4] not in args[1].full)
    exec(compile(ast.Module(found, []), "scheduler.py", "exec"), space)  # noqa: S102 - Nova's own functions
    return type("Scheduler", (), {name: space[name] for name in wanted})


def selections(scheduler, question, found):
    """For each seed the host that is selected and its alternates; hosts in ``full`` refuse in placement."""
    for state in (weighed_host.obj for weighed_host in found):
        state.uuid, state.cell_uuid, state.allocation_candidates = state.host, "cell", [state.host]
    states = [weighed_host.obj for weighed_host in found]
    self = scheduler()
    self.USES_ALLOCATION_CANDIDATES = True  # the switch of releases that still had other schedulers
    self.host_manager = types.SimpleNamespace(
        get_filtered_hosts=lambda states, _spec, _index: list(states),
        get_weighed_hosts=lambda _hosts, _spec: list(found),
    )
    self.placement_client = types.SimpleNamespace(full=set(question["full"]))
    self._get_all_host_states = lambda *_: list(states)
    self._consume_selected_host = lambda *_, **__: None
    self._ensure_sufficient_hosts = lambda *_: None
    spec = types.SimpleNamespace(obj_reset_changes=lambda _names: None, requested_resources=[], instance_group=None)
    context = types.SimpleNamespace(elevated=lambda: None)
    candidates = {state.uuid: [state.host] for state in states}
    for seed in range(question["seeds"]):
        random.seed(seed)
        (listed,) = self._schedule(context, spec, ["vm"], candidates, {}, return_alternates=True)
        yield [state.host for state in listed]


def main():
    """Answers each question of standard input."""
    wheel = sys.argv[1]
    sys.path.insert(0, wheel)
    answers = []
    for question in json.load(sys.stdin):
        for name in [n for n in sys.modules if n.split(".")[0] == "nova"]:
            del sys.modules[name]
        conf, log = prepare(wheel, question["options"])
        states = [types.SimpleNamespace(**state) for state in question["states"]]
        made = made_of(question["weighers"])
        found = weighed(made, states)
        answer = {"order": [[w.obj.host, w.weight] for w in found]}
        if "seeds" in question:
            conf.scheduler = types.SimpleNamespace(max_attempts=question["max_attempts"])
            answer["lists"] = list(selections(scheduler_of(wheel, conf, log), question, found))
        later = [types.SimpleNamespace(**state) for state in question.get("then", ())]
        answer["then"] = [[w.obj.host, w.weight] for w in weighed(made, later)]
        answers.append(answer)
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
