// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {NbaiToken} from "../../contracts/NbaiToken.sol";
import {vm} from "../base/Cheats.sol";
import {deployToken} from "../base/Deployment.sol";

contract TokenTest {
    uint256 private constant HOLDER_KEY = 0x401;
    address private immutable holder = vm.addr(HOLDER_KEY);
    address private constant FRIEND = address(0xF1);
    bytes32 private constant TRANSFER_TYPEHASH = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    NbaiToken private token;

    function setUp() external {
        vm.warp(1_795_000_000);
        token = deployToken(holder);
    }

    function test_WholeSupplyIsTheHoldersAtGenesis() external view {
        vm.assertEq(token.totalSupply(), 6_700_000_000 * 10 ** 18, "supply");
        vm.assertEq(token.balanceOf(holder), token.totalSupply(), "balance");
        vm.assertEq(token.decimals(), 18, "decimals");
        vm.assertEq(keccak256(bytes(token.symbol())), keccak256("NBAI"), "symbol");
    }

    function test_RevertWhen_HolderIsZero() external {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        deployToken(address(0));
    }

    function test_SignedTransferMovesOnce(uint192 key, uint256 value) external {
        vm.assume(key != 0);
        value %= token.totalSupply() + 1;
        bytes32 nonce = bytes32(uint256(key) << 64);
        bytes memory signature = signedTransfer(value, nonce);

        token.transferWithAuthorization(holder, FRIEND, value, 0, block.timestamp + 1, nonce, signature);

        vm.assertEq(token.balanceOf(FRIEND), value, "moved");
        vm.assertTrue(token.authorizationState(holder, nonce), "used");
        vm.expectRevert(
            abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, holder, uint256(nonce) + 1)
        );
        token.transferWithAuthorization(holder, FRIEND, value, 0, block.timestamp + 1, nonce, signature);
    }

    function test_PermitsAndTransfersUseNoncesOfTheirOwn() external {
        bytes32 nonce = bytes32(uint256(1) << 64);
        bytes memory signature = signedTransfer(1, nonce);

        token.transferWithAuthorization(holder, FRIEND, 1, 0, block.timestamp + 1, nonce, signature);

        vm.assertEq(token.nonces(holder), 0, "permit nonce");
    }

    function signedTransfer(uint256 value, bytes32 nonce) private view returns (bytes memory) {
        bytes32 structHash = keccak256(
            abi.encode(TRANSFER_TYPEHASH, holder, FRIEND, value, 0, block.timestamp + 1, nonce)
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(HOLDER_KEY, digest);
        return abi.encodePacked(r, s, v);
    }
}
