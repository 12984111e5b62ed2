import { ERROR_CODES, type ErrorCode, problemSchema, type Route, ROUTES } from "@nebula/protocol";
import { z } from "zod";

type Json = Record<string, unknown>;

/** What any route may answer, beyond its own codes. */
const ALWAYS: readonly ErrorCode[] = [
  "INPUT_INVALID",
  "BODY_TOO_LARGE",
  "RATE_LIMITED",
  "DATABASE_AWAY",
  "INTERNAL",
];
const SIGNED_IN: readonly ErrorCode[] = [
  "TOKEN_MISSING",
  "TOKEN_INVALID",
  "TOKEN_EXPIRED",
  "ROLE_MISSING",
  "ISSUER_AWAY",
];

/** Gathers named schemas under `components` and makes references to them. */
class Components {
  readonly schemas: Json = {};

  /** JSON Schema of the wire form. */
  of(schema: z.ZodType): Json {
    const {
      $schema: _,
      $defs = {},
      ...own
    } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any", target: "draft-2020-12" }) as Json;
    for (const [name, definition] of Object.entries($defs as Json)) this.#add(name, definition as Json);
    const { id } = schema.meta() ?? {};
    if (typeof id !== "string") return moved(own);
    this.#add(id, own);
    return { $ref: `#/components/schemas/${id}` };
  }

  #add(name: string, definition: Json): void {
    const { id: _, $schema: __, ...rest } = definition;
    this.schemas[name] ??= moved(rest);
  }
}

/** The same schema with its references pointing into `components`. */
function moved(schema: Json): Json {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;
}

function parametersOf(components: Components, schema: z.ZodObject, place: "path" | "query"): Json[] {
  return Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, field]) => ({
    name,
    in: place,
    required: place === "path" || !field.safeParse(undefined).success,
    schema: components.of(field),
  }));
}

function errorsOf(route: Route): Json {
  const codes = new Set<ErrorCode>([
    ...route.errors,
    ...ALWAYS,
    ...(route.auth.kind === "user" ? SIGNED_IN : []),
  ]);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = ERROR_CODES[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const problem = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  return Object.fromEntries(
    [...byStatus].map(([status, listed]) => [
      String(status),
      { description: listed.join(", "), content: problem },
    ]),
  );
}

function answerOf(components: Components, route: Route): Json {
  const content =
    route.response === "bytes"
      ? { "application/octet-stream": {} }
      : { "application/json": { schema: components.of(route.response) } };
  return { description: route.summary, content };
}

const KEY_PARAMETER = {
  name: "Idempotency-Key",
  in: "header",
  required: true,
  description: "New for each new request; the same call sent again with the same key has its effect once.",
  schema: { type: "string", minLength: 1, maxLength: 128 },
};

function operationOf(components: Components, name: string, route: Route): Json {
  const parameters = [
    ...parametersOf(components, route.params, "path"),
    ...parametersOf(components, route.query, "query"),
  ];
  const body =
    route.body === null
      ? {}
      : {
          requestBody: {
            required: true,
            content: { "application/json": { schema: components.of(route.body) } },
          },
        };
  return {
    operationId: name,
    summary: route.summary,
    security: route.auth.kind === "public" ? [] : [{ bearer: [...(route.auth.permissions ?? [])] }],
    parameters: route.idempotency === "key" ? [...parameters, KEY_PARAMETER] : parameters,
    ...body,
    responses: { [String(route.status)]: answerOf(components, route), ...errorsOf(route) },
  };
}

/** The OpenAPI 3.1 document of the route table. */
export function openApiDocument(version: string): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const [name, route] of Object.entries<Route>(ROUTES)) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(components, name, route);
  }
  components.of(problemSchema);
  return {
    openapi: "3.1.0",
    info: {
      title: "Nebula Campus",
      version,
      description:
        "Jobs, budgets and rigs of one campus. Money is in base units (10^-18 NBAI), as decimal strings.",
    },
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
    },
  };
}
