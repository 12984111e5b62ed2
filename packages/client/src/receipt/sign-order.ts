import { signingDigest, type Domain, type Order } from "@nebula/protocol";

/** Signs an order with the spender's key (EIP-712), for accounts that keep their own. `privateKey`: 32 bytes as hex. */
export async function signOrder(domain: Domain, order: Order, privateKey: string): Promise<string> {
  const { SigningKey } = await import("ethers");
  return new SigningKey(privateKey).sign(signingDigest(domain, "Order", order)).serialized;
}
