import { createClient } from 'graphql-ws';
import { useSyncExternalStore } from 'react';

const silence = 10_000;
const patience = 5_000;

let open = false;
const followers = new Set<() => void>();

function tell(now: boolean) {
  if (open === now) return;
  open = now;
  for (const follower of followers) follower();
}

let late: ReturnType<typeof setTimeout> | undefined;

/** The connection for all subscriptions, made when the first one begins; after a break it comes back by itself. */
export const socket = createClient({
  url: () => `${location.origin.replace(/^http/, 'ws')}/graphql`,
  retryAttempts: Number.POSITIVE_INFINITY,
  shouldRetry: () => true,
  retryWait: (n) =>
    new Promise((done) => setTimeout(done, Math.min(1000 * 2 ** n, 15_000) * (0.5 + Math.random() / 2))),
  lazyCloseTimeout: 3000,
  keepAlive: silence,
  on: {
    connected: () => tell(true),
    closed: () => {
      clearTimeout(late);
      tell(false);
    },
    // A connection that died without a word is one that does not answer.
    ping: (received) => {
      if (received) return;
      clearTimeout(late);
      late = setTimeout(() => socket.terminate(), patience);
    },
    pong: (received) => {
      if (received) clearTimeout(late);
    },
  },
});

/** Whether the connection for subscriptions stands. */
export function useSocketOpen(): boolean {
  return useSyncExternalStore(
    (changed) => {
      followers.add(changed);
      return () => followers.delete(changed);
    },
    () => open,
  );
}
