// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeEscrow} from "../../contracts/ComputeEscrow.sol";
import {NbaiToken} from "../../contracts/NbaiToken.sol";
import {Grant, Order, Receipt} from "../../contracts/escrow/SignedTypes.sol";
import {vm} from "./Cheats.sol";
import {deployEscrow, deployToken} from "./Deployment.sol";

/// @notice A course that pays, a student who spends, a rig that earns; deployed, funded, granted and enrolled.
abstract contract Campus {
    uint256 internal constant COURSE_KEY = 0xC0;
    uint256 internal constant STUDENT_KEY = 0x57;
    uint256 internal constant RIG_KEY = 0x819;
    uint256 internal constant STRANGER_KEY = 0xBAD;

    uint40 internal constant NOW = 1_795_000_000;
    uint40 internal constant DAY = 86_400;
    uint16 internal constant FEE_BPS = 200;
    uint96 internal constant FUNDS = 1000 ether;
    uint96 internal constant GRANTED = 100 ether;
    uint96 internal constant JOB_MAX = 20 ether;
    uint96 internal constant CEILING = 10 ether;
    /// @dev Two NBAI a GpuMinute: a minute of the reference card costs PRICE.
    uint96 internal constant UNIT_PRICE = 2 ether;
    uint96 internal constant PRICE = 2 ether;
    uint64 internal constant MINUTE = 60_000_000;

    address internal immutable course = vm.addr(COURSE_KEY);
    address internal immutable student = vm.addr(STUDENT_KEY);
    address internal immutable rig = vm.addr(RIG_KEY);
    address internal immutable stranger = vm.addr(STRANGER_KEY);
    address internal constant OWNER = address(0x0E2);
    address internal constant TREASURY = address(0x72EA);
    address internal constant ADMIN = address(0xAD);
    address internal constant REGISTRAR = address(0x2E6);

    NbaiToken internal token;
    ComputeEscrow internal escrow;

    function setUp() public virtual {
        vm.warp(NOW);
        token = deployToken(address(this));
        escrow = deployEscrow(terms());
        token.approve(address(escrow), type(uint256).max);
        escrow.deposit(course, FUNDS);
        vm.prank(REGISTRAR);
        escrow.enrolRig(rig, OWNER);
        grantNow(aGrant());
    }

    function terms() internal view returns (ComputeEscrow.Terms memory) {
        return
            ComputeEscrow.Terms({
                token: token,
                treasury: TREASURY,
                admin: ADMIN,
                registrar: REGISTRAR,
                feeBps: FEE_BPS,
                exitDelay: DAY,
                settlementWindow: DAY
            });
    }

    function aGrant() internal view returns (Grant memory) {
        return
            Grant({
                payer: course,
                spender: student,
                amount: GRANTED,
                perJobMax: JOB_MAX,
                validUntil: NOW + 90 * DAY,
                nonce: escrow.grants(course, student).nonce
            });
    }

    function anOrder() internal view returns (Order memory) {
        return
            Order({
                jobId: keccak256("job_1"),
                payer: course,
                spender: student,
                nonce: 7,
                maxPrice: CEILING,
                unitPrice: UNIT_PRICE,
                prepay: 0,
                redundancy: 1,
                expiry: NOW + 3600,
                specHash: keccak256("spec"),
                rateVersion: 1
            });
    }

    function aReceipt(Order memory order) internal view returns (Receipt memory) {
        return
            Receipt({
                order: escrow.orderDigest(order),
                part: 0,
                rig: rig,
                units: MINUTE,
                price: PRICE,
                start: NOW,
                end: NOW + 60,
                resultHash: keccak256("result"),
                logRoot: keccak256("log"),
                outcome: 0
            });
    }

    function signed(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function grantNow(Grant memory grant) internal {
        escrow.setGrant(grant, signed(COURSE_KEY, escrow.grantDigest(grant)));
    }

    function settle(Order memory order, Receipt memory receipt) internal {
        bytes memory orderSignature = signed(STUDENT_KEY, escrow.orderDigest(order));
        bytes memory receiptSignature = signed(RIG_KEY, escrow.receiptDigest(receipt));
        escrow.settleOne(order, orderSignature, receipt, receiptSignature);
    }

    /// @dev Signs first, so that the expectation meets the settlement and not a view.
    function settleReverts(Order memory order, Receipt memory receipt, bytes memory reason) internal {
        bytes memory orderSignature = signed(STUDENT_KEY, escrow.orderDigest(order));
        bytes memory receiptSignature = signed(RIG_KEY, escrow.receiptDigest(receipt));
        vm.expectRevert(reason);
        escrow.settleOne(order, orderSignature, receipt, receiptSignature);
    }

    function assertSolvent() internal view {
        uint256 owed = uint256(escrow.payers(course).balance) + escrow.rigs(OWNER).earned + escrow.fees();
        vm.assertEq(token.balanceOf(address(escrow)), owed, "tokens held are what is owed");
    }
}
