import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import { TextInputGroup, TextInputGroupMain } from '@patternfly/react-core/dist/esm/components/TextInputGroup';
import SearchIcon from '@patternfly/react-icons/dist/esm/icons/search-icon';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { readIdentifier } from '../lib/identifier';

/** One box for any identifier, on every page; the key "/" goes to it. */
export function SearchBox() {
  const [text, setText] = useState('');
  const input = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();

  useEffect(() => {
    function focusOnSlash(event: KeyboardEvent) {
      const typing =
        event.target instanceof HTMLElement && event.target.closest('input, textarea, select, [contenteditable]');
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || typing) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    }
    document.addEventListener('keydown', focusOnSlash);
    return () => document.removeEventListener('keydown', focusOnSlash);
  }, []);

  function find(event: FormEvent) {
    event.preventDefault();
    const id = readIdentifier(text);
    if (id === '') {
      input.current?.focus();
      return;
    }
    setText('');
    input.current?.blur();
    navigate(`/find?id=${encodeURIComponent(id)}`);
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a form is what Enter submits; browsers know no <search> yet everywhere
    <form role="search" onSubmit={find} className="pt-search">
      <TextInputGroup>
        <TextInputGroupMain
          innerRef={input}
          icon={<SearchIcon />}
          aria-label="Find by request, inventory or system id"
          placeholder="Request, inventory or system id"
          value={text}
          onChange={(_, value) => setText(value)}
          autoComplete="off"
          spellCheck="false"
          autoCapitalize="off"
        />
        <span className="pt-key" aria-hidden="true">
          /
        </span>
      </TextInputGroup>
      <Button type="submit" variant="primary">
        Find
      </Button>
    </form>
  );
}
