// Ready-made faults. The document of the admin API describes the members of a rule.

/** @typedef {Record<string, unknown>} Rule */

/** @type {{title: string, rules: [label: string, hint: string, rule: Rule][]}[]} */
export const PRESETS = [
  {
    title: "Next request",
    rules: [
      ["500", "An internal server error", { status: 500, count: 1 }],
      ["503", "Unavailable, with Retry-After: 1", { status: 503, count: 1, headers: { "Retry-After": "1" } }],
      ["429", "Too many requests, with Retry-After: 1", { status: 429, count: 1, headers: { "Retry-After": "1" } }],
      ["Reset connection", "No response: the connection is reset", { reset: true, count: 1 }],
      ["Malformed body", "A body that is invalid JSON", { malform: true, count: 1 }],
      ["Cut-off body", "The connection closes after 20 bytes of the body", { truncate: 20, count: 1 }],
      [
        "Lost response",
        "The request takes effect, and then the connection is reset",
        { reset: true, when: "after", count: 1 },
      ],
    ],
  },
  {
    title: "Until removed",
    rules: [
      ["Slow 1 s", "Each response is delayed by a second", { latency: { min: 1000 } }],
      ["Slow 0.1–3 s", "Each response is delayed by a random time in this range", { latency: { min: 100, max: 3000 } }],
      ["10 % 500", "One request in ten fails", { status: 500, probability: 0.1 }],
      ["All 503", "Every request fails", { status: 503 }],
    ],
  },
];
