import type { ReactNode } from 'react';
import { Link, useLocation } from 'react-router';
import { type Op, withCondition } from '../lib/filter';

const things = {
  '/payloads': 'payloads',
  '/statuses': 'statuses',
  '/stalled': 'stalled payloads',
  '/failures': 'failures',
};

interface ValueLinkProps {
  /** The list that the click leads to; on that list itself the filter is added to those it has. */
  list: keyof typeof things;
  field: string;
  op?: Op;
  value: string;
  what: string;
  children?: ReactNode;
}

/** A value whose click asks for everything that has it too. */
export function ValueLink({ list, field, op = 'is', value, what, children }: ValueLinkProps) {
  const { pathname, search } = useLocation();
  const asked = withCondition(new URLSearchParams(pathname === list ? search : ''), { field, op, value });
  return (
    <Link to={`${list}?${asked}`} className="pt-value" title={`Only ${things[list]} with ${what} ${value || '(none)'}`}>
      {children ?? value}
    </Link>
  );
}
