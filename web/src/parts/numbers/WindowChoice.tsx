import './numbers.css';
import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import { TextInput } from '@patternfly/react-core/dist/esm/components/TextInput';
import { ToggleGroup, ToggleGroupItem } from '@patternfly/react-core/dist/esm/components/ToggleGroup';
import { type FormEvent, useId, useState } from 'react';
import { formatDuration } from '../../lib/duration';
import { useStored } from '../../lib/stored';
import { formatTime, readTime } from '../../lib/time';
import { type Stretch, stretches } from '../../lib/window';
import { type Zone, zone } from '../../lib/zone';

interface WindowChoiceProps {
  stretch: Stretch;
  choose: (stretch: Stretch) => void;
}

/** Which time is looked at: one of the usual ones, or one's own from and to. */
export function WindowChoice({ stretch, choose }: WindowChoiceProps) {
  const [opened, setOpened] = useState(false);
  const named = stretch.since !== null;
  const own = opened || !named;
  const shownZone = useStored(zone);
  return (
    <div className="pt-window">
      <ToggleGroup aria-label="Time">
        {stretches.map(([since, label]) => (
          <ToggleGroupItem
            key={since}
            text={label}
            isSelected={!own && stretch.since === since}
            onChange={() => {
              setOpened(false);
              choose({ since, from: null, to: null });
            }}
          />
        ))}
        {stretch.since && !stretches.some(([since]) => since === stretch.since) && (
          <ToggleGroupItem text={formatDuration(stretch.since)} isSelected={!own} onChange={() => setOpened(false)} />
        )}
        <ToggleGroupItem text="Own" isSelected={own} onChange={() => setOpened(true)} />
      </ToggleGroup>
      {own && (
        <OwnWindow
          key={`${stretch.from} ${stretch.to} ${shownZone}`}
          stretch={stretch}
          choose={(chosen) => {
            setOpened(false);
            choose(chosen);
          }}
        />
      )}
    </div>
  );
}

function OwnWindow({ stretch, choose }: WindowChoiceProps) {
  const shownZone = useStored(zone);
  const [from, setFrom] = useState(asField(stretch.from, shownZone));
  const [to, setTo] = useState(asField(stretch.to, shownZone));
  const [fault, setFault] = useState('');
  const faultId = useId();

  function submit(event: FormEvent) {
    event.preventDefault();
    const [begin, end] = [readTime(from, shownZone), to === '' ? null : readTime(to, shownZone)];
    if (!begin) setFault('Say from when.');
    else if (to !== '' && !end) setFault('Say until when, or leave it empty for now.');
    else if (end && end <= begin) setFault('It must end after it begins.');
    else choose({ since: null, from: begin, to: end });
  }

  const common = {
    type: 'datetime-local' as const,
    step: 1,
    className: 'pt-own-time',
    'aria-describedby': fault ? faultId : undefined,
  };
  return (
    <form onSubmit={submit} className="pt-builder" aria-label="Own time">
      <TextInput {...common} aria-label="From" value={from} onChange={(_, value) => setFrom(value)} />
      <span>to</span>
      <TextInput {...common} aria-label="To" value={to} onChange={(_, value) => setTo(value)} />
      <Button type="submit" variant="secondary">
        Show
      </Button>
      <span className="pt-subtle">{shownZone === 'utc' ? 'UTC' : 'local time'}; empty means now</span>
      {fault && (
        <span id={faultId} role="alert" className="pt-fault">
          {fault}
        </span>
      )}
    </form>
  );
}

/** A time of the API as a field of the form takes it. */
function asField(at: string | null, shownZone: Zone): string {
  return at ? formatTime(at, shownZone).replace(' ', 'T') : '';
}
