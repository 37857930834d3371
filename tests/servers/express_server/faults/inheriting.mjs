// Faults of base models, supported parameters and references.

import { Problem } from '../problem.mjs';

const INHERITED = 'stated: a model without a value of its own returns its base model\'s';

export const INHERITING = [
  {
    name: 'inherited-zero-lost',
    wrong: 'A 0 of the base model is not inherited, because the code asks whether the value is truthy.',
    level: 'MUST',
    fact: INHERITED,
    parts: {
      Models: (Base) => class extends Base {
        value(row, field) {
          return row[field] ?? (row.inherited?.[field] || undefined);
        }
      },
    },
  },
  {
    name: 'own-zero-loses',
    wrong: 'A flag of 0 of the model\'s own loses to the base model\'s 1, because `||` stands where `??` belongs.',
    level: 'MUST',
    fact: 'stated: a model\'s own value takes precedence over its base model\'s, even if it is 0',
    parts: {
      Models: (Base) => class extends Base {
        value(row, field) {
          return row[field] || (row.inherited?.[field] ?? row[field]);
        }
      },
    },
  },
  {
    name: 'cost-not-inherited',
    wrong: 'cache_creation_input_cost is not inherited: it is missing in the list of columns.',
    level: 'MUST',
    fact: INHERITED,
    parts: {
      Models: (Base) => class extends Base {
        value(row, field) {
          return field === 'cache_creation_input_cost' ? row[field] : super.value(row, field);
        }
      },
    },
  },
  {
    name: 'one-generation-only',
    wrong: 'A model inherits what its base model was sent itself, and not what that one inherits.',
    level: 'SHOULD',
    fact: 'assumed: a base model may itself have a base model',
    parts: {
      Models: (Base) => class extends Base {
        inheritedFrom(organization, base) {
          if (base === undefined) return undefined;
          return this.effective({ ...this.find(organization, base), inherited: undefined });
        }
      },
    },
  },
  {
    name: 'cycle-overflows',
    wrong: 'Base models are walked by recursion without an end, so that a cycle of them returns 500.',
    level: 'MUST',
    fact: 'standard: no request makes the server fail',
    parts: {
      Models: (Base) => class extends Base {
        inheritedFrom(organization, base) {
          if (base === undefined) return undefined;
          const row = this.find(organization, base);
          return this.effective({ ...row, inherited: this.inheritedFrom(organization, row.base_model_name) });
        }
      },
    },
  },
  {
    name: 'override-merged-deeply',
    wrong: 'An entry of the override is merged into the base model\'s entry instead of replacing it.',
    level: 'SHOULD',
    fact: 'assumed: the server applies the override to the base model\'s parameters entry by entry',
    parts: {
      Models: (Base) => class extends Base {
        overlay(base, override) {
          const isObject = (entry) => typeof entry === 'object' && entry !== null && !Array.isArray(entry);
          const merged = Object.entries(override).map(([name, entry]) => [
            name, isObject(entry) && isObject(base[name]) ? { ...base[name], ...entry } : entry,
          ]);
          return super.overlay(base, Object.fromEntries(merged));
        }
      },
    },
  },
  {
    name: 'default-parameters-mutated',
    wrong: 'Object.assign lays overrides over the shared defaults, so that every model without a base has the parameters of all.',
    level: 'MUST',
    fact: 'stated: an organization cannot see the models of another',
    parts: {
      Models: (Base) => class extends Base {
        overlay(base, override) {
          return super.overlay(Object.assign(base, override), {});
        }
      },
    },
  },
  {
    name: 'built-in-parameters-mutated',
    wrong: 'An override is assigned to the parameters of the built-in base model itself, for all who inherit from it later.',
    level: 'MUST',
    fact: 'stated: an organization cannot see the models of another, and the override applies to inherited parameters',
    parts: {
      Models: (Base) => class extends Base {
        upsert(caller, values, now) {
          const base = this.builtIn(values.base_model_name);
          if (base) Object.assign(base.supported_params, values.supported_params_override);
          return super.upsert(caller, values, now);
        }
      },
    },
  },
  {
    name: 'base-of-another-organization',
    wrong: 'A base model is looked up in all organizations when the caller\'s has none of the name.',
    level: 'SHOULD',
    fact: 'assumed: the server returns 404 for a model or provider of another organization',
    parts: {
      Store: (Base) => class extends Base {
        anyModel(name) {
          return this.first('SELECT * FROM models WHERE model_name = $name', { name });
        }
      },
      Models: (Base) => class extends Base {
        checkReferences(caller, { base_model_name: base, ...values }) {
          super.checkReferences(caller, base && this.store.anyModel(base) ? values : { ...values, base_model_name: base });
        }

        inheritedFrom(organization, base) {
          if (base === undefined) return undefined;
          return this.effective(this.find(organization, base) ?? this.store.anyModel(base));
        }
      },
    },
  },
  {
    name: 'base-remembered',
    wrong: 'What a base model has is cached by its name: models derived later inherit its first values.',
    level: 'MUST',
    fact: INHERITED,
    parts: {
      Models: (Base) => class extends Base {
        bases = new Map();

        inheritedFrom(organization, base) {
          const key = JSON.stringify([organization, base]);
          if (!this.bases.has(key)) this.bases.set(key, super.inheritedFrom(organization, base));
          return this.bases.get(key);
        }
      },
    },
  },
  {
    name: 'former-base-lingers',
    wrong: 'After a change of the base model, values of the former one are returned if the new one has none.',
    level: 'MUST',
    fact: INHERITED,
    parts: {
      Models: (Base) => class extends Base {
        upsert(caller, values, now) {
          this.former = this.store.model(caller.organization, values.model_name)?.inherited;
          return super.upsert(caller, values, now);
        }

        inheritedFrom(organization, base) {
          const inherited = super.inheritedFrom(organization, base);
          return inherited && { ...this.former, ...inherited };
        }
      },
    },
  },
  {
    name: 'names-of-object-prototype',
    wrong: 'Built-in models are looked up in a plain object, so that a model named constructor or toString returns 403.',
    level: 'MUST',
    fact: 'stated: the request creates a custom model (any name of letters)',
    parts: {
      Models: (Base) => class extends Base {
        builtIn(name) {
          this.plain ??= Object.fromEntries(this.builtIns);
          return this.plain[name];
        }
      },
    },
  },
  {
    name: 'parameters-of-object-prototype',
    wrong: 'A guard against prototype pollution drops parameters named constructor, toString or __proto__.',
    level: 'MUST',
    fact: 'stated: the override applies to the supported parameters, and a response returns each value just sent',
    parts: {
      Models: (Base) => class extends Base {
        overlay(base, override) {
          return super.overlay(base, Object.fromEntries(Object.entries(override).filter(([name]) => !(name in {}))));
        }
      },
    },
  },
  {
    name: 'removed-parameter-stays-removed',
    wrong: 'A parameter that an override once removed with null cannot be set again by a later override.',
    level: 'MUST',
    fact: 'stated: a response returns each value just sent',
    parts: {
      Models: (Base) => class extends Base {
        removed = new Set();

        upsert(caller, values, now) {
          const key = (name) => JSON.stringify([caller.organization, values.model_name, name]);
          const entries = Object.entries(values.supported_params_override ?? {});
          for (const [name, entry] of entries) if (entry === null) this.removed.add(key(name));
          const kept = entries.map(([name, entry]) => [name, this.removed.has(key(name)) ? null : entry]);
          const override = values.supported_params_override && Object.fromEntries(kept);
          return super.upsert(caller, { ...values, supported_params_override: override }, now);
        }
      },
    },
  },
  {
    name: 'rejected-update-writes-first',
    wrong: 'An update is written before its references are checked: a 404 leaves the other fields changed.',
    level: 'SHOULD',
    fact: 'assumed: a rejected request changes nothing',
    parts: {
      Models: (Base) => class extends Base {
        checkReferences(caller, { base_model_name: base, provider_id: provider, ...values }) {
          const exists = this.store.model(caller.organization, values.model_name);
          if (exists) this.store.upsert(caller.organization, values, Date.now());
          super.checkReferences(caller, { base_model_name: base, provider_id: provider, ...values });
        }
      },
    },
  },
  {
    name: 'rejected-create-takes-the-name',
    wrong: 'A create that gets 404 for its provider leaves the name taken: the next upsert of it returns 200.',
    level: 'SHOULD',
    fact: 'assumed: a rejected request changes nothing',
    parts: {
      Models: (Base) => class extends Base {
        checkReferences(caller, values) {
          const { provider_id: provider, model_name: name } = values;
          if (provider !== undefined && !this.store.provider(caller.organization, provider)) {
            this.store.upsert(caller.organization, { model_name: name }, Date.now());
            throw Problem.of(404, 'unknown_provider', 'There is no provider of this ID.');
          }
          super.checkReferences(caller, values);
        }
      },
    },
  },
];
