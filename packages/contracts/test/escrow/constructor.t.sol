// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ComputeEscrow} from "../../contracts/ComputeEscrow.sol";
import {EscrowErrors} from "../../contracts/escrow/EscrowErrors.sol";
import {Campus} from "../base/Campus.sol";
import {clampTo, vm} from "../base/Cheats.sol";
import {deployEscrow} from "../base/Deployment.sol";

contract ConstructorTest is Campus {
    function test_RevertWhen_APartyIsZero(uint8 party) external {
        ComputeEscrow.Terms memory wrong = terms();
        if (party % 4 == 0) wrong.token = IERC20(address(0));
        else if (party % 4 == 1) wrong.treasury = address(0);
        else if (party % 4 == 2) wrong.admin = address(0);
        else wrong.registrar = address(0);

        vm.expectRevert(EscrowErrors.ComputeEscrow_ZeroAddress.selector);
        deployEscrow(wrong);
    }

    function test_RevertWhen_FeeIsAboveThreePerCent(uint16 feeBps) external {
        ComputeEscrow.Terms memory wrong = terms();
        wrong.feeBps = uint16(clampTo(feeBps, 301, type(uint16).max));

        vm.expectRevert(
            abi.encodeWithSelector(EscrowErrors.ComputeEscrow_FeeTooHigh.selector, wrong.feeBps, 300)
        );
        deployEscrow(wrong);
    }

    function test_RevertWhen_ADelayIsAboveThirtyDays(uint40 delay, bool isExit) external {
        ComputeEscrow.Terms memory wrong = terms();
        delay = uint40(clampTo(delay, 30 days + 1, type(uint40).max));
        if (isExit) wrong.exitDelay = delay;
        else wrong.settlementWindow = delay;

        vm.expectRevert(
            abi.encodeWithSelector(EscrowErrors.ComputeEscrow_DelayTooLong.selector, delay, 30 days)
        );
        deployEscrow(wrong);
    }

    function test_TermsAreKept() external view {
        vm.assertEq(address(escrow.token()), address(token), "token");
        vm.assertEq(escrow.treasury(), TREASURY, "treasury");
        vm.assertEq(escrow.feeBps(), FEE_BPS, "feeBps");
        vm.assertEq(escrow.exitDelay(), DAY, "exitDelay");
        vm.assertEq(escrow.settlementWindow(), DAY, "settlementWindow");
        vm.assertTrue(escrow.hasRole(escrow.DEFAULT_ADMIN_ROLE(), ADMIN), "admin");
        vm.assertTrue(!escrow.hasRole(escrow.DEFAULT_ADMIN_ROLE(), address(this)), "deployer");
        vm.assertTrue(!escrow.hasRole(escrow.REGISTRAR(), address(this)), "deployer as registrar");
    }
}
