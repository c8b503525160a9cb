import { useSyncExternalStore } from 'react';

// One clock for all relative times on the page; it stands still while nobody follows it.
const followers = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function tick() {
  now = Date.now();
  for (const follower of followers) follower();
}

function follow(changed: () => void) {
  followers.add(changed);
  if (!timer) {
    now = Date.now();
    timer = setInterval(tick, 1000);
  }
  return () => {
    followers.delete(changed);
    if (followers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The present moment in milliseconds, anew every second. */
export function useNow(): number {
  return useSyncExternalStore(follow, () => now);
}
