import createClient from "openapi-fetch";
import { beforeEach, expect, inject, test } from "vitest";
import { connect, fieldErrors } from "../src/models";
import type { paths as AdminPaths } from "./respan-mock";

const url = inject("mockUrl");
const client = connect(url, "demo-acme");
const mock = createClient<AdminPaths>({ baseUrl: url });

beforeEach(async () => {
  await mock.POST("/_mock/reset");
});

test("an update keeps the fields that it omits", async () => {
  const created = await client.POST("/api/models/", { body: { model_name: "support-bot", input_cost: 1.25 } });
  expect(created.response.status).toBe(201);

  const updated = await client.POST("/api/models/", { body: { model_name: "support-bot", display_name: "Bot" } });
  expect(updated.response.status).toBe(200);
  expect(updated.data).toMatchObject({ display_name: "Bot", input_cost: 1.25 });
});

test("a model inherits values from its base model", async () => {
  const { data } = await client.POST("/api/models/", { body: { model_name: "support-bot", base_model_name: "gpt-4o" } });
  expect(data?.output_cost).toBe(10);
});

test("names in paths can contain slashes", async () => {
  const named = { params: { path: { model_name: "acme/support-bot" } } };
  await client.POST("/api/models/", { body: { model_name: "acme/support-bot" } });
  expect((await client.GET("/api/models/{model_name}/", named)).data?.model_name).toBe("acme/support-bot");
  expect((await client.DELETE("/api/models/{model_name}/", named)).response.status).toBe(204);
  expect((await client.GET("/api/models/{model_name}/", named)).response.status).toBe(404);
});

test("a 400 has messages for each invalid field", async () => {
  // @ts-expect-error a cost is a number, so this does not compile either
  const { error, response } = await client.POST("/api/models/", { body: { model_name: "", input_cost: "free" } });
  expect(response.status).toBe(400);
  const { model_name, input_cost } = fieldErrors(error!);
  expect(input_cost).toEqual(['Expected a number, got the string "free".']);
  expect(model_name).toHaveLength(1);
});

test("a request can choose any declared response", async () => {
  const { error, response } = await client.POST("/api/models/", {
    body: { model_name: "support-bot" },
    headers: { Prefer: "code=403, example=builtIn" },
  });
  expect(response.status).toBe(403);
  expect(error).toEqual({ detail: 'model_name: "gpt-4o" is a built-in model and cannot be changed.' });
});

test("a busy server says when to retry", async () => {
  await mock.POST("/_mock/faults", { body: { status: 503, headers: { "Retry-After": "2" }, count: 1 } });
  const busy = await client.POST("/api/models/", { body: { model_name: "support-bot" } });
  expect(busy.response.status).toBe(503);
  expect(busy.response.headers.get("Retry-After")).toBe("2");
  const again = await client.POST("/api/models/", { body: { model_name: "support-bot" } });
  expect(again.response.status).toBe(201);
});

test("after a lost response, the model may have been saved", async () => {
  await mock.POST("/_mock/faults", { body: { reset: true, when: "after", count: 1 } });
  const upsert = () => client.POST("/api/models/", { body: { model_name: "support-bot" } });
  await expect(upsert()).rejects.toThrow();
  expect((await upsert()).response.status).toBe(200); // it was saved, so the second request updates it
});

test("the journal has requests that the test does not await", async () => {
  void client.POST("/api/models/", { body: { model_name: "support-bot" } });
  const { data } = await mock.GET("/_mock/requests/wait", {
    params: { query: { method: "POST", path: "/api/models/", timeout: 5 } },
  });
  expect(JSON.parse(data!.requests[0]!.request.body.text)).toEqual({ model_name: "support-bot" });
});
