import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import DownloadIcon from '@patternfly/react-icons/dist/esm/icons/download-icon';
import { lazy, Suspense, useState } from 'react';
import type { ListAddress } from './address';

const ExportDialog = lazy(() => import('./ExportDialog'));

export interface ExportProps {
  list: ListAddress;
  total: { value: number; exact: boolean } | undefined;
}

/** Opens what takes the whole filtered list away; loaded when it is first wanted. */
export function ExportButton({ list, total }: ExportProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="secondary" icon={<DownloadIcon />} onClick={() => setOpen(true)}>
        Export
      </Button>
      {open && (
        <Suspense>
          <ExportDialog list={list} total={total} close={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
