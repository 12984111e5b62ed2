// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeEscrow} from "../../contracts/ComputeEscrow.sol";
import {NbaiToken} from "../../contracts/NbaiToken.sol";
import {Balances} from "../../contracts/escrow/Balances.sol";
import {GrantBook} from "../../contracts/escrow/GrantBook.sol";
import {Grant, Order, Receipt} from "../../contracts/escrow/SignedTypes.sol";
import {clampTo, vm} from "../base/Cheats.sol";
import {Ledger} from "./Ledger.sol";

/// @notice Plays a campus of three payers, three spenders and three rigs, in any order and at any time.
/// @dev The operator sends every transaction that may be sent by anyone, keeps the rig table and holds no key of theirs.
contract CampusHandler is Ledger {
    uint256 private constant PAYER_KEYS = 0xA0;
    uint256 private constant SPENDER_KEYS = 0xB0;
    uint256 private constant RIG_KEYS = 0xC0;
    uint96 private constant UNIT_PRICE = 1 ether;

    address public immutable operator;
    NbaiToken public immutable token;
    ComputeEscrow public immutable escrow;

    constructor(NbaiToken token_, ComputeEscrow escrow_, address operator_) {
        (token, escrow, operator) = (token_, escrow_, operator_);
        for (uint256 i = 0; i < 3; ++i) {
            payers.push(vm.addr(PAYER_KEYS + i));
            spenders.push(vm.addr(SPENDER_KEYS + i));
            // Two rigs of one owner, one of another.
            address owner = address(uint160(0xE0 + (i == 2 ? 1 : 0)));
            if (i != 1) owners.push(owner);
            vm.prank(operator);
            escrow.enrolRig(vm.addr(RIG_KEYS + i), owner);
        }
    }

    /// @notice Everybody has money and leave to spend it, so that no run is spent on being poor.
    function open() external {
        token.approve(address(escrow), type(uint256).max);
        for (uint256 i = 0; i < 9; ++i) {
            if (i < 3) deposit(i, 500 ether);
            _grant(i, i / 3, 300 ether, 40 ether);
        }
    }

    function deposit(uint256 who, uint96 amount) public {
        amount = uint96(clampTo(amount, 1, 1000 ether));
        escrow.deposit(payers[who % 3], amount);
        deposited += amount;
        ++covered.deposits;
    }

    function grant(uint256 payer, uint256 spender, uint96 amount, uint96 perJobMax) external {
        _grant(
            payer,
            spender,
            uint96(clampTo(amount, 0, 400 ether)),
            uint96(clampTo(perJobMax, 0, 50 ether))
        );
    }

    function settle(uint256 seed, uint64 units, uint8 outcome, uint32 age) external {
        // The fuzzer likes the ends of the range; a hash spreads them over orders, parts and rigs.
        seed = uint256(keccak256(abi.encode(seed, units, age)));
        Order memory order = _order(seed);
        Receipt memory receipt = _receipt(order, seed);
        receipt.units = uint64(clampTo(units, 1, 12 * 60_000_000));
        receipt.price = uint96((uint256(order.unitPrice) * receipt.units) / 60_000_000);
        receipt.outcome = outcome % 6;
        receipt.start = uint40(block.timestamp - (age % 7200));
        receipt.end = uint40(block.timestamp);
        _settle(order, receipt, RIG_KEYS + (seed % 3));
    }

    /// @notice A part that was paid is handed in again, as it was and with another result.
    function settleAgain(uint256 which, bytes32 resultHash) external {
        if (paid.length == 0) return;
        (Order memory order, Receipt memory receipt) = (
            paidOrders[which % paid.length],
            paid[which % paid.length]
        );
        uint256 rigKey = RIG_KEYS;
        while (vm.addr(rigKey) != receipt.rig) ++rigKey;
        ++covered.replays;
        _settle(order, receipt, rigKey);
        receipt.resultHash = resultHash;
        _settle(order, receipt, rigKey);
    }

    function requestExit(uint256 who, uint96 amount) external {
        address payer = payers[who % 3];
        Balances.Payer memory held = escrow.payers(payer);
        if (held.exitAt != 0 || held.balance == 0) return;
        uint96 most = amount % 4 == 0 ? held.balance : held.balance / 2 + 1;
        vm.prank(payer);
        escrow.requestExit(uint96(clampTo(amount, 1, most)));
    }

    function withdraw(uint256 who) external {
        address payer = payers[who % 3];
        Balances.Payer memory held = escrow.payers(payer);
        if (held.exitAt == 0) return;
        _waitUntil(held.exitAt);
        vm.prank(payer);
        escrow.withdraw();
        paidOut += held.exiting;
        ++covered.withdrawals;
    }

    function requestRigExit(uint256 who, uint96 amount) external {
        address owner = owners[who % 2];
        Balances.Rig memory held = escrow.rigs(owner);
        if (held.exitAt != 0 || held.earned == 0) return;
        vm.prank(owner);
        escrow.requestRigExit(uint96(clampTo(amount, 1, held.earned)));
    }

    function rigWithdraw(uint256 who) external {
        address owner = owners[who % 2];
        Balances.Rig memory held = escrow.rigs(owner);
        if (held.exitAt == 0) return;
        _waitUntil(held.exitAt);
        vm.prank(owner);
        escrow.rigWithdraw();
        paidOut += held.exiting;
        ++covered.rigWithdrawals;
    }

    function collectFees() external {
        uint96 fees = escrow.fees();
        vm.prank(operator);
        escrow.collectFees();
        paidOut += fees;
        if (fees != 0) ++covered.collections;
    }

    /// @notice One rig comes and goes; the others stay, so that work is paid at any time.
    function retireOrReturn() external {
        address rig = vm.addr(RIG_KEYS);
        address payout = escrow.rigKeys(rig).payout;
        bool isRetired = escrow.rigKeys(rig).retiredAt != 0;
        vm.prank(operator);
        if (isRetired) escrow.enrolRig(rig, payout);
        else escrow.retireRig(rig);
    }

    /// @notice The operator asks for whatever anybody could ask for.
    function grab(uint96 amount) external {
        bytes[4] memory calls = [
            abi.encodeCall(escrow.requestExit, (amount)),
            abi.encodeCall(escrow.withdraw, ()),
            abi.encodeCall(escrow.requestRigExit, (amount)),
            abi.encodeCall(escrow.rigWithdraw, ())
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.prank(operator);
            (bool isTaken, ) = address(escrow).call(calls[i]);
            vm.assertTrue(!isTaken, "the operator got something");
        }
        ++covered.grabs;
    }

    function wait(uint32 time) external {
        _waitUntil(block.timestamp + (time % 8 hours));
    }

    function _grant(uint256 payer, uint256 spender, uint96 amount, uint96 perJobMax) private {
        Grant memory given = Grant({
            payer: payers[payer % 3],
            spender: spenders[spender % 3],
            amount: amount,
            perJobMax: perJobMax,
            validUntil: uint40(block.timestamp + 30 days),
            nonce: escrow.grants(payers[payer % 3], spenders[spender % 3]).nonce
        });
        bytes memory signature = _sign(PAYER_KEYS + (payer % 3), escrow.grantDigest(given));
        vm.prank(operator);
        escrow.setGrant(given, signature);
        GrantBook.Lowering memory lowering = escrow.grantLowerings(given.payer, given.spender);
        _noteGrant(given.payer, given.spender, amount, lowering.dueAt);
    }

    /// @dev Few nonces, so that parts meet; the payer follows from the nonce, so that they are parts of one order.
    function _order(uint256 seed) private view returns (Order memory order) {
        uint32 nonce = uint32((seed >> 8) % 6);
        order.jobId = bytes32(uint256(nonce));
        order.payer = payers[nonce % 3];
        order.spender = spenders[(seed >> 32) % 3];
        order.nonce = nonce;
        order.maxPrice = 20 ether;
        order.unitPrice = UNIT_PRICE;
        order.prepay = 1 ether;
        order.redundancy = 1;
        order.expiry = type(uint40).max;
    }

    function _receipt(Order memory order, uint256 seed) private view returns (Receipt memory receipt) {
        receipt.order = escrow.orderDigest(order);
        receipt.part = uint8((seed >> 64) % 4);
        receipt.rig = vm.addr(RIG_KEYS + (seed % 3));
    }

    function _settle(Order memory order, Receipt memory receipt, uint256 rigKey) private {
        uint256 spenderKey = SPENDER_KEYS;
        while (vm.addr(spenderKey) != order.spender) ++spenderKey;
        bytes memory orderSignature = _sign(spenderKey, receipt.order);
        bytes memory receiptSignature = _sign(rigKey, escrow.receiptDigest(receipt));
        uint96 feesBefore = escrow.fees();
        bool isExiting = escrow.payers(order.payer).exitAt != 0;
        vm.prank(operator);
        try escrow.settleOne(order, orderSignature, receipt, receiptSignature) {
            _notePaid(order, receipt, escrow.fees() - feesBefore);
            if (isExiting) ++covered.paidDuringExit;
        } catch {
            ++covered.refusals;
        }
    }

    function _waitUntil(uint256 time) private {
        if (time > block.timestamp) vm.warp(time);
    }

    function _sign(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
