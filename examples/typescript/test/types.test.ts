import { readFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import { expect, inject, test } from "vitest";

test("the types match the contract that the mock serves", async () => {
  const types = astToString(await openapiTS(new URL("/openapi.json", inject("mockUrl"))));
  expect(await readFile("src/respan.d.ts", "utf8")).toContain(types);
});
