// How to send a first request, shown while there are none.

import { button, el } from "./dom.js";
import { command } from "./commands.js";
import { copyButton } from "./copy-button.js";
import { attempt } from "./announcements.js";

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
    el("p", {}, "No requests yet. Each request appears here as it arrives, with the reason if it is rejected."),
    el("pre", { class: "body", tabindex: 0, "aria-label": "A first request" }, el("code", {}, curl)),
    el(
      "div",
      { class: "actions" },
      copyButton("Copy as curl", () => curl, "the command"),
      button("Send this request", () => attempt(send, "Request sent"), { class: "primary" }),
    ),
  ];
}
