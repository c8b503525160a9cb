import type { ReactNode } from 'react';
import type { Change } from '../../lib/numbers';
import { Changed } from './Changed';

interface FigureProps {
  name: string;
  value: ReactNode;
  change?: Change | null;
  bad?: 'up' | 'down';
  children?: ReactNode;
}

/** A number that is worth to be read from afar, in a list of them. */
export function Figure({ name, value, change = null, bad, children }: FigureProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span className="pt-figure">{value}</span>
        <Changed change={change} bad={bad} />
        {children}
      </dd>
    </div>
  );
}
