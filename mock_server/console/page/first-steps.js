// What a page without requests shows: how to send one.

import { button, el } from "./dom.js";
import { command } from "./commands.js";
import { copyButton } from "./copying.js";
import { attempt } from "./speech.js";

/** @param {{method: string, path: string, headers: Record<string, string>, body: string}} request */
export function firstSteps(request) {
  const curl = command(request);
  const send = () =>
    fetch(new URL(request.path, location.origin), {
      method: request.method,
      headers: request.headers,
      body: request.body,
    });
  return [
    el("p", {}, "No requests yet. Each one will show here as it comes, with the reason where it is refused."),
    el("pre", { class: "body", tabindex: 0, "aria-label": "A first request" }, el("code", {}, curl)),
    el(
      "div",
      { class: "actions" },
      copyButton("Copy as curl", () => curl, "the command"),
      button("Send it from here", () => attempt(send, "The request is sent"), { class: "primary" }),
    ),
  ];
}
