import { Skeleton } from '@patternfly/react-core/dist/esm/components/Skeleton';

/** The outline of a page while its answer is on its way. */
export function LoadingPage({ rows = 8 }: { rows?: number }) {
  return (
    <div className="pt-loading" role="status" aria-label="Loading">
      <Skeleton width="40%" fontSize="2xl" />
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike and never move
        <Skeleton key={row} height="2.25rem" />
      ))}
    </div>
  );
}
