// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Balances} from "../../contracts/escrow/Balances.sol";
import {EscrowErrors} from "../../contracts/escrow/EscrowErrors.sol";
import {Order} from "../../contracts/escrow/SignedTypes.sol";
import {Campus} from "../base/Campus.sol";
import {clampTo, vm} from "../base/Cheats.sol";

/// @notice How a rig's owner is paid out: `requestRigExit`, then `rigWithdraw`; and the treasury: `collectFees`.
contract RigExitTest is Campus {
    uint96 private constant EARNED = 1.96 ether;

    function setUp() public override {
        super.setUp();
        settle(anOrder(), aReceipt(anOrder()));
    }

    function test_RevertWhen_RigExitIsOfNothing() external {
        vm.expectRevert(EscrowErrors.ComputeEscrow_ZeroAmount.selector);
        vm.prank(OWNER);
        escrow.requestRigExit(0);
    }

    function test_RevertWhen_RigExitIsMoreThanEarned() external {
        vm.expectRevert(
            abi.encodeWithSelector(
                EscrowErrors.ComputeEscrow_ExitExceeded.selector,
                OWNER,
                EARNED,
                EARNED + 1
            )
        );
        vm.prank(OWNER);
        escrow.requestRigExit(EARNED + 1);
    }

    function test_RevertWhen_TheRigsKeyAsks() external {
        vm.expectRevert(abi.encodeWithSelector(EscrowErrors.ComputeEscrow_ExitExceeded.selector, rig, 0, 1));
        vm.prank(rig);
        escrow.requestRigExit(1);
    }

    function test_RevertWhen_ARigExitIsPending() external {
        request(1);

        vm.expectRevert(
            abi.encodeWithSelector(EscrowErrors.ComputeEscrow_ExitPending.selector, OWNER, NOW + DAY)
        );
        vm.prank(OWNER);
        escrow.requestRigExit(1);
    }

    function test_RevertWhen_NoRigExitWasRequested() external {
        vm.expectRevert(abi.encodeWithSelector(EscrowErrors.ComputeEscrow_ExitNotRequested.selector, OWNER));
        vm.prank(OWNER);
        escrow.rigWithdraw();
    }

    function test_RevertWhen_TheRigsDelayHasNotPassed() external {
        request(1);
        vm.warp(NOW + DAY - 1);

        vm.expectRevert(
            abi.encodeWithSelector(EscrowErrors.ComputeEscrow_ExitTooEarly.selector, OWNER, NOW + DAY)
        );
        vm.prank(OWNER);
        escrow.rigWithdraw();
    }

    function test_RigExitPaysTheAmountAsked(uint96 amount) external {
        amount = uint96(clampTo(amount, 1, EARNED));
        vm.expectEmit(address(escrow));
        emit Balances.RigExitRequested(OWNER, amount, NOW + DAY);
        request(amount);
        Order memory order = anOrder();
        order.nonce = 8;
        settle(order, aReceipt(order));
        vm.warp(NOW + DAY);

        vm.expectEmit(address(escrow));
        emit Balances.RigWithdrawn(OWNER, amount);
        vm.prank(OWNER);
        escrow.rigWithdraw();

        vm.assertEq(token.balanceOf(OWNER), amount, "paid");
        vm.assertEq(escrow.rigs(OWNER).earned, 2 * EARNED - amount, "earned");
        assertSolvent();
    }

    function test_RevertWhen_RigExitIsTakenTwice() external {
        request(1);
        vm.warp(NOW + DAY);
        vm.prank(OWNER);
        escrow.rigWithdraw();

        vm.expectRevert(abi.encodeWithSelector(EscrowErrors.ComputeEscrow_ExitNotRequested.selector, OWNER));
        vm.prank(OWNER);
        escrow.rigWithdraw();
    }

    function test_FeesGoToTheTreasury(address sender) external {
        vm.expectEmit(address(escrow));
        emit Balances.FeesCollected(0.04 ether);
        vm.prank(sender);
        escrow.collectFees();

        vm.assertEq(token.balanceOf(TREASURY), 0.04 ether, "paid");
        vm.assertEq(escrow.fees(), 0, "left");
        assertSolvent();
    }

    function test_CollectingTwiceMovesNothing() external {
        escrow.collectFees();

        escrow.collectFees();

        vm.assertEq(token.balanceOf(TREASURY), 0.04 ether, "paid");
    }

    function request(uint96 amount) private {
        vm.prank(OWNER);
        escrow.requestRigExit(amount);
    }
}
