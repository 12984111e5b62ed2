"""The whole runner with a real ipykernel, without a container."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

if importlib.util.find_spec("ipykernel") is None:
    pytest.skip("ipykernel is not installed in this Python", allow_module_level=True)

PACKAGE = Path(__file__).parents[2]


def start(home: Path) -> "subprocess.Popen[bytes]":
    env = {**os.environ, "NEBULA_HOME": str(home), "PYTHONPATH": str(PACKAGE)}
    command = [sys.executable, "-m", "nebula_kernel"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=home)


def a_document(*sources: str, **changes: Any) -> bytes:
    cells: list[dict[str, Any]] = [{"id": f"c{i}", "source": s, "tags": [], "role": "run"} for i, s in enumerate(sources)]
    return json.dumps({"v": 1, "attempt": "a", "cells": cells, "timeLimitMs": 60_000, **changes}).encode() + b"\n"


def run(home: Path, *sources: str, **changes: Any) -> tuple[int, list[dict[str, Any]]]:
    with start(home) as process:
        out, err = process.communicate(a_document(*sources, **changes), timeout=60)
    assert err == b""
    return process.returncode, [json.loads(line) for line in out.splitlines()]


def text_of(frames: list[dict[str, Any]], name: str = "stdout") -> str:
    return "".join(f["content"]["text"] for f in frames if f["t"] == "stream" and f["content"]["name"] == name)


def test_cells_run_in_order_in_one_python(tmp_path: Path) -> None:
    code, frames = run(tmp_path, "x = 20", "print(x + 1)", "x + 2")

    assert code == 0
    assert frames[0]["t"] == "ready"
    assert text_of(frames) == "21\n"
    assert [f["content"]["data"]["text/plain"] for f in frames if f["t"] == "display"] == ["22"]
    assert frames[-1]["t"] == "result" and frames[-1]["outcome"] == "ok"


def test_texts_displays_and_both_streams_keep_their_order(tmp_path: Path) -> None:
    source = """
import os, sys
for i in range(200):
    print("o", i)
    display(i)
    print("e", i, file=sys.stderr)
    os.write(1, b"raw\\n")
"""
    _, frames = run(tmp_path, source)

    seen: list[str] = []
    for frame in frames:
        if frame["t"] == "stream":
            seen += frame["content"]["text"].splitlines()
        elif frame["t"] == "display":
            seen.append("d " + frame["content"]["data"]["text/plain"])
    assert seen == [line for i in range(200) for line in (f"o {i}", f"d {i}", f"e {i}", "raw")]


def test_an_error_stops_the_job_and_later_cells_do_not_run(tmp_path: Path) -> None:
    code, frames = run(tmp_path, "1/0", "print('never')")

    assert code == 1
    assert [f["content"]["ename"] for f in frames if f["t"] == "error"] == ["ZeroDivisionError"]
    assert frames[-1]["outcome"] == "error" and frames[-1]["cell"] == "c0"
    assert text_of(frames) == ""


@pytest.mark.parametrize(
    ("source", "code", "outcome", "words"),
    [
        ("exit()", 1, "error", "The cell left Python with exit()."),
        ("quit(2)", 1, "error", "exit(2)"),
        ("import sys; sys.exit('bye')", 1, "error", "exit(bye)"),
        ("print('last', end=''); import os; os._exit(7)", 3, "kernel-died", "exit code 7"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 3, "kernel-died", "SIGKILL"),
        ("input('?')", 1, "error", "nobody at its keyboard"),
    ],
)
def test_leaving_python_is_told_in_words(tmp_path: Path, source: str, code: int, outcome: str, words: str) -> None:
    exit_code, frames = run(tmp_path, source, "print('never')")

    assert (exit_code, frames[-1]["outcome"]) == (code, outcome)
    assert words in next(f["content"]["evalue"] for f in frames if f["t"] == "error")
    assert "never" not in text_of(frames)
    assert ("last" in text_of(frames)) == ("last" in source)


def test_a_forked_copy_of_the_kernel_does_not_answer_for_it(tmp_path: Path) -> None:
    code, frames = run(tmp_path, "import os; os.fork(); print('both')", "print('one')")

    assert code == 0
    assert text_of(frames) == "both\nboth\none\n"


def test_an_interrupt_ends_the_job_after_the_cell(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        assert process.stdin and process.stdout
        process.stdin.write(a_document("import time\nprint('go', flush=True)\ntime.sleep(60)", "print('never')"))
        process.stdin.flush()
        lines: list[bytes] = []
        for line in process.stdout:
            lines.append(line)
            if b'"go' in line:
                process.send_signal(signal.SIGINT)
    frames = [json.loads(line) for line in lines]

    assert process.returncode == 2
    assert (frames[-1]["outcome"], frames[-1]["reason"]) == ("interrupted", "interrupt")
    assert [f["content"]["ename"] for f in frames if f["t"] == "error"] == ["KeyboardInterrupt"]


def test_termination_ends_code_that_ignores_interrupts_and_keeps_its_output(tmp_path: Path) -> None:
    source = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
open('../out/a', 'w').write('kept')
print('go')
while True:
    pass
"""
    with start(tmp_path) as process:
        assert process.stdin and process.stdout
        process.stdin.write(a_document(source))
        process.stdin.flush()
        lines: list[bytes] = []
        for line in process.stdout:
            lines.append(line)
            if b'"go' in line:
                process.send_signal(signal.SIGTERM)
    result = json.loads(lines[-1])

    assert process.returncode == 2
    assert (result["outcome"], result["reason"]) == ("interrupted", "stop")
    assert [a["path"] for a in result["artefacts"]] == ["a"]


def test_the_time_limit_interrupts(tmp_path: Path) -> None:
    code, frames = run(tmp_path, "import time\ntime.sleep(60)", timeLimitMs=300)

    assert code == 2
    assert frames[-1]["reason"] == "time"
    assert 300 <= frames[-1]["usedMs"] < 20_000


def test_an_interrupt_before_the_document_ends_the_job(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        assert process.stdout
        lines: list[bytes] = []
        for line in process.stdout:
            lines.append(line)
            process.send_signal(signal.SIGINT)
    result = json.loads(lines[-1])

    assert process.returncode == 2
    assert (result["outcome"], result["usedMs"]) == ("interrupted", 0)


def test_a_document_that_makes_no_sense_is_a_fault_with_words(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        out, err = process.communicate(b'{"v":9}\n', timeout=60)

    assert process.returncode == 70
    assert b"v: expected 1, found 9" in err
    assert b'"t":"result"' not in out


def test_environment_reaches_the_cells_and_secrets_do_not_come_back(tmp_path: Path) -> None:
    _, frames = run(tmp_path, "import os\nprint(os.environ['TOKEN'])", env={"TOKEN": "tiger"}, secrets=["tiger"])

    assert text_of(frames) == "[secret]\n"


def test_progress_and_checkpoints_come_in_place(tmp_path: Path) -> None:
    source = """
import nebula_kernel
with open('../out/m', 'w') as file:
    file.write('1')
print('a')
nebula_kernel.progress(0.5, 'half')
nebula_kernel.checkpoint('../out/m')
with open('../out/m', 'w') as file:
    file.write('later')
print('b')
"""
    _, frames = run(tmp_path, source)

    kinds = [f["t"] if f["t"] != "stream" else f["content"]["text"] for f in frames]
    assert [kind for kind in kinds if kind in ("a\n", "progress", "artefact", "b\n")] == [
        *("a\n", "progress", "artefact", "b\n", "artefact")
    ]
    assert [f["size"] for f in frames if f["t"] == "artefact"] == [1, 5]


def test_messages_that_make_no_sense_do_not_stop_the_runner(tmp_path: Path) -> None:
    source = """
kernel = get_ipython().kernel
def send(kind, content, **more):
    kernel.session.send(kernel.iopub_socket, kind, content=content, parent=kernel.get_parent(), **more)
send('display_data', {'data': [1], 'metadata': None, 'transient': {'display_id': {'x': 1}}})
send('execute_result', {'execution_count': 'many'})
send('update_display_data', {})
send('error', {'traceback': 7, 'ename': None})
send('clear_output', {'wait': 'x'})
send('stream', {'name': 'stdout', 'text': 'x'})
send('status', {'execution_state': 4}, metadata={'nebula_sync': 'x'})
bundle = {'text/plain': 'end'}
send('display_data', {'data': bundle, 'metadata': {}}, metadata={'nebula_sync': 10**30})
print('still here')
"""
    code, frames = run(tmp_path, source)

    assert code == 0
    assert text_of(frames) == "still here\n"
    assert [f["content"]["data"] for f in frames if f["t"] == "display"] == [{}, {}, {"text/plain": "end"}]


def test_records_that_make_no_sense_do_not_stop_the_runner(tmp_path: Path) -> None:
    source = """
import os
from nebula_kernel import calls, channel
for kind, payload in (('C', b'a\\0b'), ('C', b'/' * 3900), ('C', b''), ('P', b'[' * 3000), ('S', b'9' * 3999), ('E', b'\\xff')):
    os.write(1, channel.encode_record(calls._Line.mark, kind, payload))
print('still here')
display('in order?')
"""
    code, frames = run(tmp_path, source, "print('next')")

    assert code == 0
    assert text_of(frames) == "still here\nnext\n"


def test_a_line_without_end_is_shown_while_the_cell_goes_on(tmp_path: Path) -> None:
    source = """
import os, time
print('working', end='')
while not os.path.exists('../go'):
    time.sleep(0.01)
print(' done')
"""
    with start(tmp_path) as process:
        assert process.stdin and process.stdout
        process.stdin.write(a_document(source))
        process.stdin.flush()
        lines: list[bytes] = []
        for line in process.stdout:
            lines.append(line)
            if b'"working"' in line:
                (tmp_path / "go").touch()

    assert text_of([json.loads(line) for line in lines]) == "working done\n"


def test_lines_of_several_processes_do_not_mix(tmp_path: Path) -> None:
    source = """
import os
children = []
for name in 'abcd':
    pid = os.fork()
    if pid == 0:
        for _ in range(500):
            print(name * 60)
        os._exit(0)
    children.append(pid)
for pid in children:
    os.waitpid(pid, 0)
"""
    _, frames = run(tmp_path, source)

    lines = text_of(frames).splitlines()
    assert len(lines) == 2000
    assert set(lines) == {name * 60 for name in "abcd"}


def test_a_crash_loses_nothing_that_was_printed(tmp_path: Path) -> None:
    code, frames = run(tmp_path, "import os\nfor i in range(5000): print(i)\nos.kill(os.getpid(), 9)")

    assert code == 3
    assert text_of(frames) == "".join(f"{i}\n" for i in range(5000))
