// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeEscrow} from "../../contracts/ComputeEscrow.sol";
import {EscrowErrors} from "../../contracts/escrow/EscrowErrors.sol";
import {Grant, Order, Receipt} from "../../contracts/escrow/SignedTypes.sol";
import {Campus} from "../base/Campus.sol";
import {clampTo, vm} from "../base/Cheats.sol";
import {ContractWallet, MuteWallet} from "../base/ContractWallet.sol";
import {deployEscrow} from "../base/Deployment.sol";

/// @notice Every signature the escrow takes, against everything that is not quite that signature.
contract SignaturesTest is Campus {
    uint256 private constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function test_RevertWhen_AnotherKeySigned(uint256 key) external {
        key = clampTo(key, 1, CURVE_ORDER - 1);
        vm.assume(vm.addr(key) != student && vm.addr(key) != rig && vm.addr(key) != course);

        refusesOrder(signed(key, orderHash()));
        refusesReceipt(signed(key, receiptHash()));
        refusesGrant(signed(key, grantHash()));
    }

    function test_RevertWhen_AnotherDigestWasSigned(bytes32 digest) external {
        vm.assume(digest != orderHash() && digest != receiptHash() && digest != grantHash());

        refusesOrder(signed(STUDENT_KEY, digest));
        refusesReceipt(signed(RIG_KEY, digest));
        refusesGrant(signed(COURSE_KEY, digest));
    }

    function test_RevertWhen_OneBitIsFlipped(uint256 bit) external {
        bit = clampTo(bit, 0, 65 * 8 - 1);

        refusesOrder(flipped(signed(STUDENT_KEY, orderHash()), bit));
        refusesReceipt(flipped(signed(RIG_KEY, receiptHash()), bit));
        refusesGrant(flipped(signed(COURSE_KEY, grantHash()), bit));
    }

    function test_RevertWhen_SIsMirrored() external {
        refusesOrder(mirrored(STUDENT_KEY, orderHash()));
        refusesReceipt(mirrored(RIG_KEY, receiptHash()));
        refusesGrant(mirrored(COURSE_KEY, grantHash()));
    }

    function test_RevertWhen_LengthIsNot65(uint8 length) external {
        vm.assume(length != 65);

        refusesOrder(cut(signed(STUDENT_KEY, orderHash()), length));
        refusesReceipt(cut(signed(RIG_KEY, receiptHash()), length));
        refusesGrant(cut(signed(COURSE_KEY, grantHash()), length));
    }

    function test_RevertWhen_SignatureIsNoise(bytes calldata noise) external {
        refusesOrder(noise);
        refusesReceipt(noise);
        refusesGrant(noise);
    }

    function test_RevertWhen_SignedForAnotherChain(uint64 chain) external {
        bytes memory order = signed(STUDENT_KEY, orderHash());
        bytes memory receipt = signed(RIG_KEY, receiptHash());
        bytes memory grant = signed(COURSE_KEY, grantHash());
        vm.assume(chain != 0 && chain != block.chainid);
        vm.chainId(chain);

        refusesOrder(order);
        refusesReceipt(receipt);
        refusesGrant(grant);
    }

    function test_RevertWhen_SignedForAnotherEscrow() external {
        bytes memory order = signed(STUDENT_KEY, orderHash());
        bytes memory receipt = signed(RIG_KEY, receiptHash());
        bytes memory grant = signed(COURSE_KEY, grantHash());
        escrow = deployEscrow(terms());

        refusesOrder(order);
        refusesReceipt(receipt);
        refusesGrant(grant);
    }

    function test_ContractPayerSignsItsGrant() external {
        ContractWallet lab = new ContractWallet(stranger);
        escrow.deposit(address(lab), FUNDS);
        Grant memory grant = grantOf(address(lab), student);
        escrow.setGrant(grant, signed(STRANGER_KEY, escrow.grantDigest(grant)));
        Order memory order = anOrder();
        order.payer = address(lab);

        settle(order, aReceipt(order));

        vm.assertEq(escrow.payers(address(lab)).balance, FUNDS - PRICE, "balance");
    }

    function test_ContractSpenderSignsItsOrder() external {
        ContractWallet club = new ContractWallet(stranger);
        Grant memory grant = grantOf(course, address(club));
        grantNow(grant);
        Order memory order = anOrder();
        order.spender = address(club);
        Receipt memory receipt = aReceipt(order);

        escrow.settleOne(
            order,
            signed(STRANGER_KEY, receipt.order),
            receipt,
            signed(RIG_KEY, escrow.receiptDigest(receipt))
        );

        vm.assertTrue(escrow.isUsed(address(club), 7, 0), "used");
    }

    function test_RevertWhen_ContractPayerRefuses(bytes calldata noise) external {
        Grant memory grant = grantOf(address(new ContractWallet(stranger)), student);
        refuses(grant, noise);
        grant.payer = address(new MuteWallet());
        refuses(grant, noise);
    }

    function test_RevertWhen_ContractSignsAsRig() external {
        ContractWallet wallet = new ContractWallet(stranger);
        vm.prank(REGISTRAR);
        escrow.enrolRig(address(wallet), OWNER);
        Order memory order = anOrder();
        Receipt memory receipt = aReceipt(order);
        receipt.rig = address(wallet);
        bytes32 digest = escrow.receiptDigest(receipt);

        expectBadSignature(address(wallet), digest);
        escrow.settleOne(order, signed(STUDENT_KEY, receipt.order), receipt, signed(STRANGER_KEY, digest));
    }

    function refusesOrder(bytes memory signature) private {
        Order memory order = anOrder();
        Receipt memory receipt = aReceipt(order);
        bytes memory receiptSignature = signed(RIG_KEY, escrow.receiptDigest(receipt));
        expectBadSignature(student, receipt.order);
        escrow.settleOne(order, signature, receipt, receiptSignature);
    }

    function refusesReceipt(bytes memory signature) private {
        Order memory order = anOrder();
        Receipt memory receipt = aReceipt(order);
        bytes memory orderSignature = signed(STUDENT_KEY, receipt.order);
        expectBadSignature(rig, escrow.receiptDigest(receipt));
        escrow.settleOne(order, orderSignature, receipt, signature);
    }

    function refusesGrant(bytes memory signature) private {
        refuses(aGrant(), signature);
    }

    function refuses(Grant memory grant, bytes memory signature) private {
        expectBadSignature(grant.payer, escrow.grantDigest(grant));
        escrow.setGrant(grant, signature);
    }

    function expectBadSignature(address signer, bytes32 digest) private {
        vm.expectRevert(
            abi.encodeWithSelector(EscrowErrors.ComputeEscrow_BadSignature.selector, signer, digest)
        );
    }

    function grantOf(address payer, address spender) private view returns (Grant memory grant) {
        grant = aGrant();
        (grant.payer, grant.spender, grant.nonce) = (payer, spender, 0);
    }

    function orderHash() private view returns (bytes32) {
        return escrow.orderDigest(anOrder());
    }

    function receiptHash() private view returns (bytes32) {
        return escrow.receiptDigest(aReceipt(anOrder()));
    }

    function grantHash() private view returns (bytes32) {
        return escrow.grantDigest(aGrant());
    }

    function flipped(bytes memory signature, uint256 bit) private pure returns (bytes memory) {
        signature[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        return signature;
    }

    function mirrored(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, CURVE_ORDER - uint256(s), v == 27 ? uint8(28) : uint8(27));
    }

    function cut(bytes memory signature, uint256 length) private pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i = 0; i < length && i < signature.length; ++i) part[i] = signature[i];
    }
}
