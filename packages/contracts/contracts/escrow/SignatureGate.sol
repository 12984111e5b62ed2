// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {EscrowErrors} from "./EscrowErrors.sol";
import {Grant, Order, Receipt, SignedTypes} from "./SignedTypes.sol";

/// @title Digests and signatures of what the escrow acts upon
/// @notice Nothing on the money path asks who sent the transaction; it asks who signed.
abstract contract SignatureGate is EIP712, EscrowErrors {
    constructor() EIP712("Nebula ComputeEscrow", "1") {}

    /// @notice EIP-712 digest of a grant: the 32 bytes its payer signs.
    function grantDigest(Grant calldata grant) public view returns (bytes32) {
        return _hashTypedDataV4(SignedTypes.hash(grant));
    }

    /// @notice EIP-712 digest of an order: the 32 bytes its spender signs.
    function orderDigest(Order calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(SignedTypes.hash(order));
    }

    /// @notice EIP-712 digest of a receipt: the 32 bytes its rig signs.
    function receiptDigest(Receipt calldata receipt) public view returns (bytes32) {
        return _hashTypedDataV4(SignedTypes.hash(receipt));
    }

    /// @dev Passes for the signature of a key, or of a contract by ERC-1271. The key is tried first: an ordinary account
    /// then needs no look at its code.
    function _requireSigned(address signer, bytes32 digest, bytes calldata signature) internal view {
        if (_isSignedByKey(signer, digest, signature)) return;
        if (signer.code.length != 0) {
            if (SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature)) return;
        }
        revert ComputeEscrow_BadSignature(signer, digest);
    }

    /// @dev Passes for the signature of a key only: 65 bytes with low `s` and `v` of 27 or 28.
    function _requireSignedByKey(address signer, bytes32 digest, bytes calldata signature) internal pure {
        if (!_isSignedByKey(signer, digest, signature)) revert ComputeEscrow_BadSignature(signer, digest);
    }

    function _isSignedByKey(
        address signer,
        bytes32 digest,
        bytes calldata signature
    ) private pure returns (bool) {
        (address recovered, ECDSA.RecoverError problem, ) = ECDSA.tryRecoverCalldata(digest, signature);
        return problem == ECDSA.RecoverError.NoError && recovered == signer;
    }
}
