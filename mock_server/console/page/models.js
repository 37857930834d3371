// A copy of the models of all organizations.

/**
 * @typedef {{values: Record<string, unknown>, created: string, updated: string}} Model the values that requests have set
 * @typedef {{name: string, keys: {key: string, may_write: boolean}[], providers: string[]}} Organization
 */

/** The custom models by organization and name. */
export class Models {
  /** @type {Map<string, Map<string, Model>>} */
  #byOrganization = new Map();

  /** Replace all models. @param {Record<string, Record<string, Model>>} models */
  replace(models) {
    this.#byOrganization = new Map(
      Object.entries(models).map(([organization, named]) => [organization, new Map(Object.entries(named))]),
    );
  }

  /** @param {string} organization @param {string} name @param {Model | null} model null if it was removed */
  put(organization, name, model) {
    const named = this.#byOrganization.get(organization) ?? new Map();
    this.#byOrganization.set(organization, named);
    if (model) named.set(name, model);
    else named.delete(name);
  }

  /** @param {string} organization */
  count(organization) {
    return this.#byOrganization.get(organization)?.size ?? 0;
  }

  /**
   * The models of an organization, newest first.
   * @param {string} organization
   * @returns {[string, Model][]}
   */
  of(organization) {
    const all = [...(this.#byOrganization.get(organization) ?? [])].reverse();
    return all.sort(([, one], [, other]) => Date.parse(other.created) - Date.parse(one.created));
  }
}
