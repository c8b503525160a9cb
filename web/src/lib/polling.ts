import { useCallback, useEffect, useState } from 'react';
import { type AnyVariables, type CombinedError, type TypedDocumentNode, useClient } from 'urql';

interface Answer<Data> {
  key: string;
  data?: Data;
  error?: CombinedError;
  /** When the data was last confirmed. */
  at?: Date;
}

export interface Polled<Data> {
  /** The newest answer; that of the question before while a new one is on its way. */
  data: Data | undefined;
  /** Why the last question failed; the data, if any, is what was known before. */
  error: CombinedError | undefined;
  at: Date | undefined;
  /** The data answers a question before this one. */
  stale: boolean;
  askAgain: () => void;
}

/**
 * Asks, and asks again some time after each answer until done says that nothing more will change.
 * One question is out at a time; a page nobody looks at asks nothing; after an error it goes on asking.
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

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round asks at once
  useEffect(() => {
    const asked = JSON.parse(key) as Variables;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let left = false;

    async function ask() {
      if (document.hidden) {
        timer = setTimeout(ask, 500);
        return;
      }
      const { data, error } = await client.query(query, asked, { requestPolicy: 'network-only' }).toPromise();
      if (left) return;
      if (error || !data) {
        setAnswer((before) => ({ ...(before?.key === key ? before : undefined), key, error }));
      } else {
        setAnswer({ key, data, at: new Date() });
        if (done(data)) return;
      }
      timer = setTimeout(ask, every);
    }

    void ask();
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
    stale,
    askAgain: useCallback(() => setRound((n) => n + 1), []),
  };
}
