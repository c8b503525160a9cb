/** How many rows of a tail are kept: older ones are what the stored list is for. */
export const tailLength = 500;

/** A tail of what came in, newest first, which can be held while somebody reads it. */
export interface Tail<Row> {
  rows: Row[];
  /** Came in since it is held, newest first. */
  held: Row[];
  /** How many came in while it is held, those included that are no longer kept. */
  heldCount: number;
  paused: boolean;
  /** How many the server left out, because more came in than it passes on. */
  skipped: number;
}

export const emptyTail = { rows: [], held: [], heldCount: 0, paused: false, skipped: 0 };

/** What came in, oldest first, in front of what is there. */
export function append<Row>(tail: Tail<Row>, came: Row[], skipped: number): Tail<Row> {
  const newest = came.toReversed();
  return {
    ...tail,
    skipped: tail.skipped + skipped,
    ...(tail.paused
      ? { held: [...newest, ...tail.held].slice(0, tailLength), heldCount: tail.heldCount + came.length }
      : { rows: [...newest, ...tail.rows].slice(0, tailLength) }),
  };
}

export function pause<Row>(tail: Tail<Row>): Tail<Row> {
  return { ...tail, paused: true };
}

export function resume<Row>(tail: Tail<Row>): Tail<Row> {
  const rows = [...tail.held, ...tail.rows].slice(0, tailLength);
  return { ...tail, rows, held: [], heldCount: 0, paused: false };
}
