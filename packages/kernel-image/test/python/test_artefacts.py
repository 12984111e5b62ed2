import base64
import hashlib
import os
from pathlib import Path

from written import Written

from nebula_kernel.artefacts import COUNT_MAX, TOTAL_BYTES_MAX, Collector


def collected(folder: Path, written: Written) -> Collector:
    collector = Collector(str(folder), written.writer)
    collector.collect()
    return collector


def reasons(collector: Collector) -> dict[object, object]:
    return {entry["path"]: entry["reason"] for entry in collector.skipped}


def test_files_arrive_whole_in_pieces(tmp_path: Path, written: Written) -> None:
    data = os.urandom(100_000)
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "a.bin").write_bytes(data)
    (tmp_path / "empty").write_bytes(b"")

    collector = collected(tmp_path, written)

    pieces = [f for f in written.frames() if f["path"] == "deep/er/a.bin"]
    assert b"".join(base64.b64decode(f["data"]) for f in pieces) == data
    assert [f["offset"] for f in pieces] == [0, 36_864, 73_728]
    assert [f["last"] for f in pieces] == [False, False, True]
    assert sum(f["n"] for f in pieces) == len(data)
    assert all(len(line) < 64 * 1024 for line in written.lines())
    assert collector.sent["deep/er/a.bin"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert collector.sent["empty"]["size"] == 0
    assert [f["last"] for f in written.frames() if f["path"] == "empty"] == [True]


def test_what_is_no_plain_file_is_listed_and_never_read(tmp_path: Path, written: Written) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "folder-link").symlink_to("/etc")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "one").write_text("x")
    os.link(tmp_path / "one", tmp_path / "two")
    (tmp_path / "line\nbreak").write_text("x")

    collector = collected(tmp_path, written)

    assert written.frames() == []
    assert reasons(collector) == {
        "link": "a symbolic link",
        "folder-link": "a symbolic link",
        "fifo": "not a regular file",
        "one": "a file with several names (hard links)",
        "two": "a file with several names (hard links)",
        "line?break": "a name that is not printable UTF-8",
    }


def test_a_sparse_file_counts_with_its_apparent_size(tmp_path: Path, written: Written) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(10 << 40)

    collector = collected(tmp_path, written)

    assert collector.skipped == [{"path": "sparse", "size": 10 << 40, "reason": "the files together pass 32 MiB"}]


def test_files_that_fit_are_taken_beside_those_that_do_not(tmp_path: Path, written: Written) -> None:
    for name, size in (("a", TOTAL_BYTES_MAX - 10), ("b", 11), ("c", 10)):
        (tmp_path / name).write_bytes(b"x" * size)

    collector = collected(tmp_path, written)

    assert sorted(collector.sent) == ["a", "c"]
    assert list(reasons(collector)) == ["b"]


def test_the_number_of_files_is_limited(tmp_path: Path, written: Written) -> None:
    for index in range(COUNT_MAX + 5):
        (tmp_path / f"{index:05}").write_text("")

    collector = collected(tmp_path, written)

    assert len(collector.sent) == COUNT_MAX
    assert set(reasons(collector).values()) == {"more than 1000 files"}
    assert len(collector.skipped) == 5


def test_a_file_is_sent_again_only_where_it_changed(tmp_path: Path, written: Written) -> None:
    collector = Collector(str(tmp_path), written.writer)
    (tmp_path / "model").write_text("one")
    collector.send("model")
    collector.collect()
    (tmp_path / "model").write_text("two")
    collector.collect()

    assert [base64.b64decode(f["data"]) for f in written.frames()] == [b"one", b"two"]
    assert collector.sent["model"]["sha256"] == hashlib.sha256(b"two").hexdigest()


def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, written: Written) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "secret").write_text("x")
    collector = Collector(str(tmp_path / "inner"), written.writer)

    assert collector.send("../secret") == "cannot be read: not a path below the folder"
    assert written.frames() == []


def test_a_missing_folder_has_no_artefacts(tmp_path: Path, written: Written) -> None:
    assert collected(tmp_path / "none", written).sent == {}


def test_newer_versions_of_a_checkpoint_take_the_place_of_older_ones(tmp_path: Path, written: Written) -> None:
    collector = Collector(str(tmp_path), written.writer)
    for version in range(4):
        (tmp_path / "model").write_bytes(bytes([version]) * (TOTAL_BYTES_MAX - 10))

        assert collector.send("model") == ""
