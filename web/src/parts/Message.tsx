import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import {
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
} from '@patternfly/react-core/dist/esm/components/EmptyState';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { CombinedError } from 'urql';
import { describeProblem, isMistake, isRefusal } from '../lib/client';
import { formatTime } from '../lib/time';

interface MessageProps {
  title: string;
  children: ReactNode;
  status?: 'danger' | 'info' | 'success' | 'warning';
  action?: ReactNode;
}

/** A whole page that has one thing to say: nothing here, unknown, not answered. */
export function Message({ title, children, status, action }: MessageProps) {
  return (
    <EmptyState headingLevel="h1" titleText={title} status={status} className="pt-message">
      <EmptyStateBody>{children}</EmptyStateBody>
      {action && (
        <EmptyStateFooter>
          <EmptyStateActions>{action}</EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}

/** The page could not be answered, and nothing is known from before. */
export function Failed({ error, askAgain }: { error: CombinedError; askAgain: () => void }) {
  const { title, detail } = describeProblem(error);
  if (isRefusal(error)) {
    return (
      <Message title={title} status="warning" action={<Link to="/payloads">Newest payloads</Link>}>
        {detail}
      </Message>
    );
  }
  if (isMistake(error)) {
    return (
      <Message title={title} status="warning">
        {detail} Change what is asked for, or start from <Link to="/payloads">the newest payloads</Link>.
      </Message>
    );
  }
  return (
    <Message title={title} status="danger" action={<Button onClick={askAgain}>Try again</Button>}>
      {detail} This page keeps trying.
    </Message>
  );
}

/** The last question failed, but an earlier answer is shown: says so, and how old it is. */
export function OutOfDate({ error, at }: { error: CombinedError | undefined; at: Date | undefined }) {
  if (!error || !at) return null;
  const { title, detail } = describeProblem(error);
  return (
    <p role="alert" className="pt-out-of-date">
      <strong>{title}.</strong> {detail} Shown is what was known at {formatTime(at.toISOString())} UTC; this page keeps
      trying.
    </p>
  );
}
