import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import AngleLeftIcon from '@patternfly/react-icons/dist/esm/icons/angle-left-icon';
import AngleRightIcon from '@patternfly/react-icons/dist/esm/icons/angle-right-icon';
import { plural } from '../../lib/sentence';
import type { ListAddress } from './address';
import { PageSize } from './PageSize';

interface PageInfo {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor?: string | null;
  endCursor?: string | null;
}

/** A page on, a page back, the first page, and how long a page is. */
export function Paging({ list, pageInfo }: { list: ListAddress; pageInfo: PageInfo }) {
  const { hasNextPage, hasPreviousPage, startCursor, endCursor } = pageInfo;
  return (
    <nav aria-label={`Pages of ${plural(list.kind.noun)}`} className="pt-paging">
      <PageSize size={list.size} change={(size) => list.set({ size })} />
      {(list.after || list.before) && (
        <Button variant="link" onClick={() => list.set({})}>
          First page
        </Button>
      )}
      <Button
        variant="secondary"
        icon={<AngleLeftIcon />}
        isDisabled={!hasPreviousPage}
        onClick={() => list.set({ before: startCursor ?? null })}
      >
        Previous
      </Button>
      <Button
        variant="secondary"
        icon={<AngleRightIcon />}
        iconPosition="end"
        isDisabled={!hasNextPage}
        onClick={() => list.set({ after: endCursor ?? null })}
      >
        Next
      </Button>
    </nav>
  );
}
