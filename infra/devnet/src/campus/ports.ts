/** Ports of a campus on one machine. */
export interface CampusPorts {
  readonly server: number;
  readonly issuer: number;
  readonly chain: number;
  readonly postgres: number;
  readonly lab: number;
}

/** First port of a campus unless another is asked for. */
export const PORT_BASE = 8700;

/** Five ports in a row from `base`. */
export function portsFrom(base: number): CampusPorts {
  return { server: base, issuer: base + 1, chain: base + 2, postgres: base + 3, lab: base + 4 };
}
