/** What an item is sorted by; nothing where it has no such thing. */
export type Value<Item> = (item: Item) => string | number | null | undefined;

/** The items by a value, in the order given where that is equal; what has none comes last, whichever way. */
export function sortedBy<Item>(items: Item[], value: Value<Item>, descending: boolean): Item[] {
  const way = descending ? -1 : 1;
  return items.toSorted((a, b) => {
    const [one, other] = [value(a), value(b)];
    if (one == null || other == null) return Number(one == null) - Number(other == null);
    return one < other ? -way : one > other ? way : 0;
  });
}
