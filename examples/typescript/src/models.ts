import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./respan";

export type Model = components["schemas"]["Model"];
export type ModelUpsert = components["schemas"]["ModelUpsert"];
export type FieldErrors = Partial<Record<keyof ModelUpsert, string[]>>;

/** Returns a client with the types of the contract for paths, bodies and responses. */
export function connect(baseUrl: string, key: string): Client<paths> {
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
}

/** Returns the messages of a 400 by field; none if it has a `detail` about the whole body. */
export function fieldErrors(error: object): FieldErrors {
  return Object.fromEntries(Object.entries(error).filter(([, messages]) => Array.isArray(messages)));
}
