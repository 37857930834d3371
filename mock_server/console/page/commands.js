// Shell commands that work when pasted.

const KEY = "$RESPAN_API_KEY";
const ADDRESS = /http:\/\/[^/'"\s]+/; // the mock's own address; the browser may use another

/**
 * The command that sends a request again, to the address of this page. If its credentials are hidden, the command first sets
 * a key with the same rights.
 * @param {import("./journal.js").Entry} entry
 * @param {import("./models.js").Organization[]} organizations
 */
export function replay(entry, organizations) {
  const curl = entry.curl.replace(ADDRESS, () => location.origin);
  if (!curl.includes(KEY)) return curl;
  const keys = organizations.find(({ name }) => name === entry.organization)?.keys ?? [];
  const similar = keys.find(({ may_write }) => may_write === entry.may_write);
  return similar ? `${KEY.slice(1)}=${quoted(similar.key)}\n${curl}` : curl;
}

/**
 * The command that sends a request.
 * @param {{method: string, path: string, headers: Record<string, string>, body: string}} request
 */
export function command({ method, path, headers, body }) {
  const options = Object.entries(headers).map(([header, value]) => `-H ${quoted(`${header}: ${value}`)}`);
  return ["curl", "-X", method, quoted(new URL(path, location.origin).href), ...options, "-d", quoted(body)].join(" ");
}

/** Quote a text for a shell. @param {string} text */
function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}
