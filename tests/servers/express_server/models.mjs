// The models of an organization: its own and the built-in ones, and what they inherit.

import { INHERITABLE } from './fields.mjs';
import { Problem } from './problem.mjs';

const DEFAULT_PARAMS = { max_tokens: { type: 'integer', min: 1 } };

export class Models {
  constructor(store, builtIns) {
    this.store = store;
    this.builtIns = this.indexed(builtIns);
  }

  indexed(builtIns) {
    return new Map(Object.entries(builtIns).map(([name, model]) => [name, { model_name: name, ...model }]));
  }

  builtIn(name) {
    return this.builtIns.get(name);
  }

  find(organization, name) {
    return this.builtIn(name) ?? this.store.model(organization, name);
  }

  list(organization) {
    return [...this.builtIns.values(), ...this.store.models(organization)];
  }

  // Creates or updates a model. Returns its row and whether it is new; a Problem changes nothing.
  upsert(caller, values, now = Date.now()) {
    const { organization } = caller;
    const inherited = this.inheritedFrom(organization, values.base_model_name);
    const row = this.store.upsert(organization, { ...values, inherited }, now);
    return { row, created: row.revision === 1 };
  }

  // Removes a custom model; a Problem tells why it cannot.
  remove({ organization }, name) {
    if (this.builtIn(name)) throw Problem.of(403, 'built_in_model', 'Built-in models cannot be removed.');
    if (!this.store.remove(organization, name)) throw Problem.of(404, 'not_found', 'Not found.');
  }

  // Throws a Problem unless the base model and the provider that `values` name exist.
  checkReferences({ organization }, values) {
    const { base_model_name: base, provider_id: provider } = values;
    if (base !== undefined && !this.find(organization, base)) {
      throw Problem.of(404, 'unknown_base_model', 'There is no model of the name in base_model_name.');
    }
    if (provider !== undefined && !this.store.provider(organization, provider)) {
      throw Problem.of(404, 'unknown_provider', 'There is no provider of this ID.');
    }
  }

  // A copy of what the base model has now: later changes of the base model do not change derived ones.
  inheritedFrom(organization, base) {
    return base === undefined ? undefined : this.effective(this.find(organization, base));
  }

  // The values of a model: its own, or else the inherited ones.
  effective(row) {
    const values = { supported_params: this.params(row) };
    for (const field of INHERITABLE) {
      const value = this.value(row, field);
      if (value !== undefined) values[field] = value;
    }
    return values;
  }

  value(row, field) {
    return row[field] ?? row.inherited?.[field];
  }

  params(row) {
    const base = row.supported_params ?? row.inherited?.supported_params ?? DEFAULT_PARAMS;
    return this.overlay(base, row.supported_params_override ?? {});
  }

  // An entry of the override replaces the parameter; null removes it.
  overlay(base, override) {
    return Object.fromEntries(Object.entries({ ...base, ...override }).filter(([, entry]) => entry !== null));
  }
}
