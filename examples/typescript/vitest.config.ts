import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: "test/global-setup.ts",
    fileParallelism: false, // the test files share one mock, and each test resets it
  },
});
