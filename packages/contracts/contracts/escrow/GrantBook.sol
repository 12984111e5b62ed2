// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SignatureGate} from "./SignatureGate.sol";
import {Grant} from "./SignedTypes.sol";

/// @title What payers allow spenders to use
/// @notice A grant that raises or keeps every limit holds at once. One that lowers any limit waits, whole, for the
/// settlement window, so that jobs which ran under the old grant can still be settled; what is spent meanwhile counts
/// against the new amount.
/// @dev Invariants: a grant is changed only by its payer's signature and by settled parts; each signature is used once;
/// since a grant took effect, what was spent of it and what is left of it add up to the signed amount.
abstract contract GrantBook is SignatureGate {
    /// @notice What holds for a (payer, spender), in one slot.
    /// @param remaining Base units left.
    /// @param perJobMax Base units one order may cost, all parts together.
    /// @param validUntil Unix seconds; the last moment at which a paid job may start.
    /// @param nonce Nonce the next grant of the pair must carry.
    struct GrantState {
        uint96 remaining;
        uint96 perJobMax;
        uint40 validUntil;
        uint24 nonce;
    }

    /// @notice A lower grant that waits. The first slot is all that settling has to look at.
    /// @param dueAt Unix seconds from which it holds; 0 when none waits.
    /// @param validUntil Unix seconds.
    /// @param remaining Base units that will be left.
    /// @param perJobMax Base units.
    struct Lowering {
        uint40 dueAt;
        uint40 validUntil;
        uint96 remaining;
        uint96 perJobMax;
    }

    /// @notice Seconds for which jobs that ran under old terms can still be settled.
    uint40 public immutable settlementWindow;

    mapping(address payer => mapping(address spender => GrantState)) private _grants;
    mapping(address payer => mapping(address spender => Lowering)) private _lowerings;

    /// @notice The grant holds from now on.
    event GrantSet(
        address indexed payer,
        address indexed spender,
        uint96 amount,
        uint96 perJobMax,
        uint40 validUntil,
        uint24 nonce
    );
    /// @notice The grant holds from `dueAt` on, less what is spent until then.
    event GrantLoweringQueued(
        address indexed payer,
        address indexed spender,
        uint96 amount,
        uint96 perJobMax,
        uint40 validUntil,
        uint24 nonce,
        uint40 dueAt
    );

    /// @param window Settlement window in seconds.
    constructor(uint40 window) {
        settlementWindow = window;
    }

    /// @notice Takes a payer's signed grant. Anyone may send it.
    /// A grant whose expiry is more than a settlement window past counts as none, so that any new one raises it.
    /// A grant set while a lowering waits takes the lowering's place.
    /// Reverts with `ZeroAddress`, `GrantOutOfTurn`, `GrantsUsedUp` and `BadSignature`.
    /// @param grant Its nonce must be `grants(payer, spender).nonce`; an amount of 0 revokes.
    /// @param signature The payer's: a key's 65 bytes, or whatever a contract account accepts by ERC-1271.
    function setGrant(Grant calldata grant, bytes calldata signature) external {
        if (grant.payer == address(0) || grant.spender == address(0)) revert ComputeEscrow_ZeroAddress();
        GrantState memory held = _takeDue(grant.payer, grant.spender);
        if (grant.nonce != held.nonce) {
            revert ComputeEscrow_GrantOutOfTurn(grant.payer, grant.spender, held.nonce, grant.nonce);
        }
        if (grant.nonce == type(uint24).max) revert ComputeEscrow_GrantsUsedUp(grant.payer, grant.spender);
        _requireSigned(grant.payer, grantDigest(grant), signature);
        if (_lowers(grant, held)) _queueLowering(grant);
        else _setNow(grant);
    }

    /// @notice What holds now for a (payer, spender), a lowering that has become due included; all zero when there is none.
    function grants(address payer, address spender) external view returns (GrantState memory held) {
        held = _grants[payer][spender];
        Lowering memory lowering = _lowerings[payer][spender];
        if (_isDue(lowering.dueAt)) _lower(held, lowering);
    }

    /// @notice The lowering that waits for a (payer, spender); `dueAt` is 0 when there is none or it holds already.
    function grantLowerings(address payer, address spender) external view returns (Lowering memory lowering) {
        lowering = _lowerings[payer][spender];
        if (_isDue(lowering.dueAt)) delete lowering;
    }

    /// @dev Takes `price` from what the payer allows the spender, for an order that costs `total` with this part.
    function _spendGrant(SpentPart memory part) internal {
        GrantState memory held = _takeDue(part.payer, part.spender);
        uint256 settleBy = uint256(held.validUntil) + settlementWindow;
        if (part.start > held.validUntil || block.timestamp > settleBy) {
            revert ComputeEscrow_GrantExpired(part.payer, part.spender, held.validUntil);
        }
        if (part.total > held.perJobMax) {
            revert ComputeEscrow_JobMaxExceeded(part.order, held.perJobMax, part.total);
        }
        if (part.price > held.remaining) {
            revert ComputeEscrow_GrantExceeded(part.payer, part.spender, held.remaining, part.price);
        }
        _grants[part.payer][part.spender].remaining = held.remaining - part.price;
        _spendLowering(_lowerings[part.payer][part.spender], part.price);
    }

    /// @dev What a part to be paid is checked against its grant with. `total` includes `price`.
    struct SpentPart {
        bytes32 order;
        address payer;
        address spender;
        uint256 total;
        uint96 price;
        uint40 start;
    }

    /// @dev Makes a lowering that has become due hold, and gives what holds.
    function _takeDue(address payer, address spender) private returns (GrantState memory held) {
        held = _grants[payer][spender];
        Lowering storage lowering = _lowerings[payer][spender];
        if (!_isDue(lowering.dueAt)) return held;
        _lower(held, lowering);
        _grants[payer][spender] = held;
        delete _lowerings[payer][spender];
    }

    function _setNow(Grant calldata grant) private {
        _grants[grant.payer][grant.spender] = GrantState({
            remaining: grant.amount,
            perJobMax: grant.perJobMax,
            validUntil: grant.validUntil,
            nonce: grant.nonce + 1
        });
        delete _lowerings[grant.payer][grant.spender];
        emit GrantSet(
            grant.payer,
            grant.spender,
            grant.amount,
            grant.perJobMax,
            grant.validUntil,
            grant.nonce
        );
    }

    function _queueLowering(Grant calldata grant) private {
        uint40 dueAt = uint40(block.timestamp) + settlementWindow;
        _grants[grant.payer][grant.spender].nonce = grant.nonce + 1;
        _lowerings[grant.payer][grant.spender] = Lowering({
            dueAt: dueAt,
            validUntil: grant.validUntil,
            remaining: grant.amount,
            perJobMax: grant.perJobMax
        });
        emit GrantLoweringQueued(
            grant.payer,
            grant.spender,
            grant.amount,
            grant.perJobMax,
            grant.validUntil,
            grant.nonce,
            dueAt
        );
    }

    function _spendLowering(Lowering storage lowering, uint96 price) private {
        if (lowering.dueAt == 0) return;
        uint96 remaining = lowering.remaining;
        lowering.remaining = remaining > price ? remaining - price : 0;
    }

    function _lowers(Grant calldata grant, GrantState memory held) private view returns (bool) {
        if (block.timestamp > uint256(held.validUntil) + settlementWindow) return false;
        return
            grant.amount < held.remaining ||
            grant.perJobMax < held.perJobMax ||
            grant.validUntil < held.validUntil;
    }

    function _isDue(uint40 dueAt) private view returns (bool) {
        return dueAt != 0 && block.timestamp >= dueAt;
    }

    function _lower(GrantState memory held, Lowering memory lowering) private pure {
        held.remaining = lowering.remaining;
        held.perJobMax = lowering.perJobMax;
        held.validUntil = lowering.validUntil;
    }
}
