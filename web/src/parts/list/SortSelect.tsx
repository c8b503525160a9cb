import { FormSelect, FormSelectOption } from '@patternfly/react-core/dist/esm/components/FormSelect';
import type { ListAddress } from './address';
import { sortingOf } from './sorting';

/** The order, by name: on narrow screens there are no heads to click, and some orders have no column shown. */
export function SortSelect({ list }: { list: ListAddress }) {
  const { sort, change } = sortingOf(list);
  return (
    <FormSelect aria-label="Order" value={sort} onChange={(_, next) => change(next)} className="pt-select">
      {list.kind.sorts.map(([name, label]) => (
        <FormSelectOption key={name} value={name} label={label} />
      ))}
    </FormSelect>
  );
}
