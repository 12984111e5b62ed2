// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {EscrowErrors} from "./EscrowErrors.sol";

/// @title Which keys sign for rigs, and who is paid for their work
/// @notice A key is bound to its payout address for good: whoever keeps the table can add rigs and retire them, but can
/// redirect nobody's pay. A rig that shall be paid elsewhere enrols a new key.
/// @dev Invariants: the payout address of a key never changes once set; no function here moves money.
abstract contract RigTable is AccessControl, EscrowErrors {
    /// @notice A rig's receipt key.
    /// @param payout Who is paid for its receipts; zero when the key is unknown.
    /// @param enrolledAt Unix seconds.
    /// @param retiredAt Unix seconds; 0 while the key is in use.
    struct RigKey {
        address payout;
        uint40 enrolledAt;
        uint40 retiredAt;
    }

    /// @notice May enrol and retire rigs, nothing else.
    bytes32 public constant REGISTRAR = keccak256("REGISTRAR");

    mapping(address key => RigKey) private _rigKeys;

    /// @notice A key may sign receipts from now on, and `payout` is paid for them.
    event RigEnrolled(address indexed key, address indexed payout);
    /// @notice A key may sign no receipt for work that ends later than now.
    event RigRetired(address indexed key);

    /// @param admin May appoint and dismiss registrars.
    /// @param registrar The first registrar.
    constructor(address admin, address registrar) {
        if (admin == address(0) || registrar == address(0)) revert ComputeEscrow_ZeroAddress();
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(REGISTRAR, registrar);
    }

    /// @notice Takes a rig's key into the table, or takes a retired one back with the payout address it had.
    /// Only a REGISTRAR. Reverts with `ZeroAddress`, and with `RigEnrolled` when the key is in use or bound elsewhere.
    /// @param key Address of the rig's receipt key.
    /// @param payout Account that is credited for its receipts; cannot be changed later.
    function enrolRig(address key, address payout) external onlyRole(REGISTRAR) {
        if (key == address(0) || payout == address(0)) revert ComputeEscrow_ZeroAddress();
        RigKey storage rig = _rigKeys[key];
        bool isRetired = rig.retiredAt != 0;
        if (rig.payout != address(0) && !(isRetired && rig.payout == payout)) {
            revert ComputeEscrow_RigEnrolled(key, rig.payout);
        }
        _rigKeys[key] = RigKey({payout: payout, enrolledAt: uint40(block.timestamp), retiredAt: 0});
        emit RigEnrolled(key, payout);
    }

    /// @notice Ends the use of a rig's key. What it did before is still paid when settled within a settlement window.
    /// Only a REGISTRAR. Reverts with `RigUnknown` or `RigRetired`.
    /// @param key Address of the rig's receipt key.
    function retireRig(address key) external onlyRole(REGISTRAR) {
        RigKey storage rig = _rigKeys[key];
        if (rig.payout == address(0)) revert ComputeEscrow_RigUnknown(key);
        if (rig.retiredAt != 0) revert ComputeEscrow_RigRetired(key, rig.retiredAt);
        rig.retiredAt = uint40(block.timestamp);
        emit RigRetired(key);
    }

    /// @notice What the table says of a key; all zero when it is unknown.
    function rigKeys(address key) external view returns (RigKey memory) {
        return _rigKeys[key];
    }

    /// @dev Who is paid for a receipt of `key` over work that ended at `end`.
    function _payoutOf(address key, uint40 end, uint256 settlementWindow) internal view returns (address) {
        RigKey memory rig = _rigKeys[key];
        if (rig.payout == address(0)) revert ComputeEscrow_RigUnknown(key);
        bool isTooLate = end > rig.retiredAt || block.timestamp > rig.retiredAt + settlementWindow;
        if (rig.retiredAt != 0 && isTooLate) revert ComputeEscrow_RigRetired(key, rig.retiredAt);
        return rig.payout;
    }
}
