// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowErrors} from "../../contracts/escrow/EscrowErrors.sol";
import {GrantBook} from "../../contracts/escrow/GrantBook.sol";
import {Grant, Order} from "../../contracts/escrow/SignedTypes.sol";
import {Campus} from "../base/Campus.sol";
import {clampTo, vm} from "../base/Cheats.sol";

contract SetGrantTest is Campus {
    function test_RevertWhen_PartyIsZero() external {
        Grant memory grant = aGrant();
        grant.spender = address(0);
        vm.expectRevert(EscrowErrors.ComputeEscrow_ZeroAddress.selector);
        escrow.setGrant(grant, "");

        grant = aGrant();
        grant.payer = address(0);
        vm.expectRevert(EscrowErrors.ComputeEscrow_ZeroAddress.selector);
        escrow.setGrant(grant, "");
    }

    function test_RevertWhen_GrantIsOutOfTurn(uint24 nonce) external {
        vm.assume(nonce != 1);
        Grant memory grant = aGrant();
        grant.nonce = nonce;
        bytes memory signature = signed(COURSE_KEY, escrow.grantDigest(grant));

        vm.expectRevert(
            abi.encodeWithSelector(
                EscrowErrors.ComputeEscrow_GrantOutOfTurn.selector,
                course,
                student,
                1,
                nonce
            )
        );
        escrow.setGrant(grant, signature);
    }

    function test_RevertWhen_GrantIsSentAgain() external {
        Grant memory grant = aGrant();
        bytes memory signature = signed(COURSE_KEY, escrow.grantDigest(grant));
        escrow.setGrant(grant, signature);

        vm.expectRevert(
            abi.encodeWithSelector(EscrowErrors.ComputeEscrow_GrantOutOfTurn.selector, course, student, 2, 1)
        );
        escrow.setGrant(grant, signature);
    }

    function test_RevertWhen_NoncesAreUsedUp() external {
        Grant memory grant = aGrant();
        grant.nonce = type(uint24).max;
        // 16 million grants are too many to send: the slot is written as they would leave it.
        bytes32 slot = keccak256(abi.encode(student, keccak256(abi.encode(course, grantsSlot()))));
        uint256 word = uint256(vm.load(address(escrow), slot));
        vm.store(address(escrow), slot, bytes32(word | (uint256(type(uint24).max) << 232)));
        vm.assertEq(escrow.grants(course, student).nonce, type(uint24).max, "nonce");

        vm.expectRevert(
            abi.encodeWithSelector(EscrowErrors.ComputeEscrow_GrantsUsedUp.selector, course, student)
        );
        escrow.setGrant(grant, "");
    }

    function test_RaisingHoldsAtOnce(uint96 more, uint96 perJob, uint40 later, address sender) external {
        Grant memory grant = aGrant();
        grant.amount = uint96(clampTo(more, GRANTED, type(uint96).max));
        grant.perJobMax = uint96(clampTo(perJob, JOB_MAX, type(uint96).max));
        grant.validUntil = uint40(clampTo(later, grant.validUntil, type(uint40).max));
        bytes memory signature = signed(COURSE_KEY, escrow.grantDigest(grant));

        vm.expectEmit(address(escrow));
        emit GrantBook.GrantSet(course, student, grant.amount, grant.perJobMax, grant.validUntil, 1);
        vm.prank(sender);
        escrow.setGrant(grant, signature);

        assertHolds(grant.amount, grant.perJobMax, grant.validUntil, 2);
    }

    function test_GrantReplacesWhatWasLeft() external {
        settle(anOrder(), aReceipt(anOrder()));

        grantNow(aGrant());

        assertHolds(GRANTED, JOB_MAX, NOW + 90 * DAY, 2);
    }

    function test_LoweringWaitsForTheWindow(uint8 field, uint96 size) external {
        Grant memory grant = lowered(field, size);
        bytes memory signature = signed(COURSE_KEY, escrow.grantDigest(grant));

        vm.expectEmit(address(escrow));
        emit GrantBook.GrantLoweringQueued(
            course,
            student,
            grant.amount,
            grant.perJobMax,
            grant.validUntil,
            1,
            NOW + DAY
        );
        escrow.setGrant(grant, signature);

        vm.warp(NOW + DAY - 1);
        assertHolds(GRANTED, JOB_MAX, NOW + 90 * DAY, 2);
        vm.assertEq(escrow.grantLowerings(course, student).dueAt, NOW + DAY, "due");
        vm.warp(NOW + DAY);
        assertHolds(grant.amount, grant.perJobMax, grant.validUntil, 2);
        vm.assertEq(escrow.grantLowerings(course, student).dueAt, 0, "nothing waits");
    }

    function test_JobIsSettledUnderTheOldGrantMeanwhile() external {
        Grant memory grant = aGrant();
        grant.amount = 0;
        grantNow(grant);
        vm.warp(NOW + DAY - 1);

        settle(anOrder(), aReceipt(anOrder()));

        assertHolds(GRANTED - PRICE, JOB_MAX, NOW + 90 * DAY, 2);
        vm.warp(NOW + DAY);
        assertHolds(0, JOB_MAX, NOW + 90 * DAY, 2);
    }

    function test_RevertWhen_JobIsSettledAfterRevocation() external {
        Grant memory grant = aGrant();
        grant.amount = 0;
        grantNow(grant);
        vm.warp(NOW + DAY);

        settleReverts(
            anOrder(),
            aReceipt(anOrder()),
            abi.encodeWithSelector(
                EscrowErrors.ComputeEscrow_GrantExceeded.selector,
                course,
                student,
                0,
                PRICE
            )
        );
    }

    function test_SpendingMeanwhileCountsAgainstTheLowering() external {
        Grant memory grant = aGrant();
        grant.amount = 5 ether;
        grantNow(grant);
        settle(anOrder(), aReceipt(anOrder()));
        vm.warp(NOW + DAY);

        Order memory order = anOrder();
        order.nonce = 8;
        settle(order, aReceipt(order));

        assertHolds(1 ether, JOB_MAX, NOW + 90 * DAY, 2);
    }

    function test_RaisingTakesTheLoweringsPlace() external {
        Grant memory grant = aGrant();
        grant.amount = 0;
        grantNow(grant);

        grant = aGrant();
        grant.amount = 2 * GRANTED;
        grantNow(grant);
        vm.warp(NOW + DAY);

        assertHolds(2 * GRANTED, JOB_MAX, NOW + 90 * DAY, 3);
    }

    function test_LaterLoweringStartsTheWindowAnew() external {
        Grant memory grant = aGrant();
        grant.amount = 50 ether;
        grantNow(grant);
        vm.warp(NOW + DAY - 1);
        grant = aGrant();
        grant.amount = 10 ether;

        grantNow(grant);

        vm.warp(NOW + DAY);
        assertHolds(GRANTED, JOB_MAX, NOW + 90 * DAY, 3);
        vm.warp(NOW + 2 * DAY - 1);
        assertHolds(10 ether, JOB_MAX, NOW + 90 * DAY, 3);
    }

    function test_AnyGrantRaisesOneThatIsOver() external {
        vm.warp(NOW + 91 * DAY + 1);
        Grant memory grant = aGrant();
        (grant.amount, grant.perJobMax, grant.validUntil) = (1 ether, 1, NOW + 180 * DAY);

        grantNow(grant);

        assertHolds(1 ether, 1, NOW + 180 * DAY, 2);
    }

    function test_GrantToOneselfIsTheCap() external {
        Grant memory grant = aGrant();
        (grant.payer, grant.spender, grant.nonce, grant.amount) = (student, student, 0, 3 ether);
        escrow.setGrant(grant, signed(STUDENT_KEY, escrow.grantDigest(grant)));
        escrow.deposit(student, FUNDS);
        Order memory order = anOrder();
        order.payer = student;

        settle(order, aReceipt(order));

        vm.assertEq(escrow.grants(student, student).remaining, 1 ether, "remaining");
    }

    /// @dev The slot of the mapping of grants, found as the one whose entry is the grant that holds.
    function grantsSlot() private view returns (uint256 slot) {
        for (; slot < 20; ++slot) {
            bytes32 entry = keccak256(abi.encode(student, keccak256(abi.encode(course, slot))));
            if (uint96(uint256(vm.load(address(escrow), entry))) == GRANTED) return slot;
        }
    }

    function lowered(uint8 field, uint96 size) private view returns (Grant memory grant) {
        grant = aGrant();
        if (field % 3 == 0) grant.amount = uint96(clampTo(size, 0, GRANTED - 1));
        else if (field % 3 == 1) grant.perJobMax = uint96(clampTo(size, 0, JOB_MAX - 1));
        else grant.validUntil = uint40(clampTo(size, NOW + 2 * DAY, grant.validUntil - 1));
    }

    function assertHolds(
        uint256 remaining,
        uint256 perJobMax,
        uint256 validUntil,
        uint256 nonce
    ) private view {
        GrantBook.GrantState memory held = escrow.grants(course, student);
        vm.assertEq(held.remaining, remaining, "remaining");
        vm.assertEq(held.perJobMax, perJobMax, "perJobMax");
        vm.assertEq(held.validUntil, validUntil, "validUntil");
        vm.assertEq(held.nonce, nonce, "nonce");
    }
}
