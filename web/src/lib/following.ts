import { useEffect, useRef, useState } from 'react';
import { type AnyVariables, type CombinedError, type OperationResult, type TypedDocumentNode, useClient } from 'urql';
import { useSocketOpen } from './socket';

export interface Following {
  /** Answers come by themselves: the connection stands, and the server has accepted the question. */
  live: boolean;
  error: CombinedError | undefined;
}

const patience = 5000;

/** Follows a subscription while wanted; take gets each result. What was accepted counts as live even before its first result. */
export function useFollowing<Data, Variables extends AnyVariables>(
  subscription: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  wanted: boolean,
  take: (result: OperationResult<Data, Variables>) => void,
): Following {
  const client = useClient();
  const connected = useSocketOpen();
  const key = JSON.stringify(variables);
  const [error, setError] = useState<CombinedError>();
  const [round, setRound] = useState(0);
  const taker = useRef(take);
  useEffect(() => {
    taker.current = take;
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round begins anew
  useEffect(() => {
    if (!wanted) return;
    let again: ReturnType<typeof setTimeout> | undefined;
    const following = client.subscription(subscription, JSON.parse(key) as Variables).subscribe((result) => {
      setError(result.error);
      taker.current(result);
      // The connection ended in a way that it does not come back from by itself.
      if (result.error?.networkError) again = setTimeout(() => setRound((n) => n + 1), patience);
    });
    return () => {
      clearTimeout(again);
      following.unsubscribe();
    };
  }, [client, subscription, key, wanted, round]);

  return { live: wanted && connected && !error, error };
}
