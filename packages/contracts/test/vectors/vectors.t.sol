// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowErrors} from "../../contracts/escrow/EscrowErrors.sol";
import {ComputeEscrow} from "../../contracts/ComputeEscrow.sol";
import {Grant, Order, Receipt} from "../../contracts/escrow/SignedTypes.sol";
import {Campus} from "../base/Campus.sol";
import {vm} from "../base/Cheats.sol";

/// @notice The contract agrees with the language-neutral vectors on every digest and price.
contract VectorsTest is Campus {
    string private constant FOLDER = "../protocol/vectors/";

    string private json;
    string private place;

    function test_DigestsAreThoseOfTheVectors() external {
        if (!load("eip712.json")) return;
        vm.chainId(vm.parseJsonUint(json, ".domain.chainId"));
        ComputeEscrow there = ComputeEscrow(vm.parseJsonAddress(json, ".domain.verifyingContract"));
        vm.etch(address(there), address(escrow).code);

        uint256 count = 0;
        for (; vm.keyExistsJson(json, path(".cases", count)); ++count) {
            place = string.concat(path(".cases", count), ".");
            bytes32 digest = vm.parseJsonBytes32(json, string.concat(place, "digest"));
            bytes32 kind = keccak256(bytes(vm.parseJsonString(json, string.concat(place, "type"))));
            place = string.concat(place, "value.");
            vm.assertEq(digestOf(there, kind), digest, place);
        }

        vm.assertGe(count, 3, "cases");
    }

    function test_PricesAreThoseOfTheVectors() external {
        if (!load("prices.json")) return;
        Order memory order = anOrder();
        order.maxPrice = type(uint96).max;

        uint256 count = 0;
        for (; vm.keyExistsJson(json, path("$", count)); ++count) {
            place = string.concat(path("$", count), ".");
            order.unitPrice = uint96(number("unitPrice"));
            Receipt memory receipt = aReceipt(order);
            receipt.units = uint64(number("units"));
            requirePriceIs(order, receipt, number("price"));
        }

        vm.assertGe(count, 3, "cases");
    }

    /// @dev One base unit more than the price is refused with the price as its bound. A price that no receipt can state
    /// bounds nothing: the largest that can be stated meets the grant instead.
    function requirePriceIs(Order memory order, Receipt memory receipt, uint256 price) private {
        bool isStatable = price < type(uint96).max;
        receipt.price = isStatable ? uint96(price + 1) : type(uint96).max;
        bytes32 receiptHash = escrow.receiptDigest(receipt);
        bytes memory reason =
            isStatable
                ? abi.encodeWithSelector(
                    EscrowErrors.ComputeEscrow_PriceTooHigh.selector,
                    receiptHash,
                    price,
                    receipt.price
                )
                : abi.encodeWithSelector(
                    EscrowErrors.ComputeEscrow_JobMaxExceeded.selector,
                    receipt.order,
                    JOB_MAX,
                    receipt.price
                );
        settleReverts(order, receipt, reason);
    }

    function digestOf(ComputeEscrow there, bytes32 kind) private view returns (bytes32) {
        if (kind == keccak256("Grant")) return there.grantDigest(readGrant());
        if (kind == keccak256("Order")) return there.orderDigest(readOrder());
        vm.assertEq(kind, keccak256("Receipt"), "type");
        return there.receiptDigest(readReceipt());
    }

    function readGrant() private view returns (Grant memory) {
        return
            Grant({
                payer: account("payer"),
                spender: account("spender"),
                amount: uint96(number("amount")),
                perJobMax: uint96(number("perJobMax")),
                validUntil: uint40(number("validUntil")),
                nonce: uint24(number("nonce"))
            });
    }

    function readOrder() private view returns (Order memory order) {
        order.jobId = word("jobId");
        order.payer = account("payer");
        order.spender = account("spender");
        order.nonce = uint32(number("nonce"));
        order.maxPrice = uint96(number("maxPrice"));
        order.unitPrice = uint96(number("unitPrice"));
        order.prepay = uint96(number("prepay"));
        order.redundancy = uint8(number("redundancy"));
        order.expiry = uint40(number("expiry"));
        order.specHash = word("specHash");
        order.rateVersion = uint32(number("rateVersion"));
    }

    function readReceipt() private view returns (Receipt memory receipt) {
        receipt.order = word("order");
        receipt.part = uint8(number("part"));
        receipt.rig = account("rig");
        receipt.units = uint64(number("units"));
        receipt.price = uint96(number("price"));
        receipt.start = uint40(number("start"));
        receipt.end = uint40(number("end"));
        receipt.resultHash = word("resultHash");
        receipt.logRoot = word("logRoot");
        receipt.outcome = uint8(number("outcome"));
    }

    function load(string memory file) private returns (bool isThere) {
        string memory name = string.concat(FOLDER, file);
        isThere = vm.exists(name);
        vm.skip(!isThere, string.concat("no ", name));
        if (isThere) json = vm.readFile(name);
    }

    function path(string memory list, uint256 index) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(index), "]");
    }

    function number(string memory field) private view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(place, field));
    }

    function account(string memory field) private view returns (address) {
        return vm.parseJsonAddress(json, string.concat(place, field));
    }

    function word(string memory field) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(place, field));
    }
}
