import { MenuToggle, type MenuToggleElement } from '@patternfly/react-core/dist/esm/components/MenuToggle';
import { Select, SelectList } from '@patternfly/react-core/dist/esm/components/Select';
import { type ReactNode, type Ref, useState } from 'react';

interface MenuButtonProps {
  label: string;
  icon?: ReactNode;
  /** The icon alone is shown. */
  plain?: boolean;
  /** Several things can be chosen one after the other. */
  staysOpen?: boolean;
  onSelect: (value: string) => void;
  children: ReactNode;
}

/** A button that opens a menu of choices. */
export function MenuButton({ label, icon, plain = false, staysOpen = false, onSelect, children }: MenuButtonProps) {
  const [open, setOpen] = useState(false);
  return (
    <Select
      role="menu"
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={(_, value) => {
        if (!staysOpen) setOpen(false);
        onSelect(String(value));
      }}
      popperProps={{ position: 'end', enableFlip: true, preventOverflow: true }}
      toggle={(toggle: Ref<MenuToggleElement>) => (
        <MenuToggle
          ref={toggle}
          variant={plain ? 'plain' : 'default'}
          icon={icon}
          isExpanded={open}
          onClick={() => setOpen(!open)}
          aria-label={plain ? label : undefined}
          title={plain ? label : undefined}
        >
          {plain ? undefined : label}
        </MenuToggle>
      )}
    >
      <SelectList>{children}</SelectList>
    </Select>
  );
}
