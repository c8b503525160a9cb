import { FormSelect, FormSelectOption } from '@patternfly/react-core/dist/esm/components/FormSelect';
import type { ListKind } from './address';
import type { Sorting } from './sorting';

/** The order, by name: on narrow screens there are no heads to click, and some orders have no column shown. */
export function SortSelect({ sorts, sorting }: { sorts: ListKind['sorts']; sorting: Sorting }) {
  return (
    <FormSelect
      aria-label="Order"
      value={sorting.sort}
      onChange={(_, next) => sorting.change(next)}
      className="pt-select"
    >
      {sorts.map(([name, label]) => (
        <FormSelectOption key={name} value={name} label={label} />
      ))}
    </FormSelect>
  );
}
