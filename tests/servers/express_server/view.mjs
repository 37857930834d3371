// Makes the JSON of a model from its row.

import { COSTS, INHERITABLE, NUMBERS } from './fields.mjs';

const OFFSET = { minutes: 5 * 60 + 45, suffix: '+05:45' }; // The office is in Kathmandu.

export class View {
  constructor(models) {
    this.models = models;
  }

  model(caller, row) {
    const values = this.models.effective(row);
    const custom = !this.models.builtIn(row.model_name);
    const view = {
      object: 'model',
      id: this.id(row),
      model_name: row.model_name,
      display_name: values.display_name,
      base_model_name: row.base_model_name,
      affiliation_category: custom ? 'custom' : 'respan',
      is_called_by_custom_name: this.isCustomName(custom),
      ...Object.fromEntries(NUMBERS.map((field) => [field, this.number(values[field], field)])),
      source: custom ? 'db' : 'hardcoded',
      model_type: this.modelType(),
      supported_params: values.supported_params,
      throughput: this.throughput(row),
      provider: values.provider_id && this.provider(this.models.store.provider(caller.organization, values.provider_id)),
      inherited_fields: INHERITABLE.filter((field) => row[field] === undefined && values[field] !== undefined),
    };
    return custom ? { ...view, created_at: this.time(row.created_at), updated_at: this.time(row.updated_at) } : view;
  }

  id(row) {
    return row.model_name;
  }

  isCustomName(custom) {
    return custom;
  }

  modelType() {
    return 'chat';
  }

  // Costs are always written with a decimal point, such as 10.0.
  number(value, field) {
    return COSTS.includes(field) && Number.isInteger(value) ? JSON.rawJSON(value.toFixed(1)) : value;
  }

  throughput(row) {
    return row.reads ? { number_of_requests: row.reads } : null;
  }

  provider(row) {
    return {
      object: 'provider',
      id: row.provider_id,
      provider_id: row.provider_id,
      provider_name: row.provider_name,
      extra_kwargs: row.extra_kwargs,
      created_at: this.time(Date.parse(row.created_at)),
      updated_at: null,
    };
  }

  time(milliseconds) {
    if (milliseconds === undefined) return null;
    return new Date(milliseconds + OFFSET.minutes * 60_000).toISOString().replace('Z', OFFSET.suffix);
  }
}
