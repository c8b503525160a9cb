import { useCallback, useEffect, useRef, useState } from 'react';
import { type AnyVariables, type CombinedError, type TypedDocumentNode, useClient } from 'urql';
import { isMistake } from './client';

interface Answer<Data> {
  key: string;
  data?: Data;
  error?: CombinedError;
  /** When the data was last confirmed, and when the question failed. */
  at?: Date;
  failedAt?: Date;
}

export interface Polled<Data> {
  /** The newest answer; that of the question before while a new one is on its way. */
  data: Data | undefined;
  /** Why the last question failed; the data, if any, is what was known before. */
  error: CombinedError | undefined;
  at: Date | undefined;
  failedAt: Date | undefined;
  /** The data answers a question before this one. */
  stale: boolean;
  askAgain: () => void;
}

const afterError = 3000;

/**
 * Asks, and asks again some time after each answer until done says that nothing more will change.
 * One question is out at a time; a page nobody looks at asks nothing; after an error it goes on asking, unless the question is wrong.
 * done must be the same function at each call.
 */
export function usePolled<Data, Variables extends AnyVariables>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  every: number,
  done: (data: Data) => boolean,
): Polled<Data> {
  const client = useClient();
  const key = JSON.stringify(variables);
  const [answer, setAnswer] = useState<Answer<Data>>();
  const [round, setRound] = useState(0);
  const answered = useRef({ name: '', done: false });

  useEffect(() => {
    const asked = JSON.parse(key) as Variables;
    const name = `${round} ${key}`;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let left = false;

    async function ask() {
      if (document.hidden && answered.current.name === name) {
        timer = setTimeout(ask, 500);
        return;
      }
      const { data, error } = await client.query(query, asked, { requestPolicy: 'network-only' }).toPromise();
      if (left) return;
      if (error || !data) {
        setAnswer((before) => ({ ...(before?.key === key ? before : undefined), key, error, failedAt: new Date() }));
        if (!error || !isMistake(error)) timer = setTimeout(ask, Math.min(every, afterError));
      } else {
        answered.current = { name, done: done(data) };
        setAnswer({ key, data, at: new Date() });
        if (!answered.current.done) timer = setTimeout(ask, every);
      }
    }

    // Another interval is no new question.
    if (answered.current.name !== name) void ask();
    else if (!answered.current.done) timer = setTimeout(ask, every);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [client, query, key, every, done, round]);

  const stale = answer !== undefined && answer.key !== key;
  return {
    data: answer?.data,
    error: stale ? undefined : answer?.error,
    at: answer?.at,
    failedAt: stale ? undefined : answer?.failedAt,
    stale,
    askAgain: useCallback(() => setRound((n) => n + 1), []),
  };
}

/** For questions whose answer stands, and for those that never end. */
export const once = () => true;
export const always = () => false;
