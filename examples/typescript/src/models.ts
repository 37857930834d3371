import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./respan";

export type Model = components["schemas"]["Model"];
export type ModelUpsert = components["schemas"]["ModelUpsert"];
export type FieldErrors = Partial<Record<keyof ModelUpsert, string[]>>;

/** A client whose paths, bodies and answers have the types of the contract. */
export function connect(baseUrl: string, key: string): Client<paths> {
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
}

/** The messages of a 400 by field; none where it says `detail`, for the body as a whole. */
export function fieldErrors(error: object): FieldErrors {
  return Object.fromEntries(Object.entries(error).filter(([, messages]) => Array.isArray(messages)));
}
