/** The fields of a model, each with a place for what is wrong with it: `input_cost` and `input_cost-error`. */
export class ModelForm {
  #fields;
  #shown = {};

  /** @param {HTMLFormElement} form  its named controls are the fields */
  constructor(form) {
    this.#fields = [...form.elements].filter((field) => field.name);
    this.fill({});
    form.addEventListener("input", ({ target }) => complain(target, []));
  }

  /** Shows the values of a model, or of none. */
  fill(model) {
    for (const field of this.#fields) {
      field.value = model[field.name] ?? "";
      this.#shown[field.name] = field.value;
      complain(field, []);
    }
  }

  /**
   * What to send: the name, and what the user has changed. A model shows what it inherits as if it were its own, and
   * whatever is sent becomes its own.
   */
  changed() {
    const changed = this.#fields.filter(({ name, value }) => name === "model_name" ? value : value !== this.#shown[name]);
    return Object.fromEntries(changed.map((field) => [field.name, valueOf(field)]));
  }

  /** Shows what is wrong with each field, and goes to the first. What it has no place for is returned. */
  complain(messages) {
    for (const field of this.#fields) complain(field, messages[field.name] ?? []);
    const wrong = this.#fields.filter(({ name }) => name in messages);
    wrong[0]?.focus();
    const names = this.#fields.map(({ name }) => name);
    return Object.entries(messages).filter(([name]) => !names.includes(name)).flatMap(([name, all]) => `${name}: ${all.join(" ")}`);
  }
}

/** Shows what is wrong with a control, or that nothing is. */
export function complain(field, messages) {
  const place = document.getElementById(`${field.id}-error`);
  if (!place) return;
  place.textContent = messages.join(" ");
  if (messages.length) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

/** What is no number is sent as it was typed: the API says what is wrong with it, in one place and in one wording. */
function valueOf({ value, dataset }) {
  const number = Number(value);
  return dataset.type === "number" && value.trim() && Number.isFinite(number) ? number : value;
}
