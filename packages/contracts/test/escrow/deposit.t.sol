// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Balances} from "../../contracts/escrow/Balances.sol";
import {EscrowErrors} from "../../contracts/escrow/EscrowErrors.sol";
import {Campus} from "../base/Campus.sol";
import {clampTo, vm} from "../base/Cheats.sol";

contract DepositTest is Campus {
    function test_RevertWhen_ReceiverIsZero() external {
        vm.expectRevert(EscrowErrors.ComputeEscrow_ZeroAddress.selector);
        escrow.deposit(address(0), 1);
    }

    function test_RevertWhen_AmountIsZero() external {
        vm.expectRevert(EscrowErrors.ComputeEscrow_ZeroAmount.selector);
        escrow.deposit(course, 0);
    }

    function test_RevertWhen_TokenIsNotAllowed() external {
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector,
                address(escrow),
                0,
                1 ether
            )
        );
        vm.prank(stranger);
        escrow.deposit(course, 1 ether);
    }

    function test_DepositAddsToTheReceiversBalance(address to, uint96 amount) external {
        vm.assume(to != address(0) && to != course);
        amount = uint96(clampTo(amount, 1, token.balanceOf(address(this))));
        uint256 held = token.balanceOf(address(this));

        vm.expectEmit(address(escrow));
        emit Balances.Deposited(to, address(this), amount);
        escrow.deposit(to, amount);

        vm.assertEq(escrow.payers(to).balance, amount, "balance");
        vm.assertEq(token.balanceOf(address(this)), held - amount, "left");
        vm.assertEq(token.balanceOf(address(escrow)), uint256(FUNDS) + amount, "held by the escrow");
    }
}
