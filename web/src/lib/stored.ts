import { useSyncExternalStore } from 'react';

/** A value that this browser remembers; every part of the page that uses it sees a change at once, other tabs too. */
export interface Stored<Value> {
  get: () => Value;
  set: (value: Value) => void;
  follow: (changed: () => void) => () => void;
}

/** read makes a value of what was stored: null when there is nothing, anything when somebody wrote nonsense. */
export function stored<Value>(key: string, read: (kept: unknown) => Value): Stored<Value> {
  const followers = new Set<() => void>();
  let value = read(load(key));

  const tell = () => {
    for (const follower of followers) follower();
  };
  globalThis.addEventListener?.('storage', (event) => {
    if (event.key !== key && event.key !== null) return;
    value = read(load(key));
    tell();
  });

  return {
    get: () => value,
    set(next) {
      value = next;
      try {
        localStorage.setItem(key, JSON.stringify(next));
      } catch {
        // A browser that keeps nothing: remembered until the page is left.
      }
      tell();
    },
    follow(changed) {
      followers.add(changed);
      return () => followers.delete(changed);
    },
  };
}

function load(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

export function useStored<Value>(from: Stored<Value>): Value {
  return useSyncExternalStore(from.follow, from.get);
}
