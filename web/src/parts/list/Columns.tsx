import { SelectOption } from '@patternfly/react-core/dist/esm/components/Select';
import ColumnsIcon from '@patternfly/react-icons/dist/esm/icons/columns-icon';
import { MenuButton } from '../MenuButton';
import type { ListAddress } from './address';

/** Which columns are shown. The address keeps them, so that a shared list looks the same. */
export function Columns({ list }: { list: ListAddress }) {
  const { columns, kind } = list;
  const usual = kind.columns.filter((column) => !column.optional).map((column) => column.name);

  function toggle(name: string) {
    const next = kind.columns.map((column) => column.name).filter((one) => columns.includes(one) !== (one === name));
    const search = new URLSearchParams(list.search);
    if (String(next) === String(usual)) search.delete('columns');
    else search.set('columns', next.join(','));
    list.go(search);
  }

  return (
    <MenuButton label="Columns" icon={<ColumnsIcon />} staysOpen onSelect={toggle}>
      {kind.columns.map((column) => (
        <SelectOption
          key={column.name}
          value={column.name}
          hasCheckbox
          isSelected={columns.includes(column.name)}
          isDisabled={columns.length === 1 && columns.includes(column.name)}
        >
          {column.label}
        </SelectOption>
      ))}
    </MenuButton>
  );
}
