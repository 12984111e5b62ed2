// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Balances} from "../../contracts/escrow/Balances.sol";
import {EscrowErrors} from "../../contracts/escrow/EscrowErrors.sol";
import {Order} from "../../contracts/escrow/SignedTypes.sol";
import {Campus} from "../base/Campus.sol";
import {clampTo, vm} from "../base/Cheats.sol";

/// @notice How a payer leaves: `requestExit`, then `withdraw`.
contract ExitTest is Campus {
    function test_RevertWhen_ExitIsOfNothing() external {
        vm.expectRevert(EscrowErrors.ComputeEscrow_ZeroAmount.selector);
        vm.prank(course);
        escrow.requestExit(0);
    }

    function test_RevertWhen_ExitIsMoreThanTheBalance(uint96 amount) external {
        amount = uint96(clampTo(amount, FUNDS + 1, type(uint96).max));

        vm.expectRevert(
            abi.encodeWithSelector(EscrowErrors.ComputeEscrow_ExitExceeded.selector, course, FUNDS, amount)
        );
        vm.prank(course);
        escrow.requestExit(amount);
    }

    function test_RevertWhen_AnExitIsPending() external {
        request(1);

        vm.expectRevert(
            abi.encodeWithSelector(EscrowErrors.ComputeEscrow_ExitPending.selector, course, NOW + DAY)
        );
        vm.prank(course);
        escrow.requestExit(1);
    }

    function test_ExitIsAnnounced(uint96 amount) external {
        amount = uint96(clampTo(amount, 1, FUNDS));

        vm.expectEmit(address(escrow));
        emit Balances.ExitRequested(course, amount, NOW + DAY);
        request(amount);

        Balances.Payer memory payer = escrow.payers(course);
        vm.assertEq(payer.balance, FUNDS, "balance");
        vm.assertEq(payer.exiting, amount, "exiting");
        vm.assertEq(payer.exitAt, NOW + DAY, "exitAt");
        vm.assertEq(payer.nonce, 1, "nonce");
    }

    function test_RevertWhen_NoExitWasRequested() external {
        vm.expectRevert(abi.encodeWithSelector(EscrowErrors.ComputeEscrow_ExitNotRequested.selector, course));
        vm.prank(course);
        escrow.withdraw();
    }

    function test_RevertWhen_TheDelayHasNotPassed(uint40 wait) external {
        request(1);
        vm.warp(NOW + clampTo(wait, 0, DAY - 1));

        vm.expectRevert(
            abi.encodeWithSelector(EscrowErrors.ComputeEscrow_ExitTooEarly.selector, course, NOW + DAY)
        );
        vm.prank(course);
        escrow.withdraw();
    }

    function test_ExitPaysTheAmountAsked(uint96 amount) external {
        amount = uint96(clampTo(amount, 1, FUNDS));
        request(amount);
        vm.warp(NOW + DAY);

        vm.expectEmit(address(escrow));
        emit Balances.Withdrawn(course, amount);
        vm.prank(course);
        escrow.withdraw();

        vm.assertEq(token.balanceOf(course), amount, "paid");
        vm.assertEq(escrow.payers(course).balance, FUNDS - amount, "balance");
        assertSolvent();
    }

    function test_RevertWhen_ExitIsTakenTwice() external {
        request(1);
        vm.warp(NOW + DAY);
        vm.prank(course);
        escrow.withdraw();

        vm.expectRevert(abi.encodeWithSelector(EscrowErrors.ComputeEscrow_ExitNotRequested.selector, course));
        vm.prank(course);
        escrow.withdraw();
    }

    function test_ExitPaysWhatEarlierJobsLeft() external {
        vm.warp(NOW + 1);
        request(FUNDS);
        settle(anOrder(), aReceipt(anOrder()));
        vm.warp(NOW + 1 + DAY);

        vm.prank(course);
        escrow.withdraw();

        vm.assertEq(token.balanceOf(course), FUNDS - PRICE, "paid");
        vm.assertEq(escrow.payers(course).balance, 0, "balance");
        assertSolvent();
    }

    function test_ExitEndsWhenEarlierJobsUsedAllOfIt() external {
        // An account of exactly one price, so that the earlier job takes all of the exit.
        vm.prank(course);
        escrow.requestExit(FUNDS - PRICE);
        vm.warp(NOW + DAY);
        vm.prank(course);
        escrow.withdraw();
        request(PRICE);
        settle(anOrder(), aReceipt(anOrder()));
        vm.warp(NOW + 2 * DAY);

        vm.prank(course);
        escrow.withdraw();
        escrow.deposit(course, 1);

        vm.assertEq(escrow.payers(course).exitAt, 0, "exit is over");
        vm.assertEq(token.balanceOf(course), FUNDS - PRICE, "paid");
    }

    function test_DepositDuringAnExitIsFreeToUse() external {
        request(FUNDS);
        escrow.deposit(course, PRICE);

        settle(anOrder(), aReceipt(anOrder()));

        vm.assertEq(escrow.payers(course).exiting, FUNDS, "exiting");
    }

    function request(uint96 amount) private {
        vm.prank(course);
        escrow.requestExit(amount);
    }
}
