import { FormSelect, FormSelectOption } from '@patternfly/react-core/dist/esm/components/FormSelect';
import { pageSizes } from './address';

/** How many rows are shown. */
export function PageSize({ size, change }: { size: number; change: (size: string | null) => void }) {
  return (
    <FormSelect
      aria-label="Rows of a page"
      value={String(size)}
      onChange={(_, next) => change(next === String(pageSizes[0]) ? null : next)}
      className="pt-select pt-page-size"
    >
      {pageSizes.map((one) => (
        <FormSelectOption key={one} value={String(one)} label={`${one} rows`} />
      ))}
    </FormSelect>
  );
}
