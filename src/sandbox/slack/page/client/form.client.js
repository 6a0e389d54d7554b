// Reads and fills the controls that stand for Block Kit elements.

const twoDigits = (number) => String(number).padStart(2, "0");

export function fillLocalTimes(root) {
  for (const input of root.querySelectorAll("input[data-epoch]")) {
    if (input.value !== "") continue;
    const at = new Date(Number(input.dataset.epoch) * 1000);
    const day = `${at.getFullYear()}-${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())}`;
    input.value = `${day}T${[at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(":")}`;
  }
}

export function entryOf(control) {
  if (control.classList.contains("boxes")) {
    const chosen = [...control.querySelectorAll("input:checked")].map((box) => box.value);
    return control.dataset.type === "checkboxes" ? chosen : (chosen[0] ?? null);
  }
  if (control.multiple) return [...control.selectedOptions].map((option) => option.value);
  if (control.value === "") return null;
  if (control.type === "datetime-local") return Math.floor(new Date(control.value).getTime() / 1000);
  return control.value;
}

const keyOf = (control) => `${control.dataset.block}/${control.dataset.action}`;
const controlsOf = (root) =>
  root.querySelectorAll("[data-action]:not([data-type=button]):not([data-type=overflow])");

export function entriesOf(root) {
  return Object.fromEntries([...controlsOf(root)].map((control) => [keyOf(control), entryOf(control)]));
}

export function restoreEntries(root, entries) {
  for (const control of controlsOf(root)) {
    const entry = entries[keyOf(control)];
    if (entry === undefined || entry === null) continue;
    const values = [entry].flat().map(String);
    if (control.classList.contains("boxes")) {
      for (const box of control.querySelectorAll("input")) box.checked = values.includes(box.value);
    } else if (control.multiple) {
      for (const option of control.options) option.selected = values.includes(option.value);
    } else if (control.type === "datetime-local") {
      control.dataset.epoch = values[0];
      control.value = "";
      fillLocalTimes(root);
    } else control.value = values[0];
  }
}

export function showFieldError(field, words) {
  if (!field) return;
  field.querySelector(".field-error").textContent = words;
  const control = field.querySelector("[data-action]");
  if (words === "") control?.removeAttribute("aria-invalid");
  else control?.setAttribute("aria-invalid", "true");
}
