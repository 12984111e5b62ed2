// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Leave to spend, signed by the payer. A payer's cap on his own spending is the grant to himself.
/// @param payer Whose balance is used.
/// @param spender Whose orders may use it.
/// @param amount Base units that may be spent from the moment the grant takes effect; replaces what was left before.
/// @param perJobMax Base units one order may cost, all parts together.
/// @param validUntil Unix seconds; the last moment at which a paid job may start.
/// @param nonce Number of grants already taken for this pair.
struct Grant {
    address payer;
    address spender;
    uint96 amount;
    uint96 perJobMax;
    uint40 validUntil;
    uint24 nonce;
}

/// @notice Promise to pay for one job, signed by the spender.
/// @param jobId keccak-256 of the job's id.
/// @param payer Whose balance is used.
/// @param spender Who signs; must hold a grant of the payer.
/// @param nonce Unique per spender.
/// @param maxPrice Base units; ceiling of all parts together.
/// @param unitPrice Base units per GpuMinute (60,000,000 units).
/// @param prepay Base units; what a cancelled job costs at least once it has started.
/// @param redundancy Number of rigs that run the job, 1 to 3.
/// @param expiry Unix seconds; the job must have started by then.
/// @param specHash keccak-256 of the canonical bytes of the job's description.
/// @param rateVersion Version of the rate card the unit price was taken from.
struct Order {
    bytes32 jobId;
    address payer;
    address spender;
    uint32 nonce;
    uint96 maxPrice;
    uint96 unitPrice;
    uint96 prepay;
    uint8 redundancy;
    uint40 expiry;
    bytes32 specHash;
    uint32 rateVersion;
}

/// @notice What one part of an order used and produced, signed by the rig.
/// @param order EIP-712 digest of the order.
/// @param part 0 to 3: replica, resumed attempt or interim receipt.
/// @param rig Address of the rig's receipt key.
/// @param units Milliseconds used times class speed in thousandths of a 1080 Ti.
/// @param price Base units; at most floor(unitPrice * units / 60,000,000), except where `prepay` is due.
/// @param start Unix seconds.
/// @param end Unix seconds, not before `start`.
/// @param resultHash Hash of the list of artefacts.
/// @param logRoot Hash of the whole output.
/// @param outcome 0 OK, 1 USER_ERROR, 2 RIG_FAULT, 3 PREEMPTED, 4 TIMEOUT, 5 CANCELLED.
struct Receipt {
    bytes32 order;
    uint8 part;
    address rig;
    uint64 units;
    uint96 price;
    uint40 start;
    uint40 end;
    bytes32 resultHash;
    bytes32 logRoot;
    uint8 outcome;
}

/// @title EIP-712 struct hashes of the signed types
/// @dev All members are value types of one word, so that `abi.encode` of the struct is its EIP-712 encoding.
library SignedTypes {
    bytes32 internal constant GRANT_TYPEHASH = keccak256(
        "Grant(address payer,address spender,uint96 amount,uint96 perJobMax,uint40 validUntil,uint24 nonce)"
    );
    bytes32 internal constant ORDER_TYPEHASH = keccak256(
        "Order(bytes32 jobId,address payer,address spender,uint32 nonce,uint96 maxPrice,uint96 unitPrice,uint96 prepay,uint8 redundancy,uint40 expiry,bytes32 specHash,uint32 rateVersion)"
    );
    bytes32 internal constant RECEIPT_TYPEHASH = keccak256(
        "Receipt(bytes32 order,uint8 part,address rig,uint64 units,uint96 price,uint40 start,uint40 end,bytes32 resultHash,bytes32 logRoot,uint8 outcome)"
    );

    /// @notice Struct hash of a grant, without the domain.
    function hash(Grant calldata grant) internal pure returns (bytes32) {
        return keccak256(abi.encode(GRANT_TYPEHASH, grant));
    }

    /// @notice Struct hash of an order, without the domain.
    function hash(Order calldata order) internal pure returns (bytes32) {
        return keccak256(abi.encode(ORDER_TYPEHASH, order));
    }

    /// @notice Struct hash of a receipt, without the domain.
    function hash(Receipt calldata receipt) internal pure returns (bytes32) {
        return keccak256(abi.encode(RECEIPT_TYPEHASH, receipt));
    }
}
