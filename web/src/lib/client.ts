import { Client, type CombinedError, fetchExchange, type SubscriptionOperation, subscriptionExchange } from 'urql';
import { inFull } from './sentence';
import { socket } from './socket';

/** Asks the server that served the page. Nothing is cached: every answer is as new as its question. */
export const client = new Client({
  url: '/graphql',
  exchanges: [
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query = '', variables }) => ({
        subscribe: (sink) => ({ unsubscribe: follow({ query, variables }, sink) }),
      }),
    }),
  ],
  preferGetMethod: false,
});

type Sink = Parameters<ReturnType<Parameters<typeof subscriptionExchange>[0]['forwardSubscription']>['subscribe']>[0];

/** urql keeps errors and extensions of earlier results until a later one has its own: each says both. */
function follow({ query, variables }: Pick<SubscriptionOperation, 'query' | 'variables'>, sink: Sink): () => void {
  let first = true;
  return socket.subscribe<Record<string, unknown>>(
    { query: query ?? '', variables },
    {
      next({ data, errors = first ? undefined : [], extensions }) {
        sink.next({ data, errors: errors && [...errors], extensions: { skipped: 0, ...(extensions as object) } });
        first = false;
      },
      error: (error) => (Array.isArray(error) ? sink.next({ errors: error, data: null }) : sink.error(error)),
      complete: () => sink.complete(),
    },
  );
}

/** What went wrong, in words for the person at the screen. */
export interface Problem {
  title: string;
  detail: string;
}

/** Asking the same again gets the same answer: the question itself is wrong. */
export function isMistake(error: CombinedError): boolean {
  return error.graphQLErrors[0]?.extensions.code === 'BAD_USER_INPUT' || isRefusal(error);
}

/** Whoever asks may not know. */
export function isRefusal(error: CombinedError): boolean {
  return error.graphQLErrors[0]?.extensions.code === 'FORBIDDEN';
}

export function describeProblem(error: CombinedError): Problem {
  const refusal = error.graphQLErrors[0];
  if (!refusal) {
    return { title: 'The tracker does not answer', detail: 'It may be restarting, or the network is down.' };
  }
  switch (refusal.extensions.code) {
    case 'UNAVAILABLE':
      return { title: 'The database is away', detail: inFull(refusal.message) };
    case 'TIMEOUT':
      return { title: 'The answer took too long', detail: inFull(refusal.message) };
    case 'THROTTLED':
      return { title: 'Too many questions at once', detail: inFull(refusal.message) };
    case 'FORBIDDEN':
      return { title: 'This is not for you to see', detail: inFull(refusal.message) };
    case 'BAD_USER_INPUT':
      return { title: 'The tracker does not understand this', detail: inFull(refusal.message) };
    default:
      return { title: 'The tracker could not answer', detail: inFull(refusal.message) };
  }
}
