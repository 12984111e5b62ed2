// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeEscrow} from "../../contracts/ComputeEscrow.sol";
import {NbaiToken} from "../../contracts/NbaiToken.sol";
import {vm} from "./Cheats.sol";

/// @dev Tests are compiled in haste, contracts with care. These deploy the code that ships, from its artefact, where `new`
/// would deploy what the haste made of it.
function deployToken(address holder) returns (NbaiToken) {
    return NbaiToken(create("out/NbaiToken.sol/NbaiToken.json", abi.encode(holder)));
}

function deployEscrow(ComputeEscrow.Terms memory terms) returns (ComputeEscrow) {
    return ComputeEscrow(create("out/ComputeEscrow.sol/ComputeEscrow.json", abi.encode(terms)));
}

/// @dev Reverts with the constructor's own reason.
function create(string memory artefact, bytes memory arguments) returns (address deployed) {
    bytes memory code = abi.encodePacked(vm.getCode(artefact), arguments);
    assembly ("memory-safe") {
        deployed := create(0, add(code, 0x20), mload(code))
        if iszero(deployed) {
            let reason := mload(0x40)
            returndatacopy(reason, 0, returndatasize())
            revert(reason, returndatasize())
        }
    }
}
