export { createCall, errorFrom, type Call, type CallInput, type CallOptions } from "./call.ts";
export { createClient, type Client } from "./client.ts";
export type { FollowOptions } from "./follow.ts";
export { jobCells, readNotebook, type NotebookCell } from "./notebook/job-cells.ts";
export { signOrder } from "./receipt/sign-order.ts";
export {
  verifyReceipt,
  type ReceiptCheck,
  type TrustedChain,
  type Verification,
  type VerifyOptions,
} from "./receipt/verify.ts";
export {
  exchangeCode,
  requestTokens,
  signInRequest,
  type SignInRequest,
  type TokenEndpoint,
  type Tokens,
} from "./sign-in/pkce.ts";
export { createSession, type Session, type SessionOptions } from "./sign-in/session.ts";
