// Faults of credentials and of what HTTP says about a response.

import { setTimeout as sleep } from 'node:timers/promises';

const CHECKED = 'stated: the server rejects a request with unknown credentials';

export const RESPONDING = [
  {
    name: 'provider-secret-returned',
    wrong: 'The provider in a response has the API key by which it is called.',
    level: 'MUST',
    fact: 'published: the server never returns the secrets of a provider',
    parts: {
      View: (Base) => class extends Base {
        provider(row) {
          return { ...super.provider(row), api_key: 'sk-proj-4f9c1b7e2a6d8035' };
        }
      },
    },
  },
  {
    name: 'content-length-in-characters',
    wrong: 'Content-Length counts characters, so that bodies with text beyond ASCII are cut.',
    level: 'MUST',
    fact: 'standard: the response is complete, and Content-Length is its length in bytes',
    parts: {
      Api: (Base) => class extends Base {
        send(req, res, status, body) {
          const text = JSON.stringify(body);
          res.status(status).type('json').setHeader('content-length', text.length);
          res.end(Buffer.from(text).subarray(0, text.length));
        }
      },
    },
  },
  {
    name: 'charset-latin-1',
    wrong: 'Content-Type names the charset ISO-8859-1, and the body is in UTF-8.',
    level: 'MUST',
    fact: 'standard: Content-Type describes the body that is sent',
    parts: {
      Api: (Base) => class extends Base {
        send(req, res, status, body) {
          res.status(status).setHeader('content-type', 'application/json; charset=iso-8859-1');
          res.end(JSON.stringify(body));
        }
      },
    },
  },
  {
    name: 'content-encoding-utf-8',
    wrong: 'Content-Encoding is utf-8, which is a charset and no coding.',
    level: 'MUST',
    fact: 'standard: Content-Encoding describes the body that is sent',
    parts: {
      Api: (Base) => class extends Base {
        send(req, res, status, body) {
          res.setHeader('content-encoding', 'utf-8');
          super.send(req, res, status, body);
        }
      },
    },
  },
  {
    name: 'etag-of-the-length',
    wrong: 'The ETag is made of the length of the body alone, so that a change of 1 to 0 does not change it.',
    level: 'MUST',
    fact: 'standard: a strong ETag changes whenever the content changes',
    parts: {
      Api: (Base) => class extends Base {
        application() {
          return super.application().set('etag', (body) => `W/"${body.length.toString(16)}"`);
        }
      },
    },
  },
  {
    name: 'location-without-slash',
    wrong: 'Location lacks the slash at its end, without which the path returns 404.',
    level: 'MUST',
    fact: 'standard: Location refers to the created resource',
    parts: {
      Api: (Base) => class extends Base {
        location(name) {
          return super.location(name)?.slice(0, -1);
        }
      },
    },
  },
  {
    name: 'key-in-any-case',
    wrong: 'API keys are compared in lower case.',
    level: 'MUST',
    fact: CHECKED,
    parts: {
      Api: (Base) => class extends Base {
        token(header, req) {
          return super.token(header, req)?.toLowerCase();
        }
      },
    },
  },
  {
    name: 'key-of-object-prototype',
    wrong: 'API keys are looked up in a plain object, so that the key constructor or toString is known.',
    level: 'MUST',
    fact: CHECKED,
    parts: {
      Store: (Base) => class extends Base {
        caller(key) {
          const known = { [key]: super.caller(key) };
          if (known[key] === undefined) delete known[key];
          return known[key] && { organization: 'none', may_write: 1, ...known[key] };
        }
      },
    },
  },
  {
    name: 'last-caller-kept',
    wrong: 'A request with an unknown key or another scheme counts as one of the last caller on the same connection.',
    level: 'MUST',
    fact: CHECKED,
    parts: {
      Api: (Base) => class extends Base {
        token(header, req) {
          const token = super.token(header, req);
          if (token && this.store.caller(token)) req.socket.token = token;
          return req.socket.token ?? token;
        }
      },
    },
  },
  {
    name: 'reader-may-delete',
    wrong: 'A read-only key may delete models.',
    level: 'MUST',
    fact: 'stated: the server rejects a write with read-only credentials',
    parts: {
      Api: (Base) => class extends Base {
        requireWriter(req, res, next) {
          if (req.method === 'DELETE') next();
          else super.requireWriter(req, res, next);
        }
      },
    },
  },
  {
    name: 'display-name-percent-decoded',
    wrong: 'Display names are percent-decoded, so that 100% returns 500 and %41 becomes A.',
    level: 'MUST',
    fact: 'standard: no request makes the server fail; stated: a response returns each value just sent',
    parts: {
      Reader: (Base) => class extends Base {
        displayName(value) {
          try {
            return super.displayName(decodeURIComponent(value));
          } catch (error) {
            throw error instanceof URIError ? new Error('cannot decode', { cause: error }) : error;
          }
        }
      },
    },
  },
  {
    name: 'chunked-body-ignored',
    wrong: 'A body without Content-Length, such as a chunked one, counts as empty and returns 400.',
    level: 'MUST',
    fact: 'standard: a chunked body is a body, and 411 is allowed',
    parts: {
      Api: (Base) => class extends Base {
        upsert(req, res) {
          if (req.get('content-length') === undefined) req.body = {};
          return super.upsert(req, res);
        }
      },
    },
  },
  {
    name: 'no-content-with-length',
    wrong: 'The 204 carries Content-Length: 0.',
    level: 'MUST',
    fact: 'standard: a 204 has no Content-Length',
    parts: {
      Api: (Base) => class extends Base {
        remove(req, res) {
          this.models.remove(req.caller, req.params.name);
          res.writeHead(204, { 'content-length': 0 }).end();
        }
      },
    },
  },
  {
    name: 'response-of-another-request',
    wrong: 'The model to return is in a field of the server: concurrent requests get each other\'s response.',
    level: 'MUST',
    fact: 'stated: a response returns each value just sent',
    parts: {
      Api: (Base) => class extends Base {
        async respond(req, res, row, created) {
          this.row = row;
          await sleep(2);
          super.respond(req, res, this.row, created);
        }
      },
    },
  },
];
