// Reads request bodies: makes columns of fields, or reports what is wrong with them.

import { COSTS, FLAGS, SERVER_OWNED } from './fields.mjs';
import { Problem } from './problem.mjs';

const DEEPEST = 24;
const LONGEST = { model_name: 200, base_model_name: 200, custom_provider_id: 100, provider_id: 100, display_name: 500 };
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

// What is wrong with one value; thrown by the readers of single fields.
export class Invalid extends Error {}

export class Reader {
  fields = {
    model_name: (value) => this.name(value),
    base_model_name: (value) => this.name(value),
    display_name: (value) => this.displayName(value),
    custom_provider_id: (value) => this.name(value, LONGEST.custom_provider_id),
    provider_id: (value) => this.name(value, LONGEST.provider_id),
    ...Object.fromEntries(COSTS.map((cost) => [cost, (value) => this.cost(value, cost)])),
    max_context_window: (value) => this.integer(value),
    ...Object.fromEntries(FLAGS.map((flag) => [flag, (value) => this.flag(value, flag)])),
    supported_params_override: (value) => this.override(value),
  };

  // The body as an object, or a Problem.
  object(body) {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw Problem.invalid([{ field: null, message: 'Send a JSON object.' }]);
    }
    return body;
  }

  // The name that a body writes to, or a Problem.
  key(body) {
    if (!Object.hasOwn(body, 'model_name')) {
      throw Problem.invalid([{ field: 'model_name', message: 'This field is required.' }]);
    }
    try {
      return this.fields.model_name(body.model_name);
    } catch (error) {
      throw error instanceof Invalid ? Problem.invalid([{ field: 'model_name', message: error.message }]) : error;
    }
  }

  // The columns of a body, and what is wrong with it.
  values(body) {
    const values = {};
    const errors = [];
    for (const [field, value] of Object.entries(body)) {
      try {
        if (Object.hasOwn(this.fields, field)) {
          values[field] = this.fields[field](value);
        } else if (!SERVER_OWNED.has(field)) {
          throw new Invalid('There is no such field.');
        }
      } catch (error) {
        if (!(error instanceof Invalid)) throw error;
        errors.push({ field, message: error.message });
      }
    }
    return { values: this.provider(values, errors), errors };
  }

  // Makes one column of the two spellings of the provider.
  provider({ custom_provider_id: custom, provider_id: other, ...values }, errors) {
    if (custom !== undefined && other !== undefined && custom !== other) {
      errors.push({ field: 'provider_id', message: 'This differs from custom_provider_id.' });
    }
    const provider = custom ?? other;
    return provider === undefined ? values : { ...values, provider_id: provider };
  }

  text(value, longest) {
    if (typeof value !== 'string') throw new Invalid('Send a string.');
    if (!value.isWellFormed()) throw new Invalid('Send Unicode text without lone surrogates.');
    if ([...value].length > longest) throw new Invalid(`Send at most ${longest} characters.`);
    return value;
  }

  name(value, longest = LONGEST.model_name) {
    const text = this.text(value, longest);
    if (text === '') throw new Invalid('This may not be empty.');
    if (CONTROL_CHARACTER.test(text)) throw new Invalid('Send no control characters.');
    return text;
  }

  displayName(value) {
    const text = this.text(value, LONGEST.display_name);
    if (text.includes('\0')) throw new Invalid('Send no NUL characters.');
    return text;
  }

  cost(value) {
    if (typeof value !== 'number' || !Number.isFinite(value)) throw new Invalid('Send a number.');
    if (value < 0) throw new Invalid('Send a cost of 0 or more.');
    return value;
  }

  integer(value) {
    if (!Number.isSafeInteger(value) || value < 0) throw new Invalid('Send an integer from 0 to 2^53 - 1.');
    return value;
  }

  flag(value) {
    if (value !== 0 && value !== 1) throw new Invalid('Send 0 or 1.');
    return value;
  }

  override(value) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Invalid('Send an object.');
    this.storable(value, 0);
    return value;
  }

  // Rejects what JSON text in the database would not give back.
  storable(value, depth) {
    if (depth > DEEPEST) throw new Invalid(`Nest at most ${DEEPEST} levels.`);
    if (typeof value === 'string') this.text(value, Infinity);
    if (typeof value === 'number' && !Number.isFinite(value)) throw new Invalid('Send numbers within the range of a double.');
    if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) {
        this.storable(key, depth);
        this.storable(member, depth + 1);
      }
    }
  }
}
