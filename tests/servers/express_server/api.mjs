// The HTTP interface.

import { isUtf8 } from 'node:buffer';

import express from 'express';

import { Problem } from './problem.mjs';

const LARGEST_BODY = '128kb';
const MEDIA_TYPES = ['application/json', 'application/*+json', 'text/json'];
const CHALLENGE = 'Bearer realm="models"';

export class Api {
  constructor({ store, reader, models, view }) {
    Object.assign(this, { store, reader, models, view });
  }

  application() {
    const app = express();
    app.disable('x-powered-by');
    app.enable('case sensitive routing');
    app.set('json spaces', 1);
    app.set('json escape', true);
    app.use((req, res, next) => this.checkHost(req, res, next));
    app.use('/api/models', this.router());
    app.use(() => {
      throw Problem.of(404, 'not_found', 'Not found.');
    });
    app.use((error, req, res, next) => this.fail(error, req, res, next));
    return app;
  }

  router() {
    const router = express.Router({ strict: true, caseSensitive: true });
    router.use((req, res, next) => this.authenticate(req, res, next));
    router
      .route('/')
      .get((req, res) => this.list(req, res))
      .post(...this.upsertHandlers())
      .all(this.rejectMethod('GET, HEAD, POST'));
    router
      .route(this.itemPath())
      .get((req, res) => this.show(req, res))
      .delete(this.requireWriter.bind(this), (req, res) => this.remove(req, res))
      .all(this.rejectMethod('GET, HEAD, DELETE'));
    return router;
  }

  upsertHandlers() {
    return [
      (req, res, next) => this.requireWriter(req, res, next),
      (req, res, next) => this.checkMediaType(req, res, next),
      express.json(this.bodyOptions()),
      (req, res) => this.upsert(req, res),
    ];
  }

  // Names contain slashes, so everything up to the last slash of the path is the name.
  itemPath() {
    return /^\/(?<name>.+)\/$/;
  }

  bodyOptions() {
    return { type: MEDIA_TYPES, limit: LARGEST_BODY, strict: true, verify: this.checkEncoding };
  }

  checkHost(req, res, next) {
    const hosts = req.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;
    if (hosts > 1 || (hosts === 0 && req.httpVersion === '1.1')) {
      throw Problem.invalid([{ field: null, message: 'Send one Host header.' }]);
    }
    next();
  }

  authenticate(req, res, next) {
    const headers = req.headersDistinct.authorization ?? [];
    const key = headers.length === 1 ? this.token(headers[0], req) : undefined;
    req.caller = key === undefined ? undefined : this.store.caller(key);
    if (!req.caller) {
      throw Problem.of(401, 'unauthenticated', 'Send an API key as a bearer token.', { 'www-authenticate': CHALLENGE });
    }
    next();
  }

  token(header) {
    return /^bearer +(\S+)$/i.exec(header)?.[1];
  }

  requireWriter(req, res, next) {
    if (!req.caller.may_write) throw Problem.of(403, 'read_only', 'This API key may only read.');
    next();
  }

  checkMediaType(req, res, next) {
    if (req.get('content-type') === undefined) {
      throw Problem.invalid([{ field: null, message: 'Send a JSON object, and its Content-Type.' }]);
    }
    if (req.is(MEDIA_TYPES) === false) throw Problem.of(415, 'unsupported_media_type', 'Send JSON.');
    next();
  }

  checkEncoding(req, res, bytes, charset) {
    if (charset === 'utf-8' && !isUtf8(bytes)) throw Object.assign(new Error('not UTF-8'), { status: 400 });
  }

  list(req, res) {
    const data = this.models.list(req.caller.organization).map((row) => this.view.model(req.caller, row));
    this.send(req, res, 200, { object: 'list', data });
  }

  // A built-in name comes first, then what the body refers to, then everything else.
  async upsert(req, res) {
    const body = this.reader.object(req.body);
    const name = this.reader.key(body);
    if (this.models.builtIn(name)) throw Problem.of(403, 'built_in_model', 'Built-in models cannot be changed.');
    const { values, errors } = this.reader.values(body);
    this.models.checkReferences(req.caller, values);
    if (errors.length > 0) throw Problem.invalid(errors);
    const { row, created } = await this.models.upsert(req.caller, values);
    this.respond(req, res, row, created);
  }

  respond(req, res, row, created) {
    const location = this.location(row.model_name);
    if (created && location) res.setHeader('location', location);
    this.send(req, res, created ? 201 : 200, this.view.model(req.caller, row));
  }

  // Clients resolve segments of dots, encoded or not, so such a name has no URL.
  location(name) {
    const segments = name.split('/');
    if (segments.some((segment) => segment === '.' || segment === '..')) return undefined;
    return `/api/models/${segments.map(encodeURIComponent).join('/')}/`;
  }

  show(req, res) {
    const { organization } = req.caller;
    const row = this.models.find(organization, req.params.name);
    if (!row) throw Problem.of(404, 'not_found', 'Not found.');
    this.send(req, res, 200, this.view.model(req.caller, row));
    this.store.countRead(organization, req.params.name);
  }

  remove(req, res) {
    this.models.remove(req.caller, req.params.name);
    res.status(204).end();
  }

  rejectMethod(allow) {
    return () => {
      throw Problem.of(405, 'method_not_allowed', 'This method is not allowed here.', { allow });
    };
  }

  send(req, res, status, body) {
    res.status(status).json(body);
  }

  fail(error, req, res, next) {
    if (res.headersSent) {
      next(error);
      return;
    }
    const problem = this.problem(error);
    for (const [name, value] of Object.entries(problem.headers)) res.setHeader(name, value);
    res.status(problem.status).json(problem.body);
  }

  problem(error) {
    if (error instanceof Problem) return error;
    if (error instanceof URIError) return Problem.of(404, 'not_found', 'Not found.');
    if (error.status === 413) return Problem.of(413, 'too_large', `Send at most ${LARGEST_BODY}.`);
    if (error.status === 415) return Problem.of(415, 'unsupported_media_type', 'Send JSON in a Unicode encoding.');
    if (error.status >= 400 && error.status < 500) return Problem.invalid([{ field: null, message: 'Send valid JSON.' }]);
    console.error(error);
    return Problem.of(500, 'internal', 'The server failed.');
  }
}
