// The words that services end a stage with, as the tracker's rules have them unless they are set otherwise.
const successes = ['success', 'successful'];
const failures = ['error', 'failed', 'failure', 'processing_error', 'invalid', 'rejected'];

/** Every status word that has a meaning of its own. */
export const knownWords = ['received', 'processing', ...successes, ...failures];

/** How a status word ends a stage; null when it does not. */
export function endOf(word: string): 'success' | 'failure' | null {
  if (successes.includes(word)) return 'success';
  return failures.includes(word) ? 'failure' : null;
}
