// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20TransferAuthorization} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20TransferAuthorization.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {NoncesKeyed} from "@openzeppelin/contracts/utils/NoncesKeyed.sol";

/// @title The unit of account of the campus
/// @notice ERC-20 with 18 decimals, allowances by signature (ERC-2612) and transfers by signature (ERC-3009, the nonce
/// being a 192-bit key and a 64-bit sequence number that starts at 0). Permits count in the sequence of key 0, so a
/// transfer by signature takes any other key.
/// @dev The whole supply exists from the start; nobody can mint, pause or seize.
contract NbaiToken is ERC20, ERC20Permit, ERC20TransferAuthorization {
    /// @notice Everything there is, in base units (10^-18 NBAI).
    uint256 public constant GENESIS_SUPPLY = 6_700_000_000 ether;

    /// @param holder Receives the whole supply; not the zero address.
    constructor(address holder) ERC20("Nebula AI", "NBAI") ERC20Permit("Nebula AI") {
        _mint(holder, GENESIS_SUPPLY);
    }

    /// @notice Sequence number the next permit of `owner` must carry.
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _useCheckedNonce(address owner, uint256 nonce) internal override(Nonces, NoncesKeyed) {
        super._useCheckedNonce(owner, nonce);
    }
}
