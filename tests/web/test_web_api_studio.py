"""``glasshouse studio`` and ``glasshouse users`` as a person starts and stops them."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from glasshouse.cli.main import app
from glasshouse.cli.studio import _listen
from glasshouse.errors import InputError
from glasshouse.store.database import open_store
from glasshouse.store.people import add_user, list_users
from glasshouse.store.records import Role
from glasshouse.web.settings import Settings

PROGRAM = [sys.executable, "-m", "glasshouse.cli.main"]


def start(home: Path) -> tuple["subprocess.Popen[str]", str]:
    """Start the Studio on a free port; return it and its address."""
    words = [*PROGRAM, "studio", "--home", str(home), "--port", "0", "--no-browser"]
    studio = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    assert studio.stderr is not None
    found = re.search(r"http://127\.0\.0\.1:\d+/", line := studio.stderr.readline())
    assert found, line
    return studio, found[0]


def ask(address: str) -> object:
    with urllib.request.urlopen(address) as answer:
        return json.load(answer)


def workers(home: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if str(home) in words and "glasshouse.jobs.worker" in words:
            found.append(process)
    return found


@pytest.mark.system
def test_it_is_started_stopped_killed_and_started_again(tmp_path: Path) -> None:
    studio, address = start(tmp_path)
    assert ask(f"{address}api/v1/session") == {"accounts": False, "user": None}
    studio.send_signal(signal.SIGINT)
    said = studio.communicate(timeout=120)[1]
    assert (studio.returncode, "Stopped. No job waits" in said) == (0, True), said
    assert workers(tmp_path) == []

    studio, address = start(tmp_path)
    deadline = time.monotonic() + 90
    while not (found := workers(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.05)
    while not (tmp_path / f"worker-{socket.gethostname()}.lock").exists():
        time.sleep(0.05)
    studio.kill()
    studio.communicate()
    psutil.wait_procs(found, timeout=90)
    assert workers(tmp_path) == [], "a worker whose Studio was killed ends too; its jobs go on"


def test_answers_do_not_wait_to_be_acknowledged() -> None:
    with _listen(Settings(port=0)) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP  # asyncio switches TCP_NODELAY on for no other


def test_without_accounts_it_listens_on_this_computer_only(tmp_path: Path) -> None:
    words = ["studio", "--home", str(tmp_path), "--host", "0.0.0.0", "--no-browser"]
    result = CliRunner().invoke(app, words)
    assert isinstance(result.exception, InputError)
    assert "listens on 127.0.0.1 only" in str(result.exception)


def test_accounts_are_added_changed_and_listed(tmp_path: Path) -> None:
    home = ["--home", str(tmp_path)]
    run = CliRunner().invoke
    assert run(app, ["users", "add", "anna", "--role", "admin", *home], input="a long password\n").exit_code == 0
    assert run(app, ["users", "change", "anna", "--role", "viewer", "--disable", *home]).exit_code == 0
    assert run(app, ["users", "list", *home]).stdout == "anna\tviewer\tdisabled\n"
    result = run(app, ["users", "add", "ben", "--role", "king", *home], input="a long password\n")
    assert "There is no role king" in str(result.exception)
    store = open_store(tmp_path)
    assert [(user.name, user.role) for user in list_users(store)] == [("anna", Role.VIEWER)]
    with pytest.raises(Exception, match="already"):
        add_user(store, "Anna", "a long password")
    store.close()


@pytest.mark.parametrize("module", ["glasshouse.web.app", "glasshouse.store.submit", "glasshouse.jobs.worker"])
def test_torch_is_not_loaded_by(module: str) -> None:
    check = f"import {module}, sys; assert not {{'torch', 'sklearn', 'timm'}} & set(sys.modules), 'heavy'"
    assert subprocess.run([sys.executable, "-c", check], capture_output=True).returncode == 0
