"""The wave plan's script against the real client: every command that it would run is parsed by python-openstackclient itself."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace as but

import pytest
from nova_source import cache_folder
from test_simulate import TEN

from novatrace.pipeline import replay

_OPENSTACK = """\
#!{python}
import sys

from openstackclient.compute.v2 import server

COMMANDS = {{"migrate": server.MigrateServer, "evacuate": server.EvacuateServer, "show": server.ShowServer}}
words = sys.argv[1:]
asked = COMMANDS[words[1]](type("App", (), {{}})(), None).get_parser("openstack").parse_args(words[2:])
with open({asked!r}, "a") as log:
    print(words[1], asked.server, getattr(asked, "live_migration", None), file=log)
if words[1] == "show":
    print("None" if "OS-EXT-STS:task_state" in asked.columns else "VERIFY_RESIZE")
"""


def client(version):
    """The interpreter of an environment that has the client; skips where there is none to be had."""
    folder = cache_folder() / f"openstackclient-{version}"
    python = folder / "bin" / "python"
    done = subprocess.run([python, "-c", "import openstackclient"], check=False) if python.exists() else None
    if done is None or done.returncode:
        make = subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, check=False)
        install = [str(python), "-m", "pip", "install", "-q", f"python-openstackclient=={version}"]
        if make.returncode or subprocess.run(install, capture_output=True, timeout=600, check=False).returncode:
            pytest.skip(f"python-openstackclient {version} cannot be installed here")
    return python


@pytest.mark.slow
@pytest.mark.parametrize("action", ["migrate", "live-migrate", "evacuate"])
def test_the_client_takes_every_command_of_the_script(tmp_path, action):
    """Names and options are as its own parser wants them, and a wave is awaited before the next."""
    python = client("6.6.1")
    found = replay.simulate(TEN, None, runs=1, seed=1)[0]
    (tmp_path / "waves.sh").write_text(replay.script(but(found, scenario=but(found.scenario, action=action))))
    fake = tmp_path / "openstack"
    fake.write_text(_OPENSTACK.format(python=python, asked=str(tmp_path / "asked")))
    fake.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", str(tmp_path / "waves.sh")], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "asked").read_text().splitlines()
    command = "evacuate" if action == "evacuate" else "migrate"
    moved = [line.split()[1:] for line in asked if line.startswith(command)]
    live = {"migrate": "False", "live-migrate": "True", "evacuate": "None"}[action]
    assert moved == [[f"vm-{number}", live] for number in range(1, 11)]
    assert [line.split()[0] for line in asked[:6]] == [command] * 5 + ["show"]
