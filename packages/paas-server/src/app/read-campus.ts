import type { campusSchema, offeringsSchema } from "@nebula/protocol";
import type { z } from "zod";
import { classIdOf } from "../domain/classes.ts";
import { priceOfMs } from "../domain/price.ts";
import type { AppContext } from "./context.ts";

export type CampusJson = z.input<typeof campusSchema>;
export type OfferingsJson = z.input<typeof offeringsSchema>;

/** Version that the server says it is. */
export const SERVER_VERSION = "0.1.0";
const MINUTE_MS = 60_000;

/** What anybody may know of the campus. `publicUrl`: where browsers reach this server. */
export function readCampus(ctx: AppContext, publicUrl: string): CampusJson {
  const { campusName, issuer, chain, isDemo } = ctx.config;
  return {
    name: campusName,
    version: SERVER_VERSION,
    issuer: issuer.url,
    clientId: issuer.clientId,
    redirectUri: `${publicUrl}/auth/callback`,
    chain: {
      chainId: chain.chainId,
      rpcUrl: chain.publicRpcUrl ?? chain.rpcUrl,
      token: chain.token,
      escrow: chain.escrow,
    },
    isDemo,
  };
}

/** Classes with their prices and the rigs that are connected, and kernel images. */
export async function readOfferings(ctx: AppContext): Promise<OfferingsJson> {
  const { classes, images, rateVersion, defaultClass, defaultImage } = ctx.config;
  const rows = await ctx.db.query<{ class_id: string; rigs: bigint }>(
    "select s.class_id, count(distinct s.rig) as rigs from slot s join rig r on r.id = s.rig where r.connected and r.registered_tx is not null group by s.class_id",
  );
  const online = new Map(rows.map((row) => [row.class_id, Number(row.rigs)]));
  return {
    rateVersion,
    classes: classes.map((entry) => ({
      name: entry.name,
      title: entry.title,
      speedMilli: entry.speedMilli,
      unitPrice: entry.unitPrice.toString(),
      pricePerMinute: priceOfMs(MINUTE_MS, entry).toString(),
      cpus: entry.cpus,
      memoryMiB: entry.memoryMiB,
      gpu: entry.gpu === null ? null : gpuText(entry.gpu),
      rigsOnline: online.get(classIdOf(entry)) ?? 0,
    })),
    images: [...images],
    defaultClass,
    defaultImage,
  };
}

function gpuText(gpu: { readonly memoryMiB: number; readonly models: readonly string[] }): string {
  const memory = `${String(Math.round(gpu.memoryMiB / 1024))} GiB`;
  return gpu.models.length === 0 ? `any, ${memory} or more` : `${gpu.models.join(" or ")}, ${memory} or more`;
}
