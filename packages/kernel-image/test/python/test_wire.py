import pytest

from nebula_kernel.wire import Wire


def packed(content: bytes, key: bytes = b"key") -> list[bytes]:
    """Parts of a message whose content is these bytes, signed."""
    wire = Wire(key)
    _, (delimiter, _, header, parent, metadata, _) = wire.pack("display_data", {})
    parts = [header, parent, metadata, content]
    return [b"topic", delimiter, wire.sign(parts), *parts]


def test_a_packed_message_is_unpacked() -> None:
    wire = Wire(b"key")
    identity, parts = wire.pack("execute_request", {"code": "1"})

    message = wire.unpack(parts)

    assert message is not None
    assert (message.type, message.content, message.parent) == ("execute_request", {"code": "1"}, "")
    assert identity.endswith("_1")


def test_a_message_of_another_key_is_passed_over() -> None:
    assert Wire(b"key").unpack(packed(b"{}", key=b"other")) is None


@pytest.mark.parametrize("content", [b"[]", b"{", b"", b"\xff", b'{"a":' + b"[" * 100_000, b"3"])
def test_content_that_is_no_object_is_passed_over(content: bytes) -> None:
    assert Wire(b"key").unpack(packed(content)) is None


@pytest.mark.parametrize("parts", [[], [b"x"], [b"<IDS|MSG>"], [b"<IDS|MSG>", b"", b"{}"]])
def test_parts_that_are_no_message_are_passed_over(parts: list[bytes]) -> None:
    assert Wire(b"key").unpack(parts) is None


def test_numbers_that_are_no_json_become_null() -> None:
    message = Wire(b"key").unpack(packed(b'{"a": NaN, "b": [-Infinity, 1]}'))

    assert message is not None and message.content == {"a": None, "b": [None, 1]}
