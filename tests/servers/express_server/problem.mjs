// An error response. Its body has `detail` for everything but 400, which lists what is wrong field by field.

export class Problem extends Error {
  constructor(status, body, headers = {}) {
    super(JSON.stringify(body));
    Object.assign(this, { status, body, headers });
  }

  static of(status, code, detail, headers) {
    return new Problem(status, { code, detail }, headers);
  }

  static invalid(errors) {
    return new Problem(400, { code: 'invalid_request', errors });
  }
}
