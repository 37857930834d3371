"use strict";
(() => {
  const form = document.querySelector(".filters");
  const shown = document.querySelector(".shown");
  const requirements = [...document.querySelectorAll(".row, .unmet")];
  const rows = requirements.filter((one) => one.matches(".row"));
  const texts = new Map(requirements.map((one) => [one, one.textContent.toLowerCase()]));

  const filter = () => {
    const asked = new FormData(form);
    const verdicts = asked.getAll("verdict");
    const levels = asked.getAll("level");
    const section = asked.get("section");
    const words = asked.get("text").toLowerCase().split(/\s+/).filter(Boolean);
    for (const one of requirements) {
      const { verdict, level, section: own } = one.dataset;
      one.hidden = !(
        (!verdicts.length || verdicts.includes(verdict)) &&
        (!levels.length || levels.includes(level)) &&
        (!section || section === own) &&
        words.every((word) => texts.get(one).includes(word))
      );
    }
    for (const group of document.querySelectorAll(".rows, .group")) {
      group.hidden = ![...group.querySelectorAll(".row, .unmet")].some((one) => !one.hidden);
    }
    const left = rows.filter((row) => !row.hidden).length;
    shown.textContent = `${left} of ${rows.length} requirements`;
  };

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.previousElementSibling.dataset.text);
    } catch {
      getSelection().selectAllChildren(button.previousElementSibling);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };
  for (const button of document.querySelectorAll(".copy")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }

  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.hidden) form.reset();
    if (target.matches("details")) target.open = true;
    setTimeout(() => target.scrollIntoView());
  };
  addEventListener("hashchange", reveal);
  reveal();
})();
