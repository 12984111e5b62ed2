import { pino } from "pino";
import type { Logger } from "../../app/ports.ts";

/** Fields that never reach a log, wherever they stand in the first three levels. */
const SECRET_FIELDS = [
  "authorization",
  "cookie",
  "token",
  "password",
  "secret",
  "sealedKey",
  "privateKey",
  "raw",
  "source",
  "cells",
  "databaseUrl",
  "code",
];

const paths = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

export interface LogDestination {
  write(line: string): void;
}

/** Structured lines on stdout, one JSON object each; `name` says which part speaks, such as `nebula:http`. */
export function createLogger(
  level: string,
  destination?: LogDestination,
): Logger & { child(name: string): Logger } {
  const root = pino(
    {
      level,
      base: null,
      redact: { paths, censor: "[redacted]" },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination ?? pino.destination({ fd: 1, sync: false }),
  );
  return wrapped(root);
}

function wrapped(logger: pino.Logger): Logger & { child(name: string): Logger } {
  return {
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    debug: (fields, message) => logger.debug(fields, message),
    child: (name) => wrapped(logger.child({ name })),
  };
}
