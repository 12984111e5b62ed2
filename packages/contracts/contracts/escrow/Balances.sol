// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EscrowErrors} from "./EscrowErrors.sol";

/// @title What the escrow owes to payers, to rigs and to the treasury
/// @notice Both sides leave by themselves: ask for a fixed amount, wait for the exit delay, take it. No role, no pause and
/// no signature of anybody else is involved.
/// @dev Invariants: the tokens held are the sum of balances, earnings and fees; `exiting` is at most the balance or the
/// earnings it is part of; an amount that exits is paid out once.
abstract contract Balances is EscrowErrors {
    using SafeERC20 for IERC20;

    /// @notice A payer's account, in one slot.
    /// @param balance Base units, those that exit included.
    /// @param exiting Base units asked for; jobs that start after the request cannot use them.
    /// @param exitAt Unix seconds from which they can be taken; 0 when no exit was asked for.
    /// @param nonce Number of exits asked for so far.
    struct Payer {
        uint96 balance;
        uint96 exiting;
        uint40 exitAt;
        uint24 nonce;
    }

    /// @notice A rig owner's account, in one slot, kept by payout address: one owner's rigs share it.
    /// @param earned Base units, those that exit included.
    /// @param exiting Base units asked for.
    /// @param exitAt Unix seconds from which they can be taken; 0 when no exit was asked for.
    /// @param strikes Reversals against the owner's rigs; 0 as long as payments are final at once.
    struct Rig {
        uint96 earned;
        uint96 exiting;
        uint40 exitAt;
        uint24 strikes;
    }

    /// @notice The token all amounts are in.
    IERC20 public immutable token;
    /// @notice Where fees go, for good.
    address public immutable treasury;
    /// @notice Seconds between asking for an exit and taking it.
    uint40 public immutable exitDelay;

    /// @notice Base units of fees not yet paid to the treasury.
    uint96 public fees;

    mapping(address payer => Payer) private _payers;
    mapping(address payout => Rig) private _rigs;

    /// @notice `amount` was added to the payer's balance.
    event Deposited(address indexed payer, address indexed from, uint96 amount);
    /// @notice The payer will take `amount` at `exitAt` or later.
    event ExitRequested(address indexed payer, uint96 amount, uint40 exitAt);
    /// @notice The payer took `amount`.
    event Withdrawn(address indexed payer, uint96 amount);
    /// @notice The rig owner will take `amount` at `exitAt` or later.
    event RigExitRequested(address indexed payout, uint96 amount, uint40 exitAt);
    /// @notice The rig owner took `amount`.
    event RigWithdrawn(address indexed payout, uint96 amount);
    /// @notice The treasury was paid `amount`.
    event FeesCollected(uint96 amount);

    /// @param token_ The token all amounts are in.
    /// @param treasury_ Where fees go, for good.
    /// @param exitDelay_ Seconds.
    constructor(IERC20 token_, address treasury_, uint40 exitDelay_) {
        if (address(token_) == address(0) || treasury_ == address(0)) revert ComputeEscrow_ZeroAddress();
        token = token_;
        treasury = treasury_;
        exitDelay = exitDelay_;
    }

    /// @notice Takes `amount` from the sender, who has allowed it on the token, and adds it to the balance of `to`.
    /// Anyone may pay in for anyone. Reverts with `ZeroAddress`, `ZeroAmount` and the token's own errors.
    /// @param to The payer whose balance grows; the zero address could never take it out.
    /// @param amount Base units, above 0.
    function deposit(address to, uint96 amount) external {
        _deposit(to, amount);
    }

    /// @notice As `deposit`, with the sender's signed ERC-2612 permit for exactly `amount` in place of an allowance.
    /// A permit that somebody else has handed to the token already does no harm: where the allowance is there, the permit
    /// is left alone.
    /// @param deadline Unix seconds until which the permit is good.
    function depositWithPermit(
        address to,
        uint96 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        if (token.allowance(msg.sender, address(this)) < amount) {
            IERC20Permit(address(token)).permit(msg.sender, address(this), amount, deadline, v, r, s);
        }
        _deposit(to, amount);
    }

    /// @notice Asks for `amount` of the sender's balance. Until it is due, jobs that started before now may still be paid
    /// from it, others not; from then on nothing may. Only one exit at a time.
    /// Reverts with `ZeroAmount`, `ExitPending` and `ExitExceeded`.
    /// @param amount Base units, above 0 and at most the balance.
    function requestExit(uint96 amount) external {
        Payer storage payer = _payers[msg.sender];
        _requireExit(payer.balance, payer.exitAt, amount);
        payer.exiting = amount;
        payer.exitAt = uint40(block.timestamp) + exitDelay;
        // A counter for readers of the log; it may start over.
        unchecked {
            ++payer.nonce;
        }
        emit ExitRequested(msg.sender, amount, payer.exitAt);
    }

    /// @notice Pays the sender what he asked for, less what earlier jobs used of it meanwhile, and ends the exit.
    /// Reverts with `ExitNotRequested` and `ExitTooEarly`.
    function withdraw() external {
        Payer storage payer = _payers[msg.sender];
        _requireDue(payer.exitAt);
        uint96 amount = payer.exiting;
        payer.balance -= amount;
        payer.exiting = 0;
        payer.exitAt = 0;
        emit Withdrawn(msg.sender, amount);
        token.safeTransfer(msg.sender, amount);
    }

    /// @notice Asks for `amount` of what the sender earned as payout address of rigs. Only one exit at a time.
    /// Reverts with `ZeroAmount`, `ExitPending` and `ExitExceeded`.
    /// @param amount Base units, above 0 and at most what is earned.
    function requestRigExit(uint96 amount) external {
        Rig storage rig = _rigs[msg.sender];
        _requireExit(rig.earned, rig.exitAt, amount);
        rig.exiting = amount;
        rig.exitAt = uint40(block.timestamp) + exitDelay;
        emit RigExitRequested(msg.sender, amount, rig.exitAt);
    }

    /// @notice Pays the sender what he asked for of his rigs' earnings and ends the exit.
    /// Reverts with `ExitNotRequested` and `ExitTooEarly`.
    function rigWithdraw() external {
        Rig storage rig = _rigs[msg.sender];
        _requireDue(rig.exitAt);
        uint96 amount = rig.exiting;
        rig.earned -= amount;
        rig.exiting = 0;
        rig.exitAt = 0;
        emit RigWithdrawn(msg.sender, amount);
        token.safeTransfer(msg.sender, amount);
    }

    /// @notice Pays all fees to the treasury. Anyone may call it. Does nothing where there are none.
    function collectFees() external {
        uint96 amount = fees;
        if (amount == 0) return;
        fees = 0;
        emit FeesCollected(amount);
        token.safeTransfer(treasury, amount);
    }

    /// @notice A payer's account.
    function payers(address payer) external view returns (Payer memory) {
        return _payers[payer];
    }

    /// @notice A rig owner's account, by payout address.
    function rigs(address payout) external view returns (Rig memory) {
        return _rigs[payout];
    }

    /// @dev Takes `price` from a payer for a job that started at `start`.
    function _debit(address account, uint96 price, uint40 start) internal {
        Payer memory payer = _payers[account];
        uint96 available = payer.balance;
        if (payer.exitAt != 0) {
            bool isEarlierJob = uint256(start) + exitDelay < payer.exitAt;
            if (!isEarlierJob || block.timestamp >= payer.exitAt) available -= payer.exiting;
        }
        if (price > available) revert ComputeEscrow_BalanceExceeded(account, available, price);
        payer.balance -= price;
        if (payer.exiting > payer.balance) payer.exiting = payer.balance;
        _payers[account] = payer;
    }

    /// @dev Adds to a rig owner's earnings and to the fees.
    function _credit(address payout, uint96 earned, uint96 fee) internal {
        _rigs[payout].earned += earned;
        fees += fee;
    }

    function _deposit(address to, uint96 amount) private {
        if (to == address(0)) revert ComputeEscrow_ZeroAddress();
        if (amount == 0) revert ComputeEscrow_ZeroAmount();
        _payers[to].balance += amount;
        emit Deposited(to, msg.sender, amount);
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    function _requireExit(uint96 held, uint40 exitAt, uint96 amount) private view {
        if (amount == 0) revert ComputeEscrow_ZeroAmount();
        if (exitAt != 0) revert ComputeEscrow_ExitPending(msg.sender, exitAt);
        if (amount > held) revert ComputeEscrow_ExitExceeded(msg.sender, held, amount);
    }

    function _requireDue(uint40 exitAt) private view {
        if (exitAt == 0) revert ComputeEscrow_ExitNotRequested(msg.sender);
        if (block.timestamp < exitAt) revert ComputeEscrow_ExitTooEarly(msg.sender, exitAt);
    }
}
