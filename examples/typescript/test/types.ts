// What a frontend may and may not write with the generated types. Compiled, never run.
import type { components, operations, paths } from "../src/respan";

type ModelUpsert = components["schemas"]["ModelUpsert"];
type Model = components["schemas"]["Model"];

export const smallest: ModelUpsert = { model_name: "my-model" };

export const whole: ModelUpsert = {
  model_name: "acme/gpt-4o",
  base_model_name: "gpt-4o",
  display_name: "GPT-4o",
  custom_provider_id: "my-vllm",
  provider_id: "my-vllm",
  input_cost: 1.25,
  output_cost: 10,
  cache_hit_input_cost: 0.5,
  cache_creation_input_cost: 0,
  max_context_window: 128000,
  streaming_support: 1,
  function_call: 0,
  image_support: 1,
  supported_params_override: { temperature: { min: 0, max: 1 }, logprobs: null },
};

// @ts-expect-error the name is required
export const nameless: ModelUpsert = { display_name: "x" };
// @ts-expect-error a flag is 0 or 1
export const wrongFlag: ModelUpsert = { model_name: "x", streaming_support: 2 };
// @ts-expect-error a cost is a number
export const wrongCost: ModelUpsert = { model_name: "x", input_cost: "1.25" };
// @ts-expect-error no field of the request is nullable
export const nulled: ModelUpsert = { model_name: "x", display_name: null };

export function shown(model: Model): string {
  const kind: "respan" | "custom" | undefined = model.affiliation_category;
  const created: string | null | undefined = model.created_at;
  const speed: number | undefined = model.throughput?.average_tps;
  const provider: string | undefined = model.provider?.provider_name;
  return [model.id, model.model_name, kind, created, speed, provider].join();
}

type Responses = paths["/api/models/"]["post"]["responses"];
export const created = (response: Responses[201]): Model => response.content["application/json"];
export const updated = (response: Responses[200]): Model => response.content["application/json"];
export const rejected = (response: Responses[403]): string | undefined => response.content["application/json"].detail;

export const read: operations["getModel"]["parameters"]["path"] = { model_name: "openai/gpt-4o-mini" };
// @ts-expect-error the response to a delete has no body
export type Deleted = operations["deleteModel"]["responses"][204]["content"]["application/json"];
