"""The virtual environment in which the scripts of this folder run, made on the first run.

It owns what lies under the cache folder. It knows nothing of voices or sound.
"""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Outside the checkout, so that neither the packages nor the model can be committed by accident.
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "strowger-prompts"


def enter_environment(*tools):
    """Starts the running script again inside the environment; `tools` are programs it will call.

    Says what it installs. Returns at once when already inside; exits when a tool is missing.
    """
    for tool in tools:
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing (Debian: apt install {tool})")
    environment = CACHE / "venv"
    if Path(sys.prefix).resolve() == environment.resolve():
        return
    python = str(environment / "bin" / "python")
    install_if_changed(environment, python)
    os.execv(python, [python, *sys.argv])


def install_if_changed(environment, python):
    requirements = HERE / "requirements.txt"
    wanted = requirements.read_text(encoding="utf-8")
    # Written last: an interrupted installation starts over.
    installed = environment / "installed.txt"
    if installed.exists() and installed.read_text(encoding="utf-8") == wanted:
        return
    print(f"installing into {environment} (about 500 MB):\n{wanted}", flush=True)
    venv.create(environment, with_pip=True, clear=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
    installed.write_text(wanted, encoding="utf-8")
