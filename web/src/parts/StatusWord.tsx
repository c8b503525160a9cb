import { Label } from '@patternfly/react-core/dist/esm/components/Label';
import { endOf } from '../lib/words';

/** A status word in the colour of what it means; one that ends nothing has none. */
export function StatusWord({ status }: { status: string }) {
  const end = endOf(status);
  return (
    <Label
      isCompact
      variant="outline"
      status={end === 'failure' ? 'danger' : end === 'success' ? 'success' : undefined}
    >
      {status}
    </Label>
  );
}
