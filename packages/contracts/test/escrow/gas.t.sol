// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Order, Receipt} from "../../contracts/escrow/SignedTypes.sol";
import {Campus} from "../base/Campus.sol";
import {vm} from "../base/Cheats.sol";

/// @notice What a forced single settlement costs, the transaction's own 21,000 and its calldata included.
/// @dev 22,100 of it is the slot that keeps which receipt was paid and how much, so that the parts of an order cannot pass
/// its ceiling and a receipt can be verified without logs.
contract GasTest is Campus {
    uint256 private constant BOUND = 102_000;

    event log_named_uint(string name, uint256 value);

    function setUp() public override {
        super.setUp();
        settle(anOrder(), aReceipt(anOrder()));
    }

    /// forge-config: default.isolate = true
    function test_SettlementCostsLittle() external {
        Order memory order = anOrder();
        order.nonce = 8;
        order.jobId = keccak256("job_2");

        settle(order, aReceipt(order));

        uint256 gas = vm.lastCallGas().gasTotalUsed;
        emit log_named_uint("gas of settleOne, warm accounts (target 95000)", gas);
        vm.assertLe(gas, BOUND, "gas of settleOne");
    }
}
