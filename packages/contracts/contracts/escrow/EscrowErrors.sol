// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Everything the escrow can refuse, with the figures that made it refuse
/// @dev Amounts are base units, times unix seconds.
interface EscrowErrors {
    /// @notice An address that must be somebody's is zero.
    error ComputeEscrow_ZeroAddress();
    /// @notice An amount that must move something is zero.
    error ComputeEscrow_ZeroAmount();
    /// @notice The fee share is above its bound (both in hundredths of a per cent).
    error ComputeEscrow_FeeTooHigh(uint256 feeBps, uint256 maxFeeBps);
    /// @notice A delay would keep money away for too long (both in seconds).
    error ComputeEscrow_DelayTooLong(uint256 delay, uint256 maxDelay);
    /// @notice The signature over `digest` is not that of `signer`.
    error ComputeEscrow_BadSignature(address signer, bytes32 digest);

    /// @notice The grant is not the next one of its pair.
    error ComputeEscrow_GrantOutOfTurn(address payer, address spender, uint256 expectedNonce, uint256 nonce);
    /// @notice The last nonce of the pair would be used up.
    error ComputeEscrow_GrantsUsedUp(address payer, address spender);
    /// @notice The job started after the grant ended, or is settled later than a settlement window after it.
    error ComputeEscrow_GrantExpired(address payer, address spender, uint256 validUntil);
    /// @notice Less is left of the grant than the part costs.
    error ComputeEscrow_GrantExceeded(address payer, address spender, uint256 remaining, uint256 price);
    /// @notice All parts of the order together cost more than the grant allows one job.
    error ComputeEscrow_JobMaxExceeded(bytes32 order, uint256 perJobMax, uint256 total);

    /// @notice The receipt is for another order.
    error ComputeEscrow_OrderMismatch(bytes32 order, bytes32 receiptOrder);
    /// @notice The job started after the order's expiry.
    error ComputeEscrow_OrderExpired(bytes32 order, uint256 expiry, uint256 start);
    /// @notice All parts of the order together cost more than its ceiling.
    error ComputeEscrow_CeilingExceeded(bytes32 order, uint256 maxPrice, uint256 total);
    /// @notice The part number is above 3.
    error ComputeEscrow_PartOutOfRange(uint256 part);
    /// @notice This part of the spender's nonce has been paid.
    error ComputeEscrow_PartPaid(address spender, uint256 nonce, uint256 part);
    /// @notice A part of another order with the same nonce has been paid.
    error ComputeEscrow_NonceTaken(address spender, uint256 nonce);
    /// @notice The receipt says that the job ended before it started.
    error ComputeEscrow_EndBeforeStart(uint256 start, uint256 end);
    /// @notice The receipt asks for nothing, so there is nothing to settle.
    error ComputeEscrow_NothingToPay(bytes32 receipt);
    /// @notice A fault of the rig costs nothing.
    error ComputeEscrow_FaultNotFree(bytes32 receipt, uint256 price);
    /// @notice The outcome is not one of the six.
    error ComputeEscrow_OutcomeUnknown(uint256 outcome);
    /// @notice The price is above what the units cost.
    error ComputeEscrow_PriceTooHigh(bytes32 receipt, uint256 bound, uint256 price);

    /// @notice Less may be used of the payer's balance than the part costs.
    error ComputeEscrow_BalanceExceeded(address payer, uint256 available, uint256 price);
    /// @notice The account holds less than it wants to take out.
    error ComputeEscrow_ExitExceeded(address account, uint256 held, uint256 amount);
    /// @notice The account has an exit that has not been paid out.
    error ComputeEscrow_ExitPending(address account, uint256 exitAt);
    /// @notice The account has asked for no exit.
    error ComputeEscrow_ExitNotRequested(address account);
    /// @notice The delay of the exit has not passed.
    error ComputeEscrow_ExitTooEarly(address account, uint256 exitAt);

    /// @notice The rig's key is not in the table.
    error ComputeEscrow_RigUnknown(address key);
    /// @notice The rig's key is in the table, with this payout address.
    error ComputeEscrow_RigEnrolled(address key, address payout);
    /// @notice The rig's key was retired before the job ended, or too long ago to settle with it.
    error ComputeEscrow_RigRetired(address key, uint256 retiredAt);
}
