/** The fields of a model, each with an element for its error messages: `input_cost` and `input_cost-error`. */
export class ModelForm {
  #fields;
  #loaded = {};

  /** @param {HTMLFormElement} form  the controls with a name are the fields */
  constructor(form) {
    this.#fields = [...form.elements].filter((field) => field.name);
    this.fill({});
    form.addEventListener("input", ({ target }) => showErrors(target, []));
  }

  /** Shows the values of a model, or empty fields. */
  fill(model) {
    for (const field of this.#fields) {
      field.value = model[field.name] ?? "";
      this.#loaded[field.name] = field.value;
      showErrors(field, []);
    }
  }

  /**
   * Returns what to send: the name and the changed fields. A response contains inherited values too, and sending one would
   * set it on the model itself.
   */
  changed() {
    const changed = this.#fields.filter(({ name, value }) => name === "model_name" ? value : value !== this.#loaded[name]);
    return Object.fromEntries(changed.map((field) => [field.name, valueOf(field)]));
  }

  /** Shows the messages of each field and focuses the first. Returns the messages of other fields. */
  showErrors(messages) {
    for (const field of this.#fields) showErrors(field, messages[field.name] ?? []);
    const wrong = this.#fields.filter(({ name }) => name in messages);
    wrong[0]?.focus();
    const names = this.#fields.map(({ name }) => name);
    return Object.entries(messages).filter(([name]) => !names.includes(name)).flatMap(([name, all]) => `${name}: ${all.join(" ")}`);
  }
}

/** Shows the error messages of a control, or clears them. */
export function showErrors(field, messages) {
  const place = document.getElementById(`${field.id}-error`);
  if (!place) return;
  place.textContent = messages.join(" ");
  if (messages.length) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

/** Converts numbers. Anything else is sent as typed, so that all error messages come from the API. */
function valueOf({ value, dataset }) {
  const number = Number(value);
  return dataset.type === "number" && value.trim() && Number.isFinite(number) ? number : value;
}
