"""Runs Nova's own weighing, out of its wheel, in a process of its own: hosts come in as JSON, orders go out as JSON.

What is Nova's is run as it is: ``nova/weights.py``, the weigher modules, and ``_get_sorted_hosts`` of the scheduler's manager. What
surrounds them (configuration, logging, plug-in loading, the messaging libraries) is stood in for, because none of it decides
an order and all of it together is a hundred packages.
"""

from __future__ import annotations

import ast
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


def sorting(wheel, conf, log):
    """Nova's ``_get_sorted_hosts``, cut out of the manager, as a function of what the weighing found."""
    with zipfile.ZipFile(wheel) as archive:
        tree = ast.parse(archive.read("nova/scheduler/manager.py"))
    function = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "_get_sorted_hosts")
    space = {"CONF": conf, "LOG": log, "random": random}
    exec(compile(ast.Module([function], []), "manager.py", "exec"), space)  # noqa: S102 - Nova's own function

    def sorted_hosts(found):
        manager = types.SimpleNamespace(
            get_filtered_hosts=lambda states, _spec, _index: states, get_weighed_hosts=lambda _hosts, _spec: list(found)
        )
        states = [weighed_host.obj for weighed_host in found]
        return space["_get_sorted_hosts"](types.SimpleNamespace(host_manager=manager), None, states, 0)

    return sorted_hosts


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
            answer["lists"] = []
            sorted_hosts = sorting(wheel, conf, log)
            for seed in range(question["seeds"]):
                random.seed(seed)
                answer["lists"].append([state.host for state in sorted_hosts(found)])
        later = [types.SimpleNamespace(**state) for state in question.get("then", ())]
        answer["then"] = [[w.obj.host, w.weight] for w in weighed(made, later)]
        answers.append(answer)
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
