// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeEscrow} from "../../contracts/ComputeEscrow.sol";
import {EscrowErrors} from "../../contracts/escrow/EscrowErrors.sol";
import {Grant, Order, Receipt} from "../../contracts/escrow/SignedTypes.sol";
import {Campus} from "../base/Campus.sol";
import {clampTo, vm} from "../base/Cheats.sol";

contract SettleOneTest is Campus {
    function test_RevertWhen_ReceiptIsForAnotherOrder() external {
        Receipt memory receipt = aReceipt(anOrder());
        receipt.order = keccak256("another");

        settleReverts(
            anOrder(),
            receipt,
            abi.encodeWithSelector(
                EscrowErrors.ComputeEscrow_OrderMismatch.selector,
                escrow.orderDigest(anOrder()),
                receipt.order
            )
        );
    }

    function test_RevertWhen_PartIsAboveThree(uint8 part) external {
        Receipt memory receipt = aReceipt(anOrder());
        receipt.part = uint8(clampTo(part, 4, 255));

        settleReverts(
            anOrder(),
            receipt,
            abi.encodeWithSelector(EscrowErrors.ComputeEscrow_PartOutOfRange.selector, receipt.part)
        );
    }

    function test_RevertWhen_OutcomeIsUnknown(uint8 outcome) external {
        Receipt memory receipt = aReceipt(anOrder());
        receipt.outcome = uint8(clampTo(outcome, 6, 255));

        settleReverts(
            anOrder(),
            receipt,
            abi.encodeWithSelector(EscrowErrors.ComputeEscrow_OutcomeUnknown.selector, receipt.outcome)
        );
    }

    function test_RevertWhen_PriceIsZero() external {
        Receipt memory receipt = aReceipt(anOrder());
        receipt.price = 0;

        settleReverts(
            anOrder(),
            receipt,
            ofReceipt(EscrowErrors.ComputeEscrow_NothingToPay.selector, receipt)
        );
    }

    function test_RevertWhen_RigFaultHasAPrice() external {
        Receipt memory receipt = aReceipt(anOrder());
        receipt.outcome = 2;

        settleReverts(
            anOrder(),
            receipt,
            abi.encodeWithSelector(
                EscrowErrors.ComputeEscrow_FaultNotFree.selector,
                escrow.receiptDigest(receipt),
                receipt.price
            )
        );
    }

    function test_RevertWhen_JobEndsBeforeItStarts() external {
        Receipt memory receipt = aReceipt(anOrder());
        receipt.end = receipt.start - 1;

        settleReverts(
            anOrder(),
            receipt,
            abi.encodeWithSelector(
                EscrowErrors.ComputeEscrow_EndBeforeStart.selector,
                receipt.start,
                receipt.end
            )
        );
    }

    function test_RevertWhen_JobStartsAfterTheOrderExpires() external {
        Order memory order = anOrder();
        Receipt memory receipt = aReceipt(order);
        receipt.start = order.expiry + 1;
        receipt.end = receipt.start;

        settleReverts(
            order,
            receipt,
            abi.encodeWithSelector(
                EscrowErrors.ComputeEscrow_OrderExpired.selector,
                receipt.order,
                order.expiry,
                receipt.start
            )
        );
    }

    function test_RevertWhen_RigIsNotEnrolled() external {
        Receipt memory receipt = aReceipt(anOrder());
        receipt.rig = stranger;
        bytes memory orderSignature = signed(STUDENT_KEY, receipt.order);
        bytes memory receiptSignature = signed(STRANGER_KEY, escrow.receiptDigest(receipt));
        Order memory order = anOrder();

        vm.expectRevert(abi.encodeWithSelector(EscrowErrors.ComputeEscrow_RigUnknown.selector, stranger));
        escrow.settleOne(order, orderSignature, receipt, receiptSignature);
    }

    function test_RevertWhen_RigWasRetiredBeforeTheEnd() external {
        Receipt memory receipt = aReceipt(anOrder());
        vm.prank(REGISTRAR);
        escrow.retireRig(rig);

        settleReverts(anOrder(), receipt, retired());
    }

    function test_RevertWhen_RigWasRetiredAWindowAgo() external {
        Receipt memory receipt = aReceipt(anOrder());
        receipt.end = NOW;
        vm.prank(REGISTRAR);
        escrow.retireRig(rig);
        vm.warp(NOW + DAY + 1);

        settleReverts(anOrder(), receipt, retired());
    }

    function test_RetiredRigIsPaidForEarlierWork() external {
        Receipt memory receipt = aReceipt(anOrder());
        receipt.end = NOW;
        vm.prank(REGISTRAR);
        escrow.retireRig(rig);
        vm.warp(NOW + DAY);

        settle(anOrder(), receipt);

        vm.assertTrue(escrow.isSettled(receipt), "settled");
    }

    function test_RevertWhen_PriceIsAboveTheUnits(uint64 units, uint96 unitPrice) external {
        Order memory order = anOrder();
        order.unitPrice = uint96(clampTo(unitPrice, 0, 4 ether));
        Receipt memory receipt = aReceipt(order);
        receipt.units = uint64(clampTo(units, 0, MINUTE));
        uint256 bound = (uint256(order.unitPrice) * receipt.units) / 60_000_000;
        receipt.price = uint96(bound + 1);

        settleReverts(
            order,
            receipt,
            abi.encodeWithSelector(
                EscrowErrors.ComputeEscrow_PriceTooHigh.selector,
                escrow.receiptDigest(receipt),
                bound,
                receipt.price
            )
        );
    }

    function test_PricePaysRigAndTreasury(uint96 price, address sender) external {
        Receipt memory receipt = aReceipt(anOrder());
        receipt.price = uint96(clampTo(price, 1, PRICE));
        uint96 fee = uint96((uint256(receipt.price) * FEE_BPS) / 10_000);
        bytes memory orderSignature = signed(STUDENT_KEY, receipt.order);
        bytes memory receiptSignature = signed(RIG_KEY, escrow.receiptDigest(receipt));
        Order memory order = anOrder();
        bytes32 receiptHash = escrow.receiptDigest(receipt);

        vm.expectEmit(address(escrow));
        emit ComputeEscrow.Settled(receipt.order, receiptHash, course, student, rig, receipt.price, fee);
        vm.prank(sender);
        escrow.settleOne(order, orderSignature, receipt, receiptSignature);

        vm.assertEq(escrow.payers(course).balance, FUNDS - receipt.price, "balance");
        vm.assertEq(escrow.rigs(OWNER).earned, receipt.price - fee, "earned");
        vm.assertEq(escrow.fees(), fee, "fees");
        vm.assertEq(escrow.grants(course, student).remaining, GRANTED - receipt.price, "remaining");
        assertSolvent();
    }

    function test_ReceiptIsFoundSettled() external {
        Receipt memory receipt = aReceipt(anOrder());
        Receipt memory other = aReceipt(anOrder());
        other.logRoot = keccak256("other log");

        settle(anOrder(), receipt);

        vm.assertTrue(escrow.isSettled(receipt), "the paid receipt");
        vm.assertTrue(!escrow.isSettled(other), "a receipt like it");
        vm.assertTrue(escrow.isUsed(student, 7, 0), "its part");
        vm.assertTrue(!escrow.isUsed(student, 7, 1), "the next part");
        vm.assertTrue(!escrow.isUsed(student, 6, 3), "the part before");
        vm.assertEq(escrow.paidParts(receipt.order, 0).price, PRICE, "price");
    }

    function test_CancelledCostsAtLeastThePrepayment() external {
        Order memory order = anOrder();
        order.prepay = 1 ether;
        Receipt memory receipt = aReceipt(order);
        (receipt.outcome, receipt.units, receipt.price) = (5, 1, 1 ether);

        settle(order, receipt);

        vm.assertEq(escrow.rigs(OWNER).earned, 0.98 ether, "earned");
    }

    function test_RevertWhen_CancelledCostsMoreThanThePrepayment() external {
        Order memory order = anOrder();
        order.prepay = 1 ether;
        Receipt memory receipt = aReceipt(order);
        (receipt.outcome, receipt.units, receipt.price) = (5, 1, 1 ether + 1);

        settleReverts(order, receipt, tooHigh(receipt, 33_333_333_333));
    }

    function test_RevertWhen_PrepaymentIsAskedWithoutACancel() external {
        Order memory order = anOrder();
        order.prepay = 1 ether;
        Receipt memory receipt = aReceipt(order);
        (receipt.units, receipt.price) = (1, 1 ether);

        settleReverts(order, receipt, tooHigh(receipt, 33_333_333_333));
    }

    function test_RevertWhen_PrepaymentIsAskedTwice() external {
        Order memory order = anOrder();
        order.prepay = 1 ether;
        Receipt memory receipt = aReceipt(order);
        (receipt.outcome, receipt.units, receipt.price) = (5, 1, 1 ether);
        settle(order, receipt);
        receipt.part = 1;

        settleReverts(order, receipt, tooHigh(receipt, 33_333_333_333));
    }

    function test_EveryChargedOutcomeIsPaid(uint8 outcome) external {
        Receipt memory receipt = aReceipt(anOrder());
        receipt.outcome = uint8(clampTo(outcome, 0, 5));
        vm.assume(receipt.outcome != 2);

        settle(anOrder(), receipt);

        vm.assertTrue(escrow.isSettled(receipt), "settled");
    }

    function tooHigh(Receipt memory receipt, uint256 bound) private view returns (bytes memory) {
        bytes32 receiptHash = escrow.receiptDigest(receipt);
        return
            abi.encodeWithSelector(
                EscrowErrors.ComputeEscrow_PriceTooHigh.selector,
                receiptHash,
                bound,
                receipt.price
            );
    }

    function retired() private view returns (bytes memory) {
        return abi.encodeWithSelector(EscrowErrors.ComputeEscrow_RigRetired.selector, rig, NOW);
    }

    function ofReceipt(bytes4 selector, Receipt memory receipt) private view returns (bytes memory) {
        return abi.encodeWithSelector(selector, escrow.receiptDigest(receipt));
    }
}
