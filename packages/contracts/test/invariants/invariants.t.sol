// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeEscrow} from "../../contracts/ComputeEscrow.sol";
import {NbaiToken} from "../../contracts/NbaiToken.sol";
import {Balances} from "../../contracts/escrow/Balances.sol";
import {Cheats, vm} from "../base/Cheats.sol";
import {CampusHandler} from "./CampusHandler.sol";
import {Ledger} from "./Ledger.sol";
import {deployEscrow, deployToken} from "../base/Deployment.sol";

/// @notice Each line of README.md in this folder, after every step of every run.
contract InvariantsTest {
    address private constant OPERATOR = address(0x09);
    address private constant TREASURY = address(0x72EA);

    NbaiToken private token;
    ComputeEscrow private escrow;
    CampusHandler private campus;

    function setUp() external {
        vm.warp(1_795_000_000);
        token = deployToken(address(this));
        escrow = deployEscrow(
            ComputeEscrow.Terms({
                token: token,
                treasury: TREASURY,
                admin: OPERATOR,
                registrar: OPERATOR,
                feeBps: 300,
                exitDelay: 1 days,
                settlementWindow: 1 days
            })
        );
        campus = new CampusHandler(token, escrow, OPERATOR);
        token.transfer(address(campus), token.totalSupply());
        campus.open();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(campus);
    }

    /// @dev Settling comes several times, so that most steps move money.
    function targetSelectors() external view returns (Cheats.FuzzSelector[] memory targets) {
        bytes4[17] memory steps = [
            campus.settle.selector,
            campus.settle.selector,
            campus.settle.selector,
            campus.settle.selector,
            campus.settle.selector,
            campus.settle.selector,
            campus.settleAgain.selector,
            campus.deposit.selector,
            campus.grant.selector,
            campus.requestExit.selector,
            campus.withdraw.selector,
            campus.requestRigExit.selector,
            campus.rigWithdraw.selector,
            campus.collectFees.selector,
            campus.retireOrReturn.selector,
            campus.grab.selector,
            campus.wait.selector
        ];
        targets = new Cheats.FuzzSelector[](1);
        targets[0] = Cheats.FuzzSelector(address(campus), new bytes4[](steps.length));
        for (uint256 i = 0; i < steps.length; ++i) targets[0].selectors[i] = steps[i];
    }

    function afterInvariant() external view {
        Ledger.Covered memory covered = campus.coverage();
        vm.assertGe(covered.settlements, 8, "settlements in a run");
        vm.assertGe(covered.laterParts, 1, "later parts in a run");
        vm.assertGe(covered.refusals, 3, "refusals in a run");
        vm.assertGe(covered.replays, 1, "replays in a run");
        vm.assertGe(covered.deposits, 4, "deposits in a run");
        vm.assertGe(covered.grants, 10, "grants in a run");
        vm.assertGe(covered.lowerings, 1, "lowerings in a run");
        vm.assertGe(covered.grabs, 1, "grabs in a run");
        vm.assertGe(covered.withdrawals, 1, "withdrawals in a run");
        vm.assertGe(covered.rigWithdrawals, 1, "payouts in a run");
        vm.assertGe(covered.collections, 1, "fee collections in a run");
        vm.assertGe(covered.paidDuringExit, 1, "payments during an exit in a run");
    }

    function invariant_I1_TokensHeldAreWhatIsOwed() external view {
        vm.assertEq(token.balanceOf(address(escrow)), owed(), "I1");
    }

    function invariant_I2_DepositsAreHeldOrPaidOut() external view {
        vm.assertEq(campus.deposited(), owed() + campus.paidOut(), "I2");
    }

    function invariant_I3_GrantIsSpentPlusLeft() external view {
        for (uint256 i = 0; i < 9; ++i) {
            (address payer, address spender) = (campus.payers(i % 3), campus.spenders(i / 3));
            uint256 left = escrow.grants(payer, spender).remaining;
            vm.assertEq(left, campus.expectedRemaining(payer, spender), "I3");
        }
    }

    function invariant_I5_PartIsPaidOnceWithinTheCeiling() external view {
        vm.assertTrue(!campus.isPartEverPaidTwice(), "I5: a part was paid twice");
        vm.assertTrue(!campus.isCeilingEverPassed(), "I5: the ceiling was passed");
    }

    function invariant_I7_FeeIsAtMostThreePerCent() external view {
        vm.assertTrue(!campus.isFeeEverTooHigh(), "I7: one fee");
        vm.assertEq(escrow.fees() + token.balanceOf(TREASURY), campus.feeTotal(), "I7: all fees");
    }

    function invariant_I8_EverybodyCanLeaveWithEverything() external {
        uint256 state = vm.snapshotState();
        for (uint256 i = 0; i < 3; ++i) leaveAsPayer(campus.payers(i));
        for (uint256 i = 0; i < 2; ++i) leaveAsOwner(campus.owners(i));
        escrow.collectFees();
        vm.assertEq(token.balanceOf(address(escrow)), 0, "I8: nothing stays behind");
        vm.revertToState(state);
    }

    function invariant_I10_OperatorGetsNothing() external view {
        vm.assertEq(token.balanceOf(OPERATOR), 0, "I10: tokens");
        vm.assertEq(escrow.payers(OPERATOR).balance, 0, "I10: balance");
        vm.assertEq(escrow.rigs(OPERATOR).earned, 0, "I10: earnings");
    }

    function owed() private view returns (uint256 sum) {
        for (uint256 i = 0; i < 3; ++i) sum += escrow.payers(campus.payers(i)).balance;
        for (uint256 i = 0; i < 2; ++i) sum += escrow.rigs(campus.owners(i)).earned;
        sum += escrow.fees();
    }

    /// @dev An exit that is pending is taken first; the rest follows in a second one.
    function leaveAsPayer(address payer) private {
        uint256 before = token.balanceOf(payer);
        uint256 balance = escrow.payers(payer).balance;
        for (uint256 i = 0; i < 2; ++i) {
            Balances.Payer memory held = escrow.payers(payer);
            if (held.exitAt == 0) {
                if (held.balance == 0) continue;
                vm.prank(payer);
                escrow.requestExit(held.balance);
            }
            waitUntil(escrow.payers(payer).exitAt);
            vm.prank(payer);
            escrow.withdraw();
        }
        vm.assertEq(token.balanceOf(payer) - before, balance, "I8: all of the balance");
    }

    function leaveAsOwner(address owner) private {
        uint256 before = token.balanceOf(owner);
        uint256 earned = escrow.rigs(owner).earned;
        for (uint256 i = 0; i < 2; ++i) {
            Balances.Rig memory held = escrow.rigs(owner);
            if (held.exitAt == 0) {
                if (held.earned == 0) continue;
                vm.prank(owner);
                escrow.requestRigExit(held.earned);
            }
            waitUntil(escrow.rigs(owner).exitAt);
            vm.prank(owner);
            escrow.rigWithdraw();
        }
        vm.assertEq(token.balanceOf(owner) - before, earned, "I8: all of the earnings");
    }

    function waitUntil(uint256 time) private {
        if (time > block.timestamp) vm.warp(time);
    }
}
