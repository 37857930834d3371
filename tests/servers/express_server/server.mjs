// Serves the endpoint on 127.0.0.1, from a database that lives in memory. Prints its base URL once it listens.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

import { Api } from './api.mjs';
import { FAULTS } from './faults.mjs';
import { Models } from './models.mjs';
import { Reader } from './reader.mjs';
import { Store } from './store.mjs';
import { View } from './view.mjs';

const LARGEST_HEAD = 12 * 1024;
const IDLE_MILLISECONDS = 75_000;
const PARTS = { Api, Models, Reader, Store, View };

// The classes of the server, of which a fault replaces some by faulty subclasses.
function partsWith(name) {
  if (name === undefined) return PARTS;
  const fault = FAULTS.find((candidate) => candidate.name === name);
  if (fault === undefined) throw new Error(`unknown fault ${name}; --list-faults lists them`);
  const faulty = Object.entries(fault.parts).map(([part, subclass]) => [part, subclass(PARTS[part])]);
  return { ...PARTS, ...Object.fromEntries(faulty) };
}

function assemble(parts) {
  const fixtures = JSON.parse(readFileSync(new URL('../fixtures.json', import.meta.url)));
  const store = new parts.Store(fixtures);
  const models = new parts.Models(store, fixtures.built_in_models);
  return new parts.Api({ store, models, reader: new parts.Reader(), view: new parts.View(models) });
}

// Responds to what is not HTTP, for which Express sees no request.
function reject(error, socket) {
  if (!socket.writable) return;
  const status = { HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large', HPE_INVALID_METHOD: '501 Not Implemented' };
  const body = JSON.stringify({ code: 'bad_request', detail: 'The request is not valid HTTP.' });
  socket.end(
    `HTTP/1.1 ${status[error.code] ?? '400 Bad Request'}\r\nConnection: close\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function listen(application, port) {
  const options = { maxHeaderSize: LARGEST_HEAD, requireHostHeader: false, keepAliveTimeout: IDLE_MILLISECONDS };
  const server = createServer(options, application);
  server.on('checkExpectation', application); // an unknown expectation is ignored
  server.on('clientError', reject);
  server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
}

const { values: chosen } = parseArgs({
  options: { port: { type: 'string', default: '0' }, fault: { type: 'string' }, 'list-faults': { type: 'boolean' } },
});
if (chosen['list-faults']) {
  console.log(JSON.stringify(FAULTS.map(({ parts, ...described }) => described), null, 2));
} else {
  listen(assemble(partsWith(chosen.fault)).application(), Number(chosen.port));
}
