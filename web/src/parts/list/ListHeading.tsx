import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import type { ReactNode } from 'react';
import { Total } from './Total';

interface ListHeadingProps {
  title: string;
  noun: string;
  /** How many there are in all; undefined while that is not known of what is asked. */
  total: { value: number; exact: boolean } | undefined;
  /** Of when the list is, and how it changes. */
  state: ReactNode;
  /** What can be done with the list. */
  children: ReactNode;
}

/** What stands above a list: its name, how many there are, and what can be done with it. */
export function ListHeading({ title, noun, total, state, children }: ListHeadingProps) {
  return (
    <div className="pt-heading">
      <div>
        <Title headingLevel="h1">{title}</Title>
        <p className="pt-subtle" aria-live="polite">
          {total && (
            <>
              <Total total={total} noun={noun} /> ·{' '}
            </>
          )}
          {state}
        </p>
      </div>
      <div className="pt-actions">{children}</div>
    </div>
  );
}
