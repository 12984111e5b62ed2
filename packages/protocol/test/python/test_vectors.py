"""The vectors, checked by an implementation that shares nothing with the TypeScript one."""

import json
from pathlib import Path
from typing import Any

import pytest

keccak = pytest.importorskip("Crypto.Hash.keccak", reason="pycryptodome is not installed")

VECTORS = Path(__file__).parents[2] / "vectors"
DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
TYPES = {
    "Grant": "address payer,address spender,uint96 amount,uint96 perJobMax,uint40 validUntil,uint24 nonce",
    "Order": "bytes32 jobId,address payer,address spender,uint32 nonce,uint96 maxPrice,uint96 unitPrice,"
    "uint96 prepay,uint8 redundancy,uint40 expiry,bytes32 specHash,uint32 rateVersion",
    "Receipt": "bytes32 order,uint8 part,address rig,uint64 units,uint96 price,uint40 start,uint40 end,"
    "bytes32 resultHash,bytes32 logRoot,uint8 outcome",
}


def load(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


def keccak256(data: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=data).digest()


def word(value: Any) -> bytes:
    if isinstance(value, str) and value.startswith("0x"):
        return bytes.fromhex(value[2:]).rjust(32, b"\0")
    return int(value).to_bytes(32, "big")


def digest(domain: dict[str, Any], kind: str, value: dict[str, Any]) -> str:
    separator = keccak256(
        keccak256(DOMAIN.encode())
        + keccak256(domain["name"].encode())
        + keccak256(domain["version"].encode())
        + word(domain["chainId"])
        + word(domain["verifyingContract"])
    )
    names = [field.split(" ")[1] for field in TYPES[kind].split(",")]
    struct = keccak256(keccak256(f"{kind}({TYPES[kind]})".encode()) + b"".join(word(value[name]) for name in names))
    return "0x" + keccak256(b"\x19\x01" + separator + struct).hex()


@pytest.mark.parametrize("case", load("eip712")["cases"])
def test_a_signed_value_has_the_digest_of_the_vector(case: dict[str, Any]) -> None:
    assert digest(load("eip712")["domain"], case["type"], case["value"]) == case["digest"]


@pytest.mark.parametrize("case", load("prices"))
def test_a_price_is_rounded_down_in_the_payers_favour(case: dict[str, Any]) -> None:
    units = case["usedMs"] * case["speedMilli"]
    assert str(units) == case["units"]
    assert str(units * int(case["unitPrice"]) // 60_000_000) == case["price"]


@pytest.mark.parametrize("case", load("canonical"))
def test_canonical_text_and_its_hash_are_those_of_the_vector(case: dict[str, Any]) -> None:
    text = json.dumps(case["value"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert text == case["text"]
    assert "0x" + keccak256(text.encode()).hex() == case["keccak256"]


@pytest.mark.parametrize("table", load("transitions").values())
def test_every_state_that_may_follow_is_itself_in_the_table(table: dict[str, list[str]]) -> None:
    assert {to for follows in table.values() for to in follows} <= set(table)
