"""``glasshouse studio`` and ``glasshouse users`` as a person starts and stops them."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

from glasshouse.cli.main import app
from glasshouse.cli.server import listen, make_server
from glasshouse.cli.studio import server_options
from glasshouse.errors import InputError
from glasshouse.jobs.locks import is_held
from glasshouse.jobs.shutdown import only_worker
from glasshouse.store.database import open_store
from glasshouse.store.people import add_user, list_users
from glasshouse.store.records import Role
from glasshouse.web.framework.settings import Settings

PROGRAM = [sys.executable, "-m", "glasshouse.cli.main"]


def start(home: Path, *more: str) -> tuple["subprocess.Popen[str]", str]:
    """Start the Studio on a free port; return it and its address, with the token that is in it."""
    words = [*PROGRAM, "studio", "--home", str(home), "--port", "0", "--no-browser", *more]
    studio = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    assert studio.stderr is not None
    found = re.search(r"http://127\.0\.0\.1:\d+/(\?token=\S+)?", line := studio.stderr.readline())
    assert found, line
    return studio, found[0]


def ask(address: str) -> object:
    """Return what the API tells a browser that opened the address of the start message."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with browser.open(address) as home:
        assert "token" not in home.url and home.headers["Referrer-Policy"] == "same-origin"
    with browser.open(f"{address.partition('?')[0]}api/v1/session") as answer:
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
    assert ask(address) == {"accounts": False, "user": None}
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


@pytest.mark.system
def test_a_second_studio_on_the_same_home_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    studio, address = start(tmp_path)
    try:
        words = [*PROGRAM, "studio", "--home", str(tmp_path), "--port", "0", "--no-browser"]
        second = subprocess.run(words, capture_output=True, text=True, timeout=90)
        assert second.returncode == 2
        assert f"Another Studio is open on {tmp_path}" in second.stderr
        assert f"process {studio.pid} on {socket.gethostname()}" in second.stderr
        assert address.partition("?")[0] in second.stderr and "token" not in second.stderr
        assert second.stderr.count("\n") == 1
    finally:
        studio.kill()  # which leaves a file behind, but no lock
        studio.communicate()
    studio, again = start(tmp_path)
    assert again.partition("token=")[2] == address.partition("token=")[2], "open pages and bookmarks go on"
    studio.send_signal(signal.SIGINT)
    studio.communicate(timeout=120)


@pytest.mark.system
def test_a_worker_of_its_own_is_told_once_and_waited_for(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with only_worker(store):
        studio, _ = start(tmp_path, "--no-token")
        assert studio.stderr is not None
        said = [studio.stderr.readline() for _ in range(3)]
        assert said[0].startswith("There is no token"), said
        assert said[1].startswith(f"Another worker (process {os.getpid()}) works on"), said
        assert said[2].startswith("That worker does the jobs"), said
    lock = tmp_path / f"worker-{socket.gethostname()}.lock"
    deadline = time.monotonic() + 90
    while not (is_held(lock) and str(os.getpid()) != lock.read_text()):
        assert time.monotonic() < deadline, "its own worker did not begin"
        time.sleep(0.05)
    studio.send_signal(signal.SIGINT)
    last = studio.communicate(timeout=120)[1]
    assert last.splitlines()[0].startswith("The web server has stopped"), last
    store.close()


def test_it_ends_without_a_word_though_somebody_still_waits_for_an_answer(capfd: pytest.CaptureFixture[str]) -> None:
    asked = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked.set()
        await asyncio.Event().wait()

    options = {**server_options(Settings(port=0)), "timeout_graceful_shutdown": 0.1}
    ended: list[int] = []
    server = make_server(app, options, lambda: ended.append(1))
    with listen("127.0.0.1", 0, "It") as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        with socket.create_connection(listener.getsockname()) as connection:
            connection.sendall(b"GET /live/home HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert asked.wait(60)
            server.should_exit = True
            thread.join(60)
    assert not thread.is_alive() and ended == [1]
    assert capfd.readouterr() == ("", "")


def test_answers_do_not_wait_to_be_acknowledged() -> None:
    with listen("127.0.0.1", 0, "It") as listener, socket.create_connection(listener.getsockname()):
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
