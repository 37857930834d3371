// Completes commands, so that they work when pasted.

const KEY = "$RESPAN_API_KEY";
const ADDRESS = /http:\/\/[^/'"\s]+/; // the first one is that of the mock, as it knows itself; the browser may know it by another

/**
 * The command that sends a request again, to the address of this page. Where it had credentials that are not shown, those of
 * a key with the same rights stand before it.
 * @param {import("./journal.js").Entry} entry
 * @param {import("./models.js").Organization[]} organizations
 */
export function replay(entry, organizations) {
  const curl = entry.curl.replace(ADDRESS, () => location.origin);
  if (!curl.includes(KEY)) return curl;
  const keys = organizations.find(({ name }) => name === entry.organization)?.keys ?? [];
  const like = keys.find(({ may_write }) => may_write === entry.may_write);
  return like ? `${KEY.slice(1)}=${quoted(like.key)}\n${curl}` : curl;
}

/**
 * The command that sends a first request.
 * @param {{method: string, path: string, headers: Record<string, string>, body: string}} request
 */
export function command({ method, path, headers, body }) {
  const said = Object.entries(headers).map(([header, value]) => `-H ${quoted(`${header}: ${value}`)}`);
  return ["curl", "-X", method, quoted(new URL(path, location.origin).href), ...said, "-d", quoted(body)].join(" ");
}

/** A word of a shell. @param {string} text */
function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}
