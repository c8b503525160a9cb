import { MenuToggle, type MenuToggleElement } from '@patternfly/react-core/dist/esm/components/MenuToggle';
import { Select, SelectGroup, SelectList, SelectOption } from '@patternfly/react-core/dist/esm/components/Select';
import CogIcon from '@patternfly/react-icons/dist/esm/icons/cog-icon';
import { type Ref, useState } from 'react';
import { useStored } from '../lib/stored';
import { type Theme, theme, themes } from '../lib/theme';
import { type Zone, zone, zones } from '../lib/zone';

/** How the page looks to its reader: light or dark, times in UTC or local. Remembered by the browser. */
export function DisplayMenu() {
  const [open, setOpen] = useState(false);
  const chosenTheme = useStored(theme);
  const chosenZone = useStored(zone);
  return (
    <Select
      role="menu"
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={(_, value) => {
        setOpen(false);
        const chosen = String(value);
        if (chosen in themes) theme.set(chosen as Theme);
        else zone.set(chosen as Zone);
      }}
      popperProps={{ position: 'end' }}
      toggle={(toggle: Ref<MenuToggleElement>) => (
        <MenuToggle
          ref={toggle}
          variant="plain"
          icon={<CogIcon />}
          isExpanded={open}
          onClick={() => setOpen(!open)}
          aria-label="Display"
          title="Display"
        />
      )}
    >
      <SelectGroup label="Colours">
        <SelectList>
          {Object.entries(themes).map(([name, label]) => (
            <SelectOption key={name} value={name} isSelected={name === chosenTheme}>
              {label}
            </SelectOption>
          ))}
        </SelectList>
      </SelectGroup>
      <SelectGroup label="Times">
        <SelectList>
          {Object.entries(zones).map(([name, label]) => (
            <SelectOption key={name} value={name} isSelected={name === chosenZone}>
              {label}
            </SelectOption>
          ))}
        </SelectList>
      </SelectGroup>
    </Select>
  );
}
