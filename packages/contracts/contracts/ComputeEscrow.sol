// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Balances} from "./escrow/Balances.sol";
import {GrantBook} from "./escrow/GrantBook.sol";
import {RigTable} from "./escrow/RigTable.sol";
import {Order, Receipt} from "./escrow/SignedTypes.sol";

/// @title Holds the money of payers and pays rigs by signed orders and receipts
/// @notice No role can move money. A payment needs the payer's grant, the spender's order and the receipt of an enrolled
/// rig, all signed; who sends the transaction does not matter.
/// @dev Invariants: each (spender, nonce, part) is paid at most once; all parts of an order cost at most its ceiling; a fee
/// is at most 3 % of the price it is taken from; nothing is paid under a grant that has ended or is used up.
contract ComputeEscrow is GrantBook, Balances, RigTable {
    /// @notice What is fixed for the life of the contract.
    /// @param token The token all amounts are in.
    /// @param treasury Where fees go.
    /// @param admin May appoint and dismiss registrars.
    /// @param registrar The first registrar.
    /// @param feeBps Hundredths of a per cent of each price, 0 to 300.
    /// @param exitDelay Seconds, at most 30 days; 86,400 is usual.
    /// @param settlementWindow Seconds, at most 30 days; 86,400 is usual.
    struct Terms {
        IERC20 token;
        address treasury;
        address admin;
        address registrar;
        uint16 feeBps;
        uint40 exitDelay;
        uint40 settlementWindow;
    }

    /// @notice A part of an order that was paid, in one slot.
    /// @param price Base units.
    /// @param receiptTag The last 20 bytes of the receipt's digest.
    struct PaidPart {
        uint96 price;
        uint160 receiptTag;
    }

    /// @notice Highest fee there can be, in hundredths of a per cent.
    uint16 public constant MAX_FEE_BPS = 300;
    /// @notice Longest exit delay and settlement window there can be, in seconds.
    uint40 public constant MAX_DELAY = 30 days;
    /// @notice Units in one GpuMinute: 60,000 ms at 1,000 thousandths of a 1080 Ti.
    uint256 public constant UNITS_PER_GPU_MINUTE = 60_000_000;
    /// @notice Parts an order can have.
    uint8 public constant PARTS = 4;

    /// @notice Share of each price that goes to the treasury, in hundredths of a per cent.
    uint16 public immutable feeBps;

    uint8 private constant RIG_FAULT = 2;
    uint8 private constant CANCELLED = 5;

    // Bit nonce * 4 + part of a spender's bitmap, 256 bits to a word.
    mapping(address spender => mapping(uint256 word => uint256 bits)) private _paidBits;
    mapping(bytes32 order => mapping(uint256 part => PaidPart)) private _paidParts;

    /// @notice A receipt was paid: `price` from the payer, of which `fee` to the treasury and the rest to the owner of the
    /// rig. With it anyone who holds order and receipt can check them against the chain.
    /// @param rig Address of the rig's receipt key.
    event Settled(
        bytes32 indexed orderDigest,
        bytes32 indexed receiptDigest,
        address indexed payer,
        address spender,
        address rig,
        uint96 price,
        uint96 fee
    );

    /// @notice Reverts with `ZeroAddress`, `FeeTooHigh` and `DelayTooLong`.
    constructor(
        Terms memory terms
    )
        GrantBook(terms.settlementWindow)
        Balances(terms.token, terms.treasury, terms.exitDelay)
        RigTable(terms.admin, terms.registrar)
    {
        if (terms.feeBps > MAX_FEE_BPS) revert ComputeEscrow_FeeTooHigh(terms.feeBps, MAX_FEE_BPS);
        if (terms.exitDelay > MAX_DELAY) revert ComputeEscrow_DelayTooLong(terms.exitDelay, MAX_DELAY);
        if (terms.settlementWindow > MAX_DELAY) {
            revert ComputeEscrow_DelayTooLong(terms.settlementWindow, MAX_DELAY);
        }
        feeBps = terms.feeBps;
    }

    /// @notice Pays for one part of an order, at once and for good. Anyone may send it, at any time; it needs no server.
    /// The price goes from the payer to the account of the rig's owner, less the fee (rounded down). The job must have
    /// started by the order's expiry and while the grant was valid; it may be settled until a settlement window after
    /// the grant's end. All parts together cost at most the ceiling and the grant's maximum for one job. RIG_FAULT is
    /// never paid; CANCELLED may cost up to `prepay` more than was metered.
    /// Reverts, and changes nothing, with: `OrderMismatch`, `PartOutOfRange`, `OutcomeUnknown`, `NothingToPay`,
    /// `FaultNotFree`, `EndBeforeStart`, `OrderExpired`, `BadSignature`, `RigUnknown`, `RigRetired`, `PartPaid`,
    /// `NonceTaken`, `CeilingExceeded`, `PriceTooHigh`, `GrantExpired`, `JobMaxExceeded`, `GrantExceeded`,
    /// `BalanceExceeded`.
    /// @param orderSignature The spender's: a key's 65 bytes, or whatever a contract account accepts by ERC-1271.
    /// @param receiptSignature The 65 bytes of the rig's receipt key.
    function settleOne(
        Order calldata order,
        bytes calldata orderSignature,
        Receipt calldata receipt,
        bytes calldata receiptSignature
    ) external {
        bytes32 orderHash = orderDigest(order);
        bytes32 receiptHash = receiptDigest(receipt);
        _requireConsistent(order, orderHash, receipt, receiptHash);
        _requireSigned(order.spender, orderHash, orderSignature);
        _requireSignedByKey(receipt.rig, receiptHash, receiptSignature);
        address payout = _payoutOf(receipt.rig, receipt.end, settlementWindow);

        uint256 paid = _usePart(order, orderHash, receipt, receiptHash);
        _requirePrice(order, receipt, receiptHash, paid);
        _spendGrant(
            SpentPart({
                order: orderHash,
                payer: order.payer,
                spender: order.spender,
                total: paid + receipt.price,
                price: receipt.price,
                start: receipt.start
            })
        );
        _debit(order.payer, receipt.price, receipt.start);
        uint96 fee = uint96((uint256(receipt.price) * feeBps) / 10_000);
        _credit(payout, receipt.price - fee, fee);
        emit Settled(orderHash, receiptHash, order.payer, order.spender, receipt.rig, receipt.price, fee);
    }

    /// @notice Whether this part of the spender's nonce has been paid.
    /// @param part 0 to 3.
    function isUsed(address spender, uint32 nonce, uint8 part) external view returns (bool) {
        if (part >= PARTS) revert ComputeEscrow_PartOutOfRange(part);
        uint256 bit = uint256(nonce) * PARTS + part;
        return (_paidBits[spender][bit >> 8] >> (bit & 0xff)) & 1 == 1;
    }

    /// @notice Whether exactly this receipt has been paid.
    function isSettled(Receipt calldata receipt) external view returns (bool) {
        PaidPart memory paid = _paidParts[receipt.order][receipt.part];
        return paid.price != 0 && paid.receiptTag == uint160(uint256(receiptDigest(receipt)));
    }

    /// @notice What was paid for a part of an order, and the last 20 bytes of the receipt's digest; zero when nothing was.
    function paidParts(bytes32 order, uint8 part) external view returns (PaidPart memory) {
        return _paidParts[order][part];
    }

    /// @dev Marks the part as paid, and gives what the other parts of the order have cost, in base units.
    function _usePart(
        Order calldata order,
        bytes32 orderHash,
        Receipt calldata receipt,
        bytes32 receiptHash
    ) private returns (uint256 paid) {
        uint256 firstBit = uint256(order.nonce) * PARTS;
        mapping(uint256 => uint256) storage words = _paidBits[order.spender];
        uint256 word = words[firstBit >> 8];
        uint256 ofOrder = (word >> (firstBit & 0xff)) & 0xf;
        if ((ofOrder >> receipt.part) & 1 == 1) {
            revert ComputeEscrow_PartPaid(order.spender, order.nonce, receipt.part);
        }
        mapping(uint256 => PaidPart) storage parts = _paidParts[orderHash];
        for (uint256 part = 0; ofOrder >> part != 0; ++part) {
            if ((ofOrder >> part) & 1 == 0) continue;
            uint256 price = parts[part].price;
            if (price == 0) revert ComputeEscrow_NonceTaken(order.spender, order.nonce);
            paid += price;
        }
        words[firstBit >> 8] = word | (1 << ((firstBit & 0xff) + receipt.part));
        parts[receipt.part] = PaidPart({price: receipt.price, receiptTag: uint160(uint256(receiptHash))});
    }

    /// @dev Refuses what order and receipt cannot both say, whoever signed them.
    function _requireConsistent(
        Order calldata order,
        bytes32 orderHash,
        Receipt calldata receipt,
        bytes32 receiptHash
    ) private pure {
        if (receipt.order != orderHash) revert ComputeEscrow_OrderMismatch(orderHash, receipt.order);
        if (receipt.part >= PARTS) revert ComputeEscrow_PartOutOfRange(receipt.part);
        if (receipt.outcome > CANCELLED) revert ComputeEscrow_OutcomeUnknown(receipt.outcome);
        if (receipt.price == 0) revert ComputeEscrow_NothingToPay(receiptHash);
        if (receipt.outcome == RIG_FAULT) revert ComputeEscrow_FaultNotFree(receiptHash, receipt.price);
        if (receipt.end < receipt.start) revert ComputeEscrow_EndBeforeStart(receipt.start, receipt.end);
        if (receipt.start > order.expiry) {
            revert ComputeEscrow_OrderExpired(orderHash, order.expiry, receipt.start);
        }
    }

    /// @dev `paid` is what the other parts have cost: it counts against the ceiling, and a prepayment is due once.
    function _requirePrice(
        Order calldata order,
        Receipt calldata receipt,
        bytes32 receiptHash,
        uint256 paid
    ) private pure {
        uint256 total = paid + receipt.price;
        if (total > order.maxPrice)
            revert ComputeEscrow_CeilingExceeded(receipt.order, order.maxPrice, total);
        uint256 bound = (uint256(order.unitPrice) * receipt.units) / UNITS_PER_GPU_MINUTE;
        if (receipt.outcome == CANCELLED && total <= order.prepay) return;
        if (receipt.price > bound) revert ComputeEscrow_PriceTooHigh(receiptHash, bound, receipt.price);
    }
}
