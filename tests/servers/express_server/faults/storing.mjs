// Faults of the database and of the order of its statements.

import { setTimeout as sleep } from 'node:timers/promises';

import { COSTS, FLAGS } from '../fields.mjs';

const RETURNED = 'stated: a response returns each value just sent';
const UNIQUE = 'stated: one name identifies one model, and different names identify different models';
const UPSERT = 'stated: the server updates a model that exists in the organization, and returns 200';
const MILLISECONDS = 5; // What a database on another machine takes.

export const STORING = [
  {
    name: 'name-numeric-affinity',
    wrong: 'The name column has NUMERIC affinity, so that 1e3, 1000 and 1000.0 are one model named 1000.',
    level: 'MUST',
    fact: UNIQUE,
    parts: {
      Store: (Base) => class extends Base {
        schema() {
          return super.schema().replace('model_name TEXT NOT NULL', 'model_name NUMERIC NOT NULL');
        }

        tableOptions() {
          return '';
        }

        parsed(row) {
          return super.parsed({ ...row, ...('model_name' in row && { model_name: String(row.model_name) }) });
        }
      },
    },
  },
  {
    name: 'name-nocase',
    wrong: 'The name column has COLLATE NOCASE, so that names which differ in the case of ASCII letters are one model.',
    level: 'SHOULD',
    fact: 'assumed: the server compares names code point by code point, without case folding',
    parts: {
      Store: (Base) => class extends Base {
        schema() {
          return super.schema().replace('model_name TEXT NOT NULL', 'model_name TEXT NOT NULL COLLATE NOCASE');
        }
      },
    },
  },
  {
    name: 'name-like',
    wrong: 'The model to update is found with LIKE, so that an underscore in a name matches any character.',
    level: 'MUST',
    fact: UNIQUE,
    parts: {
      Store: (Base) => class extends Base {
        upsert(organization, values, now) {
          this.database.exec('PRAGMA case_sensitive_like = ON');
          const sql = 'SELECT model_name FROM models WHERE organization = $organization AND model_name LIKE $name ORDER BY created_at';
          const found = this.first(sql, { organization, name: values.model_name });
          return super.upsert(organization, { ...values, ...found }, now);
        }
      },
    },
  },
  {
    name: 'names-share-a-slug',
    wrong: 'Models are found by a slug in which slashes are hyphens, so that a/b and a-b are one model.',
    level: 'MUST',
    fact: UNIQUE,
    parts: {
      Store: (Base) => class extends Base {
        upsert(organization, values, now) {
          const sql = `SELECT model_name FROM models
            WHERE organization = $organization AND replace(model_name, '/', '-') = replace($name, '/', '-')`;
          return super.upsert(organization, { ...values, ...this.first(sql, { organization, name: values.model_name }) }, now);
        }
      },
    },
  },
  {
    name: 'conflict-forgets-a-cost',
    wrong: 'ON CONFLICT DO UPDATE leaves out cache_creation_input_cost, which keeps its first value.',
    level: 'MUST',
    fact: RETURNED,
    parts: {
      Store: (Base) => class extends Base {
        updated(column) {
          return column === 'cache_creation_input_cost' ? column : super.updated(column);
        }
      },
    },
  },
  {
    name: 'conflict-fills-but-never-replaces-provider',
    wrong: 'An update sets a provider where there was none, and never replaces one.',
    level: 'MUST',
    fact: RETURNED,
    parts: {
      Store: (Base) => class extends Base {
        updated(column) {
          return column === 'provider_id' ? 'coalesce(provider_id, excluded.provider_id)' : super.updated(column);
        }
      },
    },
  },
  {
    name: 'response-before-the-write',
    wrong: 'An update returns the row as it was read before the write.',
    level: 'MUST',
    fact: RETURNED,
    parts: {
      Store: (Base) => class extends Base {
        upsert(organization, values, now) {
          const before = this.model(organization, values.model_name);
          const after = super.upsert(organization, values, now);
          return before ? { ...before, revision: after.revision } : after;
        }
      },
    },
  },
  {
    name: 'flags-do-not-move-the-time',
    wrong: 'updated_at does not move when only flags change.',
    level: 'SHOULD',
    fact: 'assumed: updated_at changes when a value changes',
    parts: {
      Store: (Base) => class extends Base {
        changes(column) {
          return FLAGS.includes(column) ? 'FALSE' : super.changes(column);
        }
      },
    },
  },
  {
    name: 'update-time-in-whole-seconds',
    wrong: 'updated_at is rounded down to the second and created_at is not, so that an update can precede the creation.',
    level: 'SHOULD',
    fact: 'assumed: updated_at is never before created_at',
    parts: {
      Store: (Base) => class extends Base {
        updateTime() {
          return 'excluded.created_at / 1000 * 1000';
        }
      },
    },
  },
  {
    name: 'small-changes-of-cost-ignored',
    wrong: 'An update that moves input_cost by less than 0.01 counts as no change and keeps the earlier cost.',
    level: 'MUST',
    fact: RETURNED,
    parts: {
      Store: (Base) => class extends Base {
        updated(column) {
          const kept = super.updated(column);
          return column === 'input_cost' ? `CASE WHEN abs(${kept} - input_cost) < 0.01 THEN input_cost ELSE ${kept} END` : kept;
        }
      },
    },
  },
  {
    name: 'parameters-kept',
    wrong: 'A prepared statement keeps its last parameter: a cache_hit_input_cost that is left out is the one sent last, by anyone.',
    level: 'MUST',
    fact: 'stated: an organization cannot see the models of another, and a model returns its base model\'s values',
    parts: {
      Store: (Base) => class extends Base {
        parameters(values) {
          this.last = values.cache_hit_input_cost ?? this.last;
          return super.parameters({ ...values, cache_hit_input_cost: this.last });
        }
      },
    },
  },
  {
    name: 'cache-by-name',
    wrong: 'Reads are cached by the name alone, so that an organization reads the model that another one read just before.',
    level: 'MUST',
    fact: 'stated: an organization cannot see the models of another',
    parts: {
      Store: (Base) => class extends Base {
        cache = new Map();

        model(organization, name) {
          const row = this.cache.get(name) ?? super.model(organization, name);
          if (row) this.cache.set(name, row);
          return row;
        }

        upsert(organization, values, now) {
          this.cache.delete(values.model_name);
          return super.upsert(organization, values, now);
        }

        remove(organization, name) {
          this.cache.delete(name);
          return super.remove(organization, name);
        }
      },
    },
  },
  {
    name: 'reads-are-late',
    wrong: 'A read is cached for 1 s, whatever was written meanwhile.',
    level: 'SHOULD',
    fact: 'assumed: the next request of the same client sees what a 2xx response has confirmed',
    parts: {
      Models: (Base) => class extends Base {
        cache = new Map();

        find(organization, name) {
          const key = JSON.stringify([organization, name]);
          const cached = this.cache.get(key);
          if (cached && Date.now() - cached.at < 1000) return cached.row;
          const row = super.find(organization, name);
          if (row) this.cache.set(key, { row, at: Date.now() });
          return row;
        }
      },
    },
  },
  {
    name: 'eleventh-create-lost',
    wrong: 'Every eleventh create returns 201 and rolled back.',
    level: 'MUST',
    fact: UPSERT,
    parts: {
      Store: (Base) => class extends Base {
        creates = 0;

        upsert(organization, values, now) {
          const row = super.upsert(organization, values, now);
          if (row.revision === 1 && ++this.creates % 11 === 0) super.remove(organization, row.model_name);
          return row;
        }
      },
    },
  },
  {
    name: 'only-thirty-models',
    wrong: 'An organization has at most 30 models: a create beyond removes the oldest.',
    level: 'MUST',
    fact: UPSERT,
    parts: {
      Store: (Base) => class extends Base {
        upsert(organization, values, now) {
          const row = super.upsert(organization, values, now);
          const kept = 'SELECT rowid FROM models WHERE organization = $organization ORDER BY rowid DESC LIMIT 30';
          this.all(`DELETE FROM models WHERE organization = $organization AND rowid NOT IN (${kept})`, { organization });
          return row;
        }
      },
    },
  },
  {
    name: 'deleted-values-come-back',
    wrong: 'A create on the name of a deleted model brings back the values that the deleted one had.',
    level: 'MUST',
    fact: 'published: a deleted model no longer exists',
    parts: {
      Store: (Base) => class extends Base {
        deleted = new Map();

        remove(organization, name) {
          this.deleted.set(JSON.stringify([organization, name]), this.model(organization, name));
          return super.remove(organization, name);
        }

        upsert(organization, values, now) {
          const key = JSON.stringify([organization, values.model_name]);
          const old = this.deleted.get(key);
          this.deleted.delete(key);
          return super.upsert(organization, { ...old, ...values, inherited: values.inherited ?? old?.inherited }, now);
        }
      },
    },
  },
  {
    name: 'replay-is-a-duplicate',
    wrong: 'A body that was sent before is taken for a duplicate: of A, B, A the last is not written.',
    level: 'MUST',
    fact: RETURNED,
    parts: {
      Models: (Base) => class extends Base {
        seen = new Set();

        upsert(caller, values, now) {
          const key = JSON.stringify([caller.organization, values]);
          const row = this.store.model(caller.organization, values.model_name);
          if (row && this.seen.has(key)) return { row, created: false };
          this.seen.add(key);
          return super.upsert(caller, values, now);
        }
      },
    },
  },
  {
    name: 'racing-creates',
    wrong: 'Whether a model is new is read some time before the write, so several concurrent creates return 201.',
    level: 'MUST',
    fact: 'stated: when clients create the same name concurrently, exactly one gets 201',
    parts: {
      Models: (Base) => class extends Base {
        async upsert(caller, values) {
          const created = this.store.model(caller.organization, values.model_name) === undefined;
          await sleep(MILLISECONDS);
          return { ...super.upsert(caller, values), created };
        }
      },
    },
  },
  {
    name: 'racing-fields-lost',
    wrong: 'An update reads the row and later writes all of it back, so that racing updates of different fields are lost.',
    level: 'SHOULD',
    fact: 'assumed: when clients update different fields concurrently, no update is lost',
    parts: {
      Models: (Base) => class extends Base {
        async upsert(caller, values) {
          const before = this.store.model(caller.organization, values.model_name);
          await sleep(MILLISECONDS);
          if (!before) return super.upsert(caller, values);
          const inherited = this.inheritedFrom(caller.organization, values.base_model_name) ?? before.inherited;
          const row = this.store.upsert(caller.organization, { ...before, ...values, inherited }, Date.now());
          return { row, created: false };
        }
      },
    },
  },
  {
    name: 'racing-updates-mixed',
    wrong: 'Costs are written in a transaction of their own, so that racing updates leave the costs of one and the rest of the other.',
    level: 'MUST',
    fact: 'stated: when clients update a model concurrently, no update is applied in part',
    parts: {
      Models: (Base) => class extends Base {
        async upsert(caller, values) {
          const costs = Object.fromEntries(Object.entries(values).filter(([field]) => COSTS.includes(field)));
          const { created } = super.upsert(caller, { ...values, ...Object.fromEntries(COSTS.map((cost) => [cost, undefined])) });
          await sleep(MILLISECONDS * Math.random());
          const { row } = super.upsert(caller, { model_name: values.model_name, ...costs });
          return { row, created };
        }
      },
    },
  },
  {
    name: 'delete-by-prefix',
    wrong: 'A delete removes every model whose name starts with the one in the path.',
    level: 'MUST',
    fact: UNIQUE,
    parts: {
      Store: (Base) => class extends Base {
        remove(organization, name) {
          const found = super.remove(organization, name);
          const sql = 'DELETE FROM models WHERE organization = $organization AND substr(model_name, 1, length($name)) = $name';
          if (found) this.all(sql, { organization, name });
          return found;
        }
      },
    },
  },
  {
    name: 'delete-in-all-organizations',
    wrong: 'A delete forgets the organization in its WHERE clause, once the caller\'s model was found.',
    level: 'MUST',
    fact: 'stated: an organization cannot change the models of another',
    parts: {
      Store: (Base) => class extends Base {
        remove(organization, name) {
          const found = super.remove(organization, name);
          if (found) this.all('DELETE FROM models WHERE model_name = $name', { name });
          return found;
        }
      },
    },
  },
];
