// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Order, Receipt} from "../../contracts/escrow/SignedTypes.sol";

/// @notice What happened, as an onlooker adds it up: the invariants compare the escrow with this.
abstract contract Ledger {
    /// @dev How often each thing happened in this run; a run in which they did not happen proves nothing.
    struct Covered {
        uint256 deposits;
        uint256 grants;
        uint256 lowerings;
        uint256 settlements;
        uint256 laterParts;
        uint256 paidDuringExit;
        uint256 replays;
        uint256 refusals;
        uint256 withdrawals;
        uint256 rigWithdrawals;
        uint256 collections;
        uint256 grabs;
    }

    /// @dev What a payer last signed for a spender, and what was spent of it since.
    struct Signed {
        uint256 amount;
        uint256 spent;
        uint256 lowerAmount;
        uint256 lowerSpent;
        uint256 dueAt;
    }

    address[] public payers;
    address[] public spenders;
    address[] public owners;

    uint256 public deposited;
    uint256 public paidOut;
    uint256 public priceTotal;
    uint256 public feeTotal;
    bool public isFeeEverTooHigh;
    bool public isPartEverPaidTwice;
    bool public isCeilingEverPassed;

    Covered internal covered;
    Receipt[] internal paid;
    Order[] internal paidOrders;
    mapping(bytes32 part => bool) private _isPaid;
    mapping(bytes32 order => uint256) private _orderTotal;
    mapping(address payer => mapping(address spender => Signed)) private _signed;

    function coverage() external view returns (Covered memory) {
        return covered;
    }

    /// @notice What must be left of a grant.
    function expectedRemaining(address payer, address spender) external view returns (uint256) {
        Signed memory signed = _signed[payer][spender];
        if (signed.dueAt == 0 || block.timestamp < signed.dueAt) return signed.amount - signed.spent;
        return signed.lowerAmount > signed.lowerSpent ? signed.lowerAmount - signed.lowerSpent : 0;
    }

    function _noteGrant(address payer, address spender, uint96 amount, uint40 dueAt) internal {
        Signed storage signed = _signed[payer][spender];
        _takeDue(signed);
        ++covered.grants;
        if (dueAt == 0) {
            (signed.amount, signed.spent, signed.dueAt) = (amount, 0, 0);
        } else {
            (signed.lowerAmount, signed.lowerSpent, signed.dueAt) = (amount, 0, dueAt);
            ++covered.lowerings;
        }
    }

    function _notePaid(Order memory order, Receipt memory receipt, uint96 fee) internal {
        bytes32 part = keccak256(abi.encode(order.spender, order.nonce, receipt.part));
        if (_isPaid[part]) isPartEverPaidTwice = true;
        _isPaid[part] = true;
        if (_orderTotal[receipt.order] != 0) ++covered.laterParts;
        _orderTotal[receipt.order] += receipt.price;
        if (_orderTotal[receipt.order] > order.maxPrice) isCeilingEverPassed = true;
        if (uint256(fee) * 10_000 > uint256(receipt.price) * 300) isFeeEverTooHigh = true;
        priceTotal += receipt.price;
        feeTotal += fee;
        Signed storage signed = _signed[order.payer][order.spender];
        _takeDue(signed);
        signed.spent += receipt.price;
        signed.lowerSpent += receipt.price;
        paid.push(receipt);
        paidOrders.push(order);
        ++covered.settlements;
    }

    function _takeDue(Signed storage signed) private {
        if (signed.dueAt == 0 || block.timestamp < signed.dueAt) return;
        uint256 left = signed.lowerAmount > signed.lowerSpent ? signed.lowerAmount - signed.lowerSpent : 0;
        (signed.amount, signed.spent, signed.dueAt) = (left, 0, 0);
    }
}
