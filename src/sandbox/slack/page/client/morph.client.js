/** Makes `current` hold what `next` holds, touching only what differs, so that focus and open threads stay. */
export function morph(current, next) {
  const old = [...current.childNodes];
  const wanted = [...next.childNodes];
  const keyed = new Map(old.filter((node) => node.dataset?.key).map((node) => [node.dataset.key, node]));
  let at = 0;
  for (const node of wanted) {
    const here = current.childNodes[at];
    const match = node.dataset?.key ? keyed.get(node.dataset.key) : here;
    if (
      match &&
      match.nodeName === node.nodeName &&
      (match.dataset?.key ?? "") === (node.dataset?.key ?? "")
    ) {
      if (match !== here) current.insertBefore(match, here ?? null);
      if (!match.isEqualNode(node)) morphNode(match, node);
    } else current.insertBefore(node.cloneNode(true), here ?? null);
    at += 1;
  }
  while (current.childNodes.length > at) current.lastChild.remove();
}

function morphNode(current, next) {
  if (current.nodeType !== Node.ELEMENT_NODE) return void (current.nodeValue = next.nodeValue);
  for (const { name } of Array.from(current.attributes)) {
    if (!next.hasAttribute(name) && !(name === "open" && current.dataset.keep)) current.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    const isKept = name === "open" && current.dataset.keep;
    if (!isKept && current.getAttribute(name) !== value) current.setAttribute(name, value);
  }
  if (current.type === "radio") current.checked = next.hasAttribute("checked");
  morph(current, next);
}
