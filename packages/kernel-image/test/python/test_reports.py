import json
from pathlib import Path

import pytest
from written import Written

from nebula_kernel import calls, channel
from nebula_kernel.channel import Record
from nebula_kernel.output import Output
from nebula_kernel.reports import Reports


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def reports_on(written: Written, clock: Clock, folder: Path) -> Reports:
    output = Output(written.writer, clock)
    output.begin("c1")
    return Reports(str(folder), written.writer, output, clock)


def a_file(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def progress(fraction: float, note: str = "") -> Record:
    return Record(channel.PROGRESS, json.dumps({"fraction": fraction, "note": note}).encode())


def test_fast_progress_shows_the_first_and_the_latest(written: Written, tmp_path: Path) -> None:
    clock = Clock()
    reports = reports_on(written, clock, tmp_path)
    for step in range(1000):
        reports.take(progress(step / 1000))
    reports.flush()

    assert [f["fraction"] for f in written.frames()] == [0.0, 0.999]


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"{", b'{"fraction": 2, "note": ""}', b'{"fraction": "1"}', b'{"fraction": NaN, "note": ""}']
)
def test_a_report_that_says_nothing_is_passed_over(written: Written, tmp_path: Path, payload: bytes) -> None:
    reports = reports_on(written, Clock(), tmp_path)

    reports.take(Record(channel.PROGRESS, payload))
    reports.flush()

    assert written.frames() == []


def test_a_checkpoint_is_sent_and_sent_again_when_it_changed(written: Written, tmp_path: Path) -> None:
    reports = reports_on(written, Clock(), tmp_path)
    file = a_file(tmp_path / "out" / "model", "three")
    copy = a_file(tmp_path / ".cache" / "checkpoints" / "1-1", "one")
    reports.take(Record(channel.CHECKPOINT, b"1-1\0" + str(file).encode()))
    reports.resend_checkpoints()
    reports.resend_checkpoints()

    assert [(f["t"], f["path"], f["size"]) for f in written.frames()] == [("artefact", "model", 3), ("artefact", "model", 5)]
    assert not copy.exists()


def test_a_checkpoint_elsewhere_is_refused_in_words(written: Written, tmp_path: Path) -> None:
    other = a_file(tmp_path / "other", "x")
    reports = reports_on(written, Clock(), tmp_path)

    reports.take(Record(channel.CHECKPOINT, b"1-1\0" + str(other).encode()))
    reports.take(progress(0.5))

    assert [f["t"] for f in written.frames()] == ["stream", "progress"]
    assert "it is not under /job/out" in written.text("stderr")


def test_outside_a_job_the_calls_work_too(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    calls.progress(0.25, "quarter")
    calls.progress(7)
    (tmp_path / "file").write_text("x")
    calls.checkpoint(tmp_path / "file")

    assert capsys.readouterr().out == "25% quarter\n100%\n"


def test_wrong_arguments_are_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not NaN"):
        calls.progress(float("nan"))
    with pytest.raises(FileNotFoundError, match="there is no file"):
        calls.checkpoint(tmp_path / "none")
