import { InvalidInput } from "@nebula/protocol";
import express, { type Express } from "express";
import { z } from "zod";

const bodySchema = z.object({ logout_token: z.string().min(1) });

/** The issuer tells here that a sign-in session has ended (OpenID Connect Back-Channel Logout 1.0). */
export function bindBackchannelLogout(
  app: Express,
  endSession: (logoutToken: string) => Promise<void>,
): void {
  app.post(
    "/backchannel-logout",
    express.urlencoded({ extended: false, limit: 64 * 1024 }),
    async (request, response) => {
      const body = bodySchema.safeParse(request.body);
      if (!body.success) throw new InvalidInput("INPUT_INVALID", "Expected a form with a field logout_token");
      await endSession(body.data.logout_token);
      response.set("cache-control", "no-store").status(200).end();
    },
  );
}
