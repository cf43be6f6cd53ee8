"""`demo` from start to end, with a real API and a real page; and what keeps it from starting."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.processes import free_port, talking
from tests.training.cli.conftest import Menagerie, command
from tests.training.conftest import Colours
from training.cli.processes import page_settings

SECONDS = 240


@pytest.fixture
def ports() -> tuple[int, int]:
    return free_port(), free_port()


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if condition():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    process.terminate()
    raise AssertionError(process.communicate()[0])


def read_until_up(demo: subprocess.Popen[str]) -> str:
    """What the demo says until both serve; it gives up by itself where they do not."""
    assert demo.stdout is not None
    said = ""
    while (line := demo.stdout.readline()) and "Ctrl-C ends both." not in line:
        said += line
    assert line, said
    return said


def child_of(pid: int, name: str) -> int:
    """The process that `pid` started with `name` in its command line."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        if name in Path(f"/proc/{child}/cmdline").read_text():
            return int(child)
    raise AssertionError(f"{pid} has no child {name}")


def variables_of(pid: int) -> dict[str, str]:
    """The environment that a process began with."""
    told = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return {name: value for name, _, value in (one.partition("=") for one in told)}


def refuses(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_demo_serves_what_was_trained_already_and_ends_both_processes_when_asked(
    colours: Colours, ports: tuple[int, int]
) -> None:
    api, page = ports
    arguments = command("demo", "--images", colours.pictures, "--api-port", api, "--ui-port", page)
    settings = {"DATABASE_URL": colours.database_url, "MENAGERIE_BUNDLES": str(colours.state.bundles)}
    with talking(arguments, settings) as demo:
        before = read_until_up(demo)
        assert httpx.get(f"http://127.0.0.1:{page}/_stcore/health", timeout=SECONDS).is_success
        with (colours.pictures / "blue" / "1.jpg").open("rb") as file:
            url = f"http://127.0.0.1:{api}/predict"
            answer = httpx.post(url, files={"file": file}, timeout=SECONDS).json()
        demo.send_signal(signal.SIGTERM)
        after, _ = demo.communicate(timeout=SECONDS)
    assert "drawn-colours-1 serves" in before
    assert f"http://127.0.0.1:{page}\n" in before
    assert answer["label"] == "blue"
    assert after.rstrip().endswith("Ended.")
    assert demo.returncode == 0
    assert refuses(api)
    assert refuses(page)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds the API's process in /proc")
@pytest.mark.usefixtures("bundles_with_starter")
def test_demo_ends_the_page_and_says_so_where_the_api_ends_by_itself(
    environment: dict[str, str], ports: tuple[int, int]
) -> None:
    api, page = ports
    with talking(command("demo", "--api-port", api, "--ui-port", page), environment) as demo:
        read_until_up(demo)
        assert "starter-1" in httpx.get(f"http://127.0.0.1:{api}/models", timeout=SECONDS).text
        os.kill(child_of(demo.pid, "backend.api"), signal.SIGKILL)
        after, _ = demo.communicate(timeout=SECONDS)
    assert after.rstrip().endswith("error: the API ended by itself (exit code -9)")
    assert demo.returncode == 1
    assert refuses(page)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads the page's environment in /proc")
@pytest.mark.usefixtures("bundles_with_starter")
def test_the_pages_process_has_its_settings_whoever_starts_it(
    environment: dict[str, str], ports: tuple[int, int]
) -> None:
    api, page = ports
    needed = page_settings(f"http://127.0.0.1:{api}")
    with talking(command("demo", "--api-port", api, "--ui-port", page), environment) as demo:
        read_until_up(demo)
        by_demo = variables_of(child_of(demo.pid, "streamlit"))
    with talking(command("ui", "--port", page, "--api", f"http://127.0.0.1:{api}"), environment) as ui:
        wait_until(lambda: httpx.get(f"http://127.0.0.1:{page}/_stcore/health").is_success, ui)
        by_ui = variables_of(ui.pid)
    assert by_demo.items() >= needed.items()
    assert by_ui.items() >= needed.items()


def test_demo_says_which_process_did_not_start(
    bundles_with_starter: Path, environment: dict[str, str], ports: tuple[int, int], run_process: Menagerie
) -> None:
    assert bundles_with_starter == Path(environment["MENAGERIE_BUNDLES"])
    ran = run_process("demo", "--api-port", ports[0], "--ui-port", ports[1], MENAGERIE_THREADS="many")
    assert ran.code == 1
    problem, line = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert problem.startswith("error: MENAGERIE_THREADS='many'")
    assert line == "error: the API did not start (exit code 1); its reason stands above"


def test_a_port_in_use_is_told_before_anything_is_done(menagerie: Menagerie, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for option in ("--api-port", "--ui-port"):
            error = menagerie("demo", option, port).error
            assert error.startswith(f"port {port} is in use: end what listens there, or name another with")
    assert not (tmp_path / "state").exists()


def test_a_missing_folder_is_told(menagerie: Menagerie, tmp_path: Path, ports: tuple[int, int]) -> None:
    ran = menagerie("demo", "--images", tmp_path / "absent", "--api-port", ports[0], "--ui-port", ports[1])
    assert ran.error == f"there is no folder {tmp_path / 'absent'}"


@pytest.mark.parametrize("nothing", ["", " "])
def test_no_folder_at_all_is_not_the_folder_one_happens_to_be_in(
    menagerie: Menagerie, tmp_path: Path, nothing: str
) -> None:
    error = menagerie("demo", "--images", nothing).error
    assert error == "--images names no folder: say which, or leave it out for the starter model"
    assert not (tmp_path / "state").exists()


def test_a_folder_without_a_picture_is_told(
    menagerie: Menagerie, tmp_path: Path, ports: tuple[int, int]
) -> None:
    (tmp_path / "notes" / "cat").mkdir(parents=True)
    (tmp_path / "notes" / "cat" / "readme.txt").touch()
    ran = menagerie("demo", "--images", tmp_path / "notes", "--api-port", ports[0], "--ui-port", ports[1])
    assert ran.error.startswith(f"no picture in {tmp_path / 'notes'}: expected one folder a label")


@pytest.mark.parametrize("name", ["serve", "ui"])
def test_the_api_and_the_page_tell_in_one_line_where_they_cannot_listen(
    run_process: Menagerie, name: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        in_use = run_process(name, "--port", port)
    nowhere = run_process(name, "--host", "nowhere.invalid")
    assert in_use.error.startswith(f"port {port} is in use: end what listens there, or name another with")
    assert nowhere.error.startswith("there is no address 'nowhere.invalid' to listen at: name another with")
    for ran in (in_use, nowhere):
        assert f"menagerie {name} --host and --port" in ran.error
        assert (ran.out, len(ran.err.splitlines())) == ("", 1)


@pytest.mark.parametrize(
    ("name", "address"), [("serve", "/livez"), ("ui", "/_stcore/health")], ids=["serve", "ui"]
)
def test_the_api_and_the_page_start_on_their_own(
    name: str, address: str, bundles_with_starter: Path, environment: dict[str, str], ports: tuple[int, int]
) -> None:
    assert bundles_with_starter.is_dir()
    subprocess.run(command("starter"), env=os.environ | environment, check=True, capture_output=True)
    with talking(command(name, "--port", ports[0]), environment) as process:
        wait_until(lambda: httpx.get(f"http://127.0.0.1:{ports[0]}{address}").is_success, process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) in (0, -signal.SIGTERM)
