// The fields of a model and the columns that hold them.

export const COSTS = ['input_cost', 'output_cost', 'cache_hit_input_cost', 'cache_creation_input_cost'];
export const FLAGS = ['streaming_support', 'function_call', 'image_support'];
export const NUMBERS = [...COSTS, 'max_context_window', ...FLAGS];

// What a derived model takes over from its base model, beside the supported parameters.
export const INHERITABLE = ['display_name', 'provider_id', ...NUMBERS];

// Fields that clients may send back as they got them; their values are ignored.
export const SERVER_OWNED = new Set([
  'id', 'object', 'affiliation_category', 'is_called_by_custom_name', 'inherited_fields', 'source', 'model_type',
  'supported_params', 'throughput', 'provider', 'created_at', 'updated_at',
]);

export const COLUMNS = {
  base_model_name: 'TEXT',
  display_name: 'TEXT',
  provider_id: 'TEXT',
  ...Object.fromEntries(COSTS.map((cost) => [cost, 'REAL'])),
  max_context_window: 'INTEGER',
  ...Object.fromEntries(FLAGS.map((flag) => [flag, 'INTEGER'])),
  supported_params_override: 'TEXT', // JSON
};
