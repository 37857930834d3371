// Faults of reading request bodies.

import { COSTS } from '../fields.mjs';
import { Invalid } from '../reader.mjs';

const RETURNED = 'stated: a response returns each value just sent';
const TYPED = 'stated: the server returns 400 for a value that cannot be converted to the declared type';
const COERCED = 'assumed: the server returns 400 for a value that a lenient reader would convert, and for null';

// A copy of JSON data in which `change` replaced each string, number, boolean and null.
function mapped(value, change) {
  if (Array.isArray(value)) return value.map((member) => mapped(member, change));
  if (typeof value !== 'object' || value === null) return change(value);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, mapped(member, change)]));
}

export const READING = [
  {
    name: 'zero-cost-is-omitted',
    wrong: 'A cost of 0 counts as left out, because `||` stands where `??` belongs.',
    level: 'MUST',
    fact: `${RETURNED} (own values: 0 included)`,
    parts: {
      Reader: (Base) => class extends Base {
        values(body) {
          const { values, errors } = super.values(body);
          for (const cost of COSTS) values[cost] = values[cost] || undefined;
          return { values, errors };
        }
      },
    },
  },
  {
    name: 'window-parse-int',
    wrong: 'The window is read with parseInt, so that "12 tokens", [12] and 12.9 become 12.',
    level: 'MUST',
    fact: TYPED,
    parts: {
      Reader: (Base) => class extends Base {
        integer(value) {
          return super.integer(Number.parseInt(value, 10));
        }
      },
    },
  },
  {
    name: 'cost-number-cast',
    wrong: 'Costs are read with Number(), so that "", [], [3], true and "3" become numbers.',
    level: 'MUST',
    fact: TYPED,
    parts: {
      Reader: (Base) => class extends Base {
        cost(value) {
          return super.cost(Number(value));
        }
      },
    },
  },
  {
    name: 'flag-loose-equality',
    wrong: 'Flags are compared with ==, so that "1" and true count as 1, "" and false as 0.',
    level: 'SHOULD',
    fact: COERCED,
    parts: {
      Reader: (Base) => class extends Base {
        flag(value) {
          const plain = typeof value !== 'object';
          return super.flag(plain && value == 1 ? 1 : plain && value == 0 ? 0 : value);
        }
      },
    },
  },
  {
    name: 'null-is-omitted',
    wrong: 'A field that is null counts as omitted.',
    level: 'SHOULD',
    fact: COERCED,
    parts: {
      Reader: (Base) => class extends Base {
        values(body) {
          return super.values(Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)));
        }
      },
    },
  },
  {
    name: 'name-normalized',
    wrong: 'Names are put into Unicode normalization form C.',
    level: 'SHOULD',
    fact: 'assumed: the server compares names code point by code point, without Unicode normalization',
    parts: {
      Reader: (Base) => class extends Base {
        name(value, longest) {
          return super.name(value, longest).normalize('NFC');
        }
      },
    },
  },
  {
    name: 'last-member-decides',
    wrong: 'Only what is wrong with the last member of a body is reported; other invalid members count as left out.',
    level: 'MUST',
    fact: TYPED,
    parts: {
      Reader: (Base) => class extends Base {
        values(body) {
          const { values, errors } = super.values(body);
          const last = Object.keys(body).at(-1);
          return { values, errors: errors.filter(({ field }) => field === last) };
        }
      },
    },
  },
  {
    name: 'members-before-the-name-are-lost',
    wrong: 'Members that stand before model_name in a body are not stored.',
    level: 'MUST',
    fact: RETURNED,
    parts: {
      Reader: (Base) => class extends Base {
        values(body) {
          const { values, errors } = super.values(body);
          const fields = Object.keys(body);
          for (const field of fields.slice(0, fields.indexOf('model_name'))) delete values[field];
          return { values, errors };
        }
      },
    },
  },
  {
    name: 'provider-ignored-unless-custom',
    wrong: 'The spelling provider_id is checked, and then not stored when the body names a base model too.',
    level: 'MUST',
    fact: 'stated: provider_id is another spelling of custom_provider_id',
    parts: {
      Reader: (Base) => class extends Base {
        provider({ provider_id: other, ...values }, errors) {
          const both = super.provider({ provider_id: other, ...values }, errors);
          return values.base_model_name === undefined || values.custom_provider_id ? both : { ...both, provider_id: undefined };
        }
      },
    },
  },
  {
    name: 'display-name-cut-in-code-units',
    wrong: 'Display names are cut after 100 UTF-16 code units, so that 60 emoji become 50.',
    level: 'MUST',
    fact: `${RETURNED} (display names of 1 to 100 printable characters of any script)`,
    parts: {
      Reader: (Base) => class extends Base {
        displayName(value) {
          return super.displayName(value).slice(0, 100);
        }
      },
    },
  },
  {
    name: 'name-cut-at-63',
    wrong: 'Names are cut after 63 characters, as a VARCHAR(63) column does.',
    level: 'MUST',
    fact: `${RETURNED} (names of 1 to 64 letters)`,
    parts: {
      Reader: (Base) => class extends Base {
        name(value, longest) {
          return super.name(value, longest).slice(0, 63);
        }
      },
    },
  },
  {
    name: 'display-name-spaces-collapsed',
    wrong: 'Two or more spaces within a display name become one.',
    level: 'MUST',
    fact: `${RETURNED}, strings with the same code points`,
    parts: {
      Reader: (Base) => class extends Base {
        displayName(value) {
          return super.displayName(value).replace(/(\S) {2,}(?=\S)/g, '$1 ');
        }
      },
    },
  },
  {
    name: 'override-numeric-strings',
    wrong: 'Strings of digits within the override become numbers.',
    level: 'MUST',
    fact: 'stated: the override applies to the supported parameters, and a response returns each value just sent',
    parts: {
      Reader: (Base) => class extends Base {
        override(value) {
          return mapped(super.override(value), (leaf) => (/^\d{1,15}$/.test(leaf) ? Number(leaf) : leaf));
        }
      },
    },
  },
  {
    name: 'override-falsy-members-dropped',
    wrong: 'A JSON.stringify replacer drops members of override entries that are 0, false or "".',
    level: 'MUST',
    fact: 'stated: the override applies to the supported parameters, and a response returns each value just sent',
    parts: {
      Reader: (Base) => class extends Base {
        override(value) {
          const replacer = (key, member) => (member === 0 || member === false || member === '' ? undefined : member);
          return JSON.parse(JSON.stringify(super.override(value), replacer));
        }
      },
    },
  },
  {
    name: 'override-dates-rewritten',
    wrong: 'A reviver makes dates of strings within the override that look like ISO 8601, so that "2026-01-15" gets a time.',
    level: 'MUST',
    fact: 'stated: the override applies to the supported parameters, and a response returns each value just sent',
    parts: {
      Reader: (Base) => class extends Base {
        override(value) {
          const date = (leaf) => typeof leaf === 'string' && /^\d{4}-\d\d-\d\d/.test(leaf) && !Number.isNaN(Date.parse(leaf));
          return mapped(super.override(value), (leaf) => (date(leaf) ? new Date(leaf).toISOString() : leaf));
        }
      },
    },
  },
  {
    name: 'cost-truncated-to-micros',
    wrong: 'Costs are stored as whole millionths by truncation, so that 8.2 becomes 8.199999.',
    level: 'MUST',
    fact: 'stated: a response returns numbers as the same doubles (costs with at most 6 decimals)',
    parts: {
      Reader: (Base) => class extends Base {
        cost(value) {
          return Math.trunc(super.cost(value) * 1e6) / 1e6;
        }
      },
    },
  },
  {
    name: 'window-medium-int',
    wrong: 'Windows above 8,388,607 become 8,388,607, as in a MEDIUMINT column.',
    level: 'MUST',
    fact: `${RETURNED} (windows from 1 to 10,000,000)`,
    parts: {
      Reader: (Base) => class extends Base {
        integer(value) {
          return Math.min(super.integer(value), 8_388_607);
        }
      },
    },
  },
  {
    name: 'flag-range-unchecked',
    wrong: 'Any number is accepted as a flag: one above 0 is stored as 1, any other as 0.',
    level: 'MUST',
    fact: 'stated: the server returns 400 for 2 in place of a flag',
    parts: {
      Reader: (Base) => class extends Base {
        flag(value) {
          if (typeof value !== 'number') throw new Invalid('Send a number.');
          return Number(value > 0);
        }
      },
    },
  },
];
