/** How one kind of item is put on the page. */
export interface ItemView<Item> {
  /** Unique in the list; stays with the item while its content changes. */
  readonly keyOf: (item: Item) => string;
  readonly create: (item: Item) => HTMLElement;
  /** Brings an element up to date; called for changed items only, if `isSame` says so. */
  readonly update: (shown: HTMLElement, item: Item) => void;
  readonly isSame: (before: Item, after: Item) => boolean;
}

/**
 * Keeps the children of an element in step with a list: makes, moves, updates and removes only what changed, so that
 * focus, scroll places and live regions stay undisturbed.
 */
export class KeyedList<Item> {
  readonly #parent: HTMLElement;
  readonly #view: ItemView<Item>;
  #shown = new Map<string, { element: HTMLElement; item: Item }>();

  constructor(parent: HTMLElement, view: ItemView<Item>) {
    this.#parent = parent;
    this.#view = view;
  }

  show(items: readonly Item[]): void {
    const before = this.#shown;
    const after: typeof before = new Map();
    for (const item of items) {
      const key = this.#view.keyOf(item);
      after.set(key, this.#bring(item, before.get(key)));
    }
    for (const [key, { element }] of before) if (!after.has(key)) element.remove();
    this.#shown = after;
    this.#order();
  }

  elementOf(key: string): HTMLElement | undefined {
    return this.#shown.get(key)?.element;
  }

  #bring(item: Item, known: { element: HTMLElement; item: Item } | undefined): { element: HTMLElement; item: Item } {
    if (known === undefined) return { element: this.#view.create(item), item };
    if (!this.#view.isSame(known.item, item)) this.#view.update(known.element, item);
    known.item = item;
    return known;
  }

  /** Walks both orders at once; an element already in its place is not touched. */
  #order(): void {
    let place = this.#parent.firstElementChild;
    for (const { element } of this.#shown.values()) {
      if (element === place) place = place.nextElementSibling;
      else this.#parent.insertBefore(element, place);
    }
  }
}
