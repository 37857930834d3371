// A correct server on Node's http module, without dependencies, written from the contract alone.
//
// Run it with `node node_server.mjs [port]`; port 0, the default, picks a free one. It prints its address.
// JavaScript has doubles only and writes -0 as 0, so it rejects integers and zeros that it could not return exactly.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const fixtures = JSON.parse(readFileSync(new URL("fixtures.json", import.meta.url), "utf8"));
const MAX_BODY_BYTES = 1 << 20;
const MAX_NESTING = 64;
const COLLECTION = "/api/models/";

class HttpError extends Error {
  constructor(status, body, headers = {}) {
    super(JSON.stringify(body));
    Object.assign(this, { status, body: typeof body === "string" ? { detail: body } : body, headers });
  }
}

// --- state: names are keys of Maps, so that "constructor" is a name like any other

const callers = new Map(Object.entries(fixtures.keys));
const builtIn = new Map(
  Object.entries(fixtures.built_in_models).map(([name, { supported_params, ...values }]) => [
    name,
    { name, values: { ...values, supported_params_override: supported_params }, builtIn: true },
  ]),
);
const organizations = new Map(
  Object.entries(fixtures.providers).map(([name, providers]) => [
    name,
    { models: new Map(), providers: new Map(Object.entries(providers)) },
  ]),
);

// --- fields

const isString = (value) => typeof value === "string" || "Not a valid string.";
const isNumber = (value) => typeof value === "number" || "A valid number is required.";
const isInteger = (value) => Number.isSafeInteger(value) || "A valid integer is required.";
const isFlag = (value) => value === 0 || value === 1 || "Must be 0 or 1.";
const isObject = (value) =>
  (typeof value === "object" && value !== null && !Array.isArray(value)) || "Must be an object.";

const FIELDS = new Map([
  ["model_name", (value) => (isString(value) === true ? value !== "" || "Must not be empty." : isString(value))],
  ["base_model_name", isString],
  ["display_name", isString],
  ["custom_provider_id", isString],
  ["provider_id", isString],
  ["input_cost", isNumber],
  ["output_cost", isNumber],
  ["cache_hit_input_cost", isNumber],
  ["cache_creation_input_cost", isNumber],
  ["max_context_window", isInteger],
  ["streaming_support", isFlag],
  ["function_call", isFlag],
  ["image_support", isFlag],
  ["supported_params_override", isObject],
]);
const INHERITED = [
  "input_cost",
  "output_cost",
  "cache_hit_input_cost",
  "cache_creation_input_cost",
  "max_context_window",
  "streaming_support",
  "function_call",
  "image_support",
];

/** Throws if a value could not be returned exactly. */
function rejectUnstorable(value, depth = 1) {
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) {
    throw new HttpError(400, "Infinite numbers and negative zeros are not supported.");
  }
  if (typeof value === "string" && !value.isWellFormed()) {
    throw new HttpError(400, "Unpaired surrogates are not supported.");
  }
  if (typeof value === "object" && value !== null) {
    if (depth > MAX_NESTING) throw new HttpError(400, `Nested more than ${MAX_NESTING} levels deep.`);
    for (const [name, part] of Object.entries(value)) {
      rejectUnstorable(name);
      rejectUnstorable(part, depth + 1);
    }
  }
}

function validated(body) {
  if (isObject(body) !== true) throw new HttpError(400, "Expected a JSON object.");
  rejectUnstorable(body);
  const values = {};
  const errors = Object.hasOwn(body, "model_name") ? {} : { model_name: ["This field is required."] };
  for (const [name, check] of FIELDS) {
    if (!Object.hasOwn(body, name)) continue;
    const verdict = check(body[name]);
    if (verdict === true) values[name] = body[name];
    else errors[name] = [verdict];
  }
  if (Object.keys(errors).length > 0) throw new HttpError(400, errors);
  const { model_name: name, provider_id: provider, ...rest } = values;
  if (provider === undefined) return { name, values: rest };
  if ((rest.custom_provider_id ?? provider) !== provider) {
    throw new HttpError(400, { provider_id: ["Differs from custom_provider_id."] });
  }
  return { name, values: { ...rest, custom_provider_id: provider } };
}

// --- models

const findModel = (organization, name) => organization.models.get(name) ?? builtIn.get(name);

function lineageOf(organization, model) {
  const lineage = new Map();
  for (let next = model; next && !lineage.has(next.name); next = findModel(organization, next.values.base_model_name)) {
    lineage.set(next.name, next);
  }
  return [...lineage.values()];
}

function supportedParams(lineage) {
  return lineage.reduceRight((params, { values }) => {
    const entries = Object.entries({ ...params, ...values.supported_params_override });
    return Object.fromEntries(entries.filter(([, entry]) => entry !== null));
  }, {});
}

function shown(organization, model) {
  const lineage = lineageOf(organization, model);
  const inherited = INHERITED.map((field) => [field, lineage.find(({ values }) => field in values)?.values[field]]);
  const providerId = model.values.custom_provider_id;
  const provider = organization.providers.get(providerId);
  return {
    ...Object.fromEntries(inherited), // what is undefined is not written
    id: model.name,
    model_name: model.name,
    display_name: model.values.display_name,
    base_model_name: model.values.base_model_name,
    affiliation_category: model.builtIn ? "respan" : "custom",
    is_called_by_custom_name: !model.builtIn,
    source: model.builtIn ? "hardcoded" : "db",
    model_type: "chat",
    supported_params: supportedParams(lineage),
    throughput: null,
    provider: provider && { id: providerId, provider_id: providerId, ...provider },
    created_at: model.createdAt ?? null,
    updated_at: model.updatedAt ?? null,
  };
}

// --- operations: each runs to its end without an await, so requests do not interleave inside it

function upsert({ caller, organization }, body) {
  const { name, values } = validated(body);
  rejectReadOnly(caller);
  if (builtIn.has(name)) throw new HttpError(403, "Built-in models cannot be changed.");
  if ("base_model_name" in values && !findModel(organization, values.base_model_name)) {
    throw new HttpError(404, "The base model does not exist.");
  }
  if ("custom_provider_id" in values && !organization.providers.has(values.custom_provider_id)) {
    throw new HttpError(404, "The provider does not exist.");
  }
  const now = new Date().toISOString();
  const existing = organization.models.get(name);
  const model = { createdAt: now, ...existing, name, values: { ...existing?.values, ...values }, updatedAt: now };
  if (existing?.values.supported_params_override && values.supported_params_override) {
    const override = { ...existing.values.supported_params_override, ...values.supported_params_override };
    model.values.supported_params_override = override;
  }
  organization.models.set(name, model);
  return [existing ? 200 : 201, shown(organization, model)];
}

function read({ organization }, name) {
  const model = findModel(organization, name);
  if (!model) throw new HttpError(404, "Not found.");
  return [200, shown(organization, model)];
}

function remove({ caller, organization }, name) {
  rejectReadOnly(caller);
  if (builtIn.has(name)) throw new HttpError(403, "Built-in models cannot be deleted.");
  if (!organization.models.delete(name)) throw new HttpError(404, "Not found.");
  return [204];
}

// --- HTTP

function authenticated(request) {
  const [, token] = /^bearer +(.+)$/i.exec(request.headers.authorization ?? "") ?? [];
  const caller = callers.get(token);
  if (caller) return { caller, organization: organizations.get(caller.organization) };
  const reason = token ? "Invalid token." : "Authentication credentials were not provided.";
  throw new HttpError(401, reason, { "WWW-Authenticate": "Bearer" });
}

function rejectReadOnly(caller) {
  if (!caller.may_write) throw new HttpError(403, "You do not have permission to perform this action.");
}

async function jsonBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (size > MAX_BODY_BYTES) throw new HttpError(413, "The body is too large.");
  if (!/^application\/json *(; *charset="?utf-8"? *)?$/i.test(request.headers["content-type"] ?? "")) {
    throw new HttpError(415, "Expected application/json in UTF-8.");
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks)));
  } catch (error) {
    throw new HttpError(400, `JSON parse error - ${error.message}`);
  }
}

function nameIn(path) {
  try {
    return decodeURIComponent(path.slice(COLLECTION.length, -1));
  } catch {
    throw new HttpError(404, "Not found.");
  }
}

async function handled(request) {
  const path = request.url.split("?", 1)[0];
  if (path === COLLECTION) {
    if (request.method !== "POST") throw new HttpError(405, "Method not allowed.", { Allow: "POST" });
    const session = authenticated(request);
    return upsert(session, await jsonBody(request));
  }
  if (!path.startsWith(COLLECTION) || !path.endsWith("/")) throw new HttpError(404, "Not found.");
  const operation = { GET: read, DELETE: remove }[request.method];
  if (!operation) throw new HttpError(405, "Method not allowed.", { Allow: "GET, DELETE" });
  return operation(authenticated(request), nameIn(path));
}

async function answered(request) {
  try {
    return await handled(request);
  } catch (error) {
    if (error instanceof HttpError) return [error.status, error.body, error.headers];
    console.error(error);
    return [500, { detail: "Internal server error." }];
  }
}

const server = createServer(async (request, response) => {
  const [status, body, headers = {}] = await answered(request);
  const type = body ? { "Content-Type": "application/json" } : {};
  response.writeHead(status, { ...headers, ...type }).end(body && JSON.stringify(body));
});
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
