import { count } from '../../lib/sentence';

/** How many there are in all; "about" where the API estimates. */
export function Total({ total, noun }: { total: { value: number; exact: boolean } | undefined; noun: string }) {
  if (!total) return null;
  return (
    <>
      {!total.exact && 'about '}
      {count(total.value, noun)}
    </>
  );
}
