import { useState } from 'react';
import type { CombinedError } from 'urql';
import type { PayloadQuery } from '../../gql/graphql';
import { useFollowing } from '../../lib/following';
import { usePolled } from '../../lib/polling';
import { type FullPayload, payloadLive, payloadQuery } from './query';

/** How the page learns of changes. */
export type Way = 'live' | 'polling' | 'final';

export interface Followed {
  /** Undefined until the first answer, null while the tracker has not heard of it. */
  payload: FullPayload | null | undefined;
  at: Date | undefined;
  error: CombinedError | undefined;
  way: Way;
  askAgain: () => void;
}

export const pollEvery = 3000;

/** While the news comes by itself, so often is it made sure that the tracker still answers. */
const confirmEvery = 20_000;

const isFinal = (data: PayloadQuery) => data.payload?.verdict.final === true;

/** One payload until its verdict is final: by subscription, or asked for again and again while that does not work. */
export function usePayload(id: string): Followed {
  const [pushed, setPushed] = useState<{ payload: FullPayload | null; at: Date }>();
  const [final, setFinal] = useState(false);
  const following = useFollowing(payloadLive, { id }, !final, ({ data }) => {
    if (!data) return;
    setPushed({ payload: data.payload ?? null, at: new Date() });
    if (data.payload?.verdict.final) setFinal(true);
  });
  const live = following.live && pushed !== undefined;
  const polled = usePolled(payloadQuery, { id }, live ? confirmEvery : pollEvery, isFinal);
  if (polled.data && isFinal(polled.data) && !final) setFinal(true);

  const answer = polled.data && polled.at ? { payload: polled.data.payload ?? null, at: polled.at } : undefined;
  const newest = pushed && (!answer || pushed.at > answer.at) ? pushed : answer;
  const outdated = polled.failedAt && newest && newest.at > polled.failedAt;
  return {
    payload: newest?.payload,
    at: newest?.at,
    error: outdated ? undefined : polled.error,
    way: newest?.payload?.verdict.final ? 'final' : live ? 'live' : 'polling',
    askAgain: polled.askAgain,
  };
}
