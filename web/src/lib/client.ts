import { Client, type CombinedError, fetchExchange } from 'urql';
import { inFull } from './sentence';

/** Asks the server that served the page. Nothing is cached: every answer is as new as its question. */
export const client = new Client({ url: '/graphql', exchanges: [fetchExchange], preferGetMethod: false });

/** What went wrong, in words for the person at the screen. */
export interface Problem {
  title: string;
  detail: string;
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
    case 'BAD_USER_INPUT':
      return { title: 'The tracker does not understand this', detail: inFull(refusal.message) };
    default:
      return { title: 'The tracker could not answer', detail: inFull(refusal.message) };
  }
}
