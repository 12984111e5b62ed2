// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {EscrowErrors} from "../../contracts/escrow/EscrowErrors.sol";
import {RigTable} from "../../contracts/escrow/RigTable.sol";
import {Campus} from "../base/Campus.sol";
import {vm} from "../base/Cheats.sol";

/// @notice Who keeps the table of rigs: `enrolRig` and `retireRig`.
contract RigTableTest is Campus {
    function test_RevertWhen_EnrolledByAnotherThanTheRegistrar(address caller) external {
        vm.assume(caller != REGISTRAR);
        bytes memory reason = notRegistrar(caller);

        vm.expectRevert(reason);
        vm.prank(caller);
        escrow.enrolRig(stranger, OWNER);
    }

    function test_RevertWhen_KeyOrPayoutIsZero() external {
        vm.expectRevert(EscrowErrors.ComputeEscrow_ZeroAddress.selector);
        vm.prank(REGISTRAR);
        escrow.enrolRig(address(0), OWNER);
        vm.expectRevert(EscrowErrors.ComputeEscrow_ZeroAddress.selector);
        vm.prank(REGISTRAR);
        escrow.enrolRig(stranger, address(0));
    }

    function test_RevertWhen_KeyIsInUse() external {
        refusesEnrolment(OWNER);
        refusesEnrolment(stranger);
    }

    function test_RevertWhen_RetiredKeyChangesItsPayout() external {
        vm.prank(REGISTRAR);
        escrow.retireRig(rig);

        refusesEnrolment(stranger);
    }

    function test_RetiredKeyComesBack() external {
        vm.prank(REGISTRAR);
        escrow.retireRig(rig);
        vm.warp(NOW + 2 * DAY);

        vm.prank(REGISTRAR);
        escrow.enrolRig(rig, OWNER);
        settle(anOrder(), aReceipt(anOrder()));

        vm.assertEq(escrow.rigKeys(rig).enrolledAt, NOW + 2 * DAY, "enrolledAt");
        vm.assertTrue(escrow.rigs(OWNER).earned > 0, "paid");
    }

    function test_KeyIsEnrolled(address key, address payout) external {
        vm.assume(key != address(0) && payout != address(0) && key != rig);

        vm.expectEmit(address(escrow));
        emit RigTable.RigEnrolled(key, payout);
        vm.prank(REGISTRAR);
        escrow.enrolRig(key, payout);

        RigTable.RigKey memory held = escrow.rigKeys(key);
        vm.assertEq(held.payout, payout, "payout");
        vm.assertEq(held.enrolledAt, NOW, "enrolledAt");
        vm.assertEq(held.retiredAt, 0, "retiredAt");
    }

    function test_RevertWhen_RetiredByAnotherThanTheRegistrar(address caller) external {
        vm.assume(caller != REGISTRAR);
        bytes memory reason = notRegistrar(caller);

        vm.expectRevert(reason);
        vm.prank(caller);
        escrow.retireRig(rig);
    }

    function test_RevertWhen_RetiredKeyIsUnknown() external {
        vm.expectRevert(abi.encodeWithSelector(EscrowErrors.ComputeEscrow_RigUnknown.selector, stranger));
        vm.prank(REGISTRAR);
        escrow.retireRig(stranger);
    }

    function test_RevertWhen_KeyIsRetiredAlready() external {
        vm.prank(REGISTRAR);
        escrow.retireRig(rig);

        vm.expectRevert(abi.encodeWithSelector(EscrowErrors.ComputeEscrow_RigRetired.selector, rig, NOW));
        vm.prank(REGISTRAR);
        escrow.retireRig(rig);
    }

    function test_KeyIsRetired() external {
        vm.expectEmit(address(escrow));
        emit RigTable.RigRetired(rig);
        vm.prank(REGISTRAR);
        escrow.retireRig(rig);

        vm.assertEq(escrow.rigKeys(rig).retiredAt, NOW, "retiredAt");
    }

    function refusesEnrolment(address payout) private {
        vm.expectRevert(abi.encodeWithSelector(EscrowErrors.ComputeEscrow_RigEnrolled.selector, rig, OWNER));
        vm.prank(REGISTRAR);
        escrow.enrolRig(rig, payout);
    }

    function notRegistrar(address caller) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector,
                caller,
                escrow.REGISTRAR()
            );
    }
}
