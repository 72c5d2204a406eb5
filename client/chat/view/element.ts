type Child = Node | string;

/** Makes an HTML element. Text only ever becomes text, so nothing that a message holds can become markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** One of the symbols in the page's head, hidden from screen readers: the words beside it say the same. */
export function icon(name: string): SVGSVGElement {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(namespace, 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Words for screen readers alone. */
export function unseen(text: string): HTMLSpanElement {
  return element('span', { class: 'unseen' }, text);
}

/** The element of index.html with this id. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`Expected #${id} to be a ${kind.name}, got ${found?.constructor.name ?? 'nothing'}`);
  return found;
}

/** Sets a text only when it differs, so that live regions speak once. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}
