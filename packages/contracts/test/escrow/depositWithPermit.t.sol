// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {Campus} from "../base/Campus.sol";
import {vm} from "../base/Cheats.sol";

contract DepositWithPermitTest is Campus {
    uint96 private constant AMOUNT = 5 ether;
    bytes32 private constant PERMIT_TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );

    function setUp() public override {
        super.setUp();
        token.transfer(stranger, AMOUNT);
    }

    function test_PermitStandsInForTheAllowance() external {
        (uint8 v, bytes32 r, bytes32 s) = permit(STRANGER_KEY, NOW);

        vm.prank(stranger);
        escrow.depositWithPermit(student, AMOUNT, NOW, v, r, s);

        vm.assertEq(escrow.payers(student).balance, AMOUNT, "balance");
        vm.assertEq(token.allowance(stranger, address(escrow)), 0, "allowance left");
    }

    function test_PermitHandedInByAnotherDoesNoHarm() external {
        (uint8 v, bytes32 r, bytes32 s) = permit(STRANGER_KEY, NOW);
        token.permit(stranger, address(escrow), AMOUNT, NOW, v, r, s);

        vm.prank(stranger);
        escrow.depositWithPermit(student, AMOUNT, NOW, v, r, s);

        vm.assertEq(escrow.payers(student).balance, AMOUNT, "balance");
    }

    function test_RevertWhen_PermitIsOver() external {
        (uint8 v, bytes32 r, bytes32 s) = permit(STRANGER_KEY, NOW - 1);

        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612ExpiredSignature.selector, NOW - 1));
        vm.prank(stranger);
        escrow.depositWithPermit(student, AMOUNT, NOW - 1, v, r, s);
    }

    function test_RevertWhen_PermitIsAnothers() external {
        (uint8 v, bytes32 r, bytes32 s) = permit(STRANGER_KEY, NOW);

        vm.expectRevert();
        vm.prank(student);
        escrow.depositWithPermit(student, AMOUNT, NOW, v, r, s);
    }

    function permit(uint256 key, uint256 deadline) private view returns (uint8, bytes32, bytes32) {
        address owner = vm.addr(key);
        bytes32 structHash = keccak256(
            abi.encode(PERMIT_TYPEHASH, owner, address(escrow), AMOUNT, token.nonces(owner), deadline)
        );
        return vm.sign(key, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
    }
}
