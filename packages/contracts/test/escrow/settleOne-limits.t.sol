// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowErrors} from "../../contracts/escrow/EscrowErrors.sol";
import {Grant, Order, Receipt} from "../../contracts/escrow/SignedTypes.sol";
import {Campus} from "../base/Campus.sol";
import {clampTo, vm} from "../base/Cheats.sol";

/// @notice What bounds a payment: the parts paid before it, the ceiling, the grant and the balance.
contract SettleOneLimitsTest is Campus {
    function test_RevertWhen_PartWasPaid() external {
        Receipt memory receipt = aReceipt(anOrder());
        settle(anOrder(), receipt);
        receipt.logRoot = keccak256("another log");

        settleReverts(
            anOrder(),
            receipt,
            abi.encodeWithSelector(EscrowErrors.ComputeEscrow_PartPaid.selector, student, 7, 0)
        );
    }

    function test_RevertWhen_NonceServedAnotherOrder() external {
        settle(anOrder(), aReceipt(anOrder()));
        Order memory order = anOrder();
        order.jobId = keccak256("job_2");
        Receipt memory receipt = aReceipt(order);
        receipt.part = 1;

        settleReverts(
            order,
            receipt,
            abi.encodeWithSelector(EscrowErrors.ComputeEscrow_NonceTaken.selector, student, 7)
        );
    }

    function test_PartsArePaidInAnyOrder(uint256 seed) external {
        Order memory order = anOrder();
        Receipt memory receipt = aReceipt(order);
        for (uint8 i = 0; i < 4; ++i) {
            receipt.part = uint8((i * 3 + (seed % 4)) % 4);
            settle(order, receipt);
        }

        vm.assertEq(escrow.payers(course).balance, FUNDS - 4 * PRICE, "balance");
    }

    function test_RevertWhen_PartsTogetherPassTheCeiling(uint96 last) external {
        Order memory order = anOrder();
        order.maxPrice = 5 ether;
        Receipt memory receipt = aReceipt(order);
        settle(order, receipt);
        receipt.part = 2;
        settle(order, receipt);
        receipt.part = 1;
        receipt.price = uint96(clampTo(last, 1 ether + 1, PRICE));

        settleReverts(
            order,
            receipt,
            abi.encodeWithSelector(
                EscrowErrors.ComputeEscrow_CeilingExceeded.selector,
                receipt.order,
                5 ether,
                4 ether + uint256(receipt.price)
            )
        );
    }

    function test_LastPartMayReachTheCeiling() external {
        Order memory order = anOrder();
        order.maxPrice = 3 ether;
        Receipt memory receipt = aReceipt(order);
        settle(order, receipt);
        (receipt.part, receipt.price) = (3, 1 ether);

        settle(order, receipt);

        vm.assertEq(escrow.payers(course).balance, FUNDS - 3 ether, "balance");
    }

    function test_RevertWhen_SpenderHasNoGrant() external {
        Order memory order = anOrder();
        order.payer = stranger;

        settleReverts(order, aReceipt(order), expired(stranger, 0));
    }

    function test_RevertWhen_JobStartsAfterTheGrantEnds() external {
        Order memory order = anOrder();
        order.expiry = NOW + 91 * DAY;
        Receipt memory receipt = aReceipt(order);
        receipt.start = NOW + 90 * DAY + 1;
        receipt.end = receipt.start;

        settleReverts(order, receipt, expired(course, NOW + 90 * DAY));
    }

    function test_RevertWhen_GrantEndedAWindowAgo() external {
        vm.warp(NOW + 91 * DAY + 1);

        settleReverts(anOrder(), aReceipt(anOrder()), expired(course, NOW + 90 * DAY));
    }

    function test_JobInTimeIsPaidWithinTheWindow() external {
        Order memory order = anOrder();
        order.expiry = NOW + 90 * DAY;
        Receipt memory receipt = aReceipt(order);
        receipt.start = NOW + 90 * DAY;
        receipt.end = receipt.start + 7200;
        vm.warp(NOW + 91 * DAY);

        settle(order, receipt);

        vm.assertTrue(escrow.isSettled(receipt), "settled");
    }

    function test_RevertWhen_PartsTogetherPassTheJobMaximum() external {
        Grant memory grant = aGrant();
        grant.nonce = 1;
        grant.perJobMax = JOB_MAX + 1;
        grantNow(grant);
        Order memory order = anOrder();
        order.maxPrice = 40 ether;
        order.unitPrice = 15 ether;
        Receipt memory receipt = aReceipt(order);
        receipt.price = 15 ether;
        settle(order, receipt);
        (receipt.part, receipt.price) = (1, 5 ether + 2);

        settleReverts(
            order,
            receipt,
            abi.encodeWithSelector(
                EscrowErrors.ComputeEscrow_JobMaxExceeded.selector,
                receipt.order,
                JOB_MAX + 1,
                20 ether + 2
            )
        );
    }

    function test_RevertWhen_GrantIsUsedUp() external {
        drain(50);
        Order memory order = anOrder();

        settleReverts(
            order,
            aReceipt(order),
            abi.encodeWithSelector(
                EscrowErrors.ComputeEscrow_GrantExceeded.selector,
                course,
                student,
                0,
                PRICE
            )
        );
    }

    function test_RevertWhen_BalanceIsTooSmall() external {
        Grant memory grant = aGrant();
        (grant.payer, grant.nonce) = (stranger, 0);
        escrow.setGrant(grant, signed(STRANGER_KEY, escrow.grantDigest(grant)));
        escrow.deposit(stranger, PRICE - 1);
        Order memory order = anOrder();
        order.payer = stranger;

        settleReverts(order, aReceipt(order), tooPoor(stranger, PRICE - 1));
    }

    function test_RevertWhen_JobStartsAfterTheExitRequest() external {
        vm.prank(course);
        escrow.requestExit(FUNDS - 1 ether);

        settleReverts(anOrder(), aReceipt(anOrder()), tooPoor(course, 1 ether));
    }

    function test_RevertWhen_TheExitIsDue() external {
        Receipt memory receipt = aReceipt(anOrder());
        vm.warp(NOW + 1);
        vm.prank(course);
        escrow.requestExit(FUNDS);
        vm.warp(NOW + 1 + DAY);

        settleReverts(anOrder(), receipt, tooPoor(course, 0));
    }

    function test_EarlierJobIsPaidFromWhatExits() external {
        Receipt memory receipt = aReceipt(anOrder());
        vm.warp(NOW + 1);
        vm.prank(course);
        escrow.requestExit(FUNDS);
        vm.warp(NOW + DAY);

        settle(anOrder(), receipt);

        vm.assertEq(escrow.payers(course).exiting, FUNDS - PRICE, "exiting");
        vm.assertEq(escrow.payers(course).balance, FUNDS - PRICE, "balance");
    }

    function test_LaterJobIsPaidFromTheRest() external {
        vm.prank(course);
        escrow.requestExit(FUNDS - PRICE);

        settle(anOrder(), aReceipt(anOrder()));

        vm.assertEq(escrow.payers(course).exiting, FUNDS - PRICE, "exiting");
        vm.assertEq(escrow.payers(course).balance, FUNDS - PRICE, "balance");
    }

    /// @dev Spends the whole grant, in orders of their own.
    function drain(uint32 jobs) private {
        for (uint32 i = 1; i <= jobs; ++i) {
            Order memory order = anOrder();
            order.nonce = 100 + i;
            settle(order, aReceipt(order));
        }
    }

    function expired(address payer, uint256 validUntil) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                EscrowErrors.ComputeEscrow_GrantExpired.selector,
                payer,
                student,
                validUntil
            );
    }

    function tooPoor(address payer, uint256 available) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                EscrowErrors.ComputeEscrow_BalanceExceeded.selector,
                payer,
                available,
                PRICE
            );
    }
}
