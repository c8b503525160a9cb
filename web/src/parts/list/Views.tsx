import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import { TextInput } from '@patternfly/react-core/dist/esm/components/TextInput';
import TimesIcon from '@patternfly/react-icons/dist/esm/icons/times-icon';
import { type FormEvent, useState } from 'react';
import { Link, useLocation } from 'react-router';
import { plural } from '../../lib/sentence';
import { useStored } from '../../lib/stored';
import { builtInViews, ownViews, removeView, sameList, saveView } from '../../lib/views';
import type { ListKind } from './address';

/** The lists worth a name: the usual ones, and one's own. A view is an address, so its link shares it. */
export function Views({ kind }: { kind: Pick<ListKind, 'path' | 'noun'> }) {
  const { pathname, search } = useLocation();
  const address = pathname + search;
  const own = useStored(ownViews);
  const [naming, setNaming] = useState(false);
  const all = { name: `All ${plural(kind.noun)}`, address: kind.path };
  const shown = [all, ...builtInViews, ...own].some((view) => sameList(view.address, address));
  return (
    <nav aria-label="Views" className="pt-views">
      {[all, ...builtInViews].map((view) => (
        <ViewLink key={view.name} {...view} current={sameList(view.address, address)} />
      ))}
      {own.map((view) => (
        <span key={view.name} className="pt-own-view">
          <ViewLink {...view} current={sameList(view.address, address)} />
          <Button
            variant="plain"
            size="sm"
            hasNoPadding
            icon={<TimesIcon />}
            aria-label={`Remove the view ${view.name}`}
            onClick={() => removeView(view.name)}
          />
        </span>
      ))}
      {naming ? (
        <NameView address={address} done={() => setNaming(false)} />
      ) : (
        !shown && (
          <Button variant="link" isInline onClick={() => setNaming(true)}>
            Save this view
          </Button>
        )
      )}
    </nav>
  );
}

function ViewLink({ name, address, current }: { name: string; address: string; current: boolean }) {
  return (
    <Link to={address} aria-current={current ? 'page' : undefined} className="pt-view">
      {name}
    </Link>
  );
}

function NameView({ address, done }: { address: string; done: () => void }) {
  const [name, setName] = useState('');

  function save(event: FormEvent) {
    event.preventDefault();
    if (name.trim() === '') return;
    const [path = '', query = ''] = address.split('?');
    const search = new URLSearchParams(query);
    search.delete('after');
    search.delete('before');
    saveView({ name: name.trim(), address: search.size > 0 ? `${path}?${search}` : path });
    done();
  }

  return (
    <form onSubmit={save} className="pt-name-view">
      <TextInput
        aria-label="Name of the view"
        placeholder="Name of the view"
        value={name}
        maxLength={60}
        onChange={(_, value) => setName(value)}
        autoFocus
      />
      <Button type="submit" variant="secondary" size="sm">
        Save
      </Button>
      <Button variant="link" size="sm" onClick={done}>
        Cancel
      </Button>
    </form>
  );
}
