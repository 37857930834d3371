import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    mockUrl: string;
  }
}

/** Starts the mock before all tests, and stops it after them. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const command = process.env.RESPAN_MOCK ?? "respan-mock";
  const mock = spawn(command, ["--port", "0", "--quiet"], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(mock, "exit"); // rejects if the command cannot be started
  const line = once(createInterface(mock.stdout), "line"); // with --quiet it prints only its address, when it is ready
  const [url] = await Promise.race([line, ended.then(() => Promise.reject(new Error(`${command} has ended`)))]);
  provide("mockUrl", url);
  return async () => {
    mock.kill();
    await ended;
  };
}
