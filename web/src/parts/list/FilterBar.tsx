import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import { FormSelect, FormSelectOption } from '@patternfly/react-core/dist/esm/components/FormSelect';
import { Label, LabelGroup } from '@patternfly/react-core/dist/esm/components/Label';
import { TextInput } from '@patternfly/react-core/dist/esm/components/TextInput';
import { type FormEvent, useId, useState } from 'react';
import { readDuration } from '../../lib/duration';
import {
  type Condition,
  describeCondition,
  type Field,
  type Op,
  operationNames,
  operationsOf,
  verdictNames,
  withCondition,
  withoutCondition,
  withoutConditions,
} from '../../lib/filter';
import { readIdentifier } from '../../lib/identifier';
import { useStored } from '../../lib/stored';
import { readTime } from '../../lib/time';
import { zone } from '../../lib/zone';
import type { ListAddress } from './address';

/** What of a page can be filtered: lists, and numbers. */
export type Filtered = Pick<ListAddress, 'search' | 'conditions' | 'go'> & { kind: { fields: Field[] } };

/** Builds one condition after the other, and shows those that hold as chips. */
export function FilterBar({ list, known }: { list: Filtered; known: Record<string, string[]> }) {
  const { fields } = list.kind;
  const [name, setName] = useState(fields[0]?.name ?? '');
  const field = fields.find((one) => one.name === name) ?? fields[0];
  if (!field) return null;
  return (
    <div className="pt-filter">
      <Builder
        key={field.name}
        field={field}
        fields={fields}
        known={known[field.name] ?? []}
        choose={setName}
        add={(condition) => list.go(withCondition(list.search, condition))}
      />
      <Chips list={list} />
    </div>
  );
}

interface BuilderProps {
  field: Field;
  fields: Field[];
  known: string[];
  choose: (name: string) => void;
  add: (condition: Condition) => void;
}

const stretches: [iso: string, label: string][] = [
  ['PT15M', '15 minutes'],
  ['PT1H', 'hour'],
  ['PT6H', '6 hours'],
  ['P1D', '24 hours'],
  ['P7D', '7 days'],
  ['P30D', '30 days'],
];

/** The first choice of a field that has choices. */
function firstValue(field: Field, op: Op): string {
  if (field.kind === 'verdict') return 'FAILED';
  return op === 'since' ? 'PT1H' : '';
}

function Builder({ field, fields, known, choose, add }: BuilderProps) {
  const shownZone = useStored(zone);
  const operations = operationsOf(field);
  const [op, setOp] = useState<Op>(operations[0] ?? 'is');
  const [text, setText] = useState(firstValue(field, op));
  const [fault, setFault] = useState('');
  const suggestions = useId();
  const faultId = useId();

  function submit(event: FormEvent) {
    event.preventDefault();
    const value = readValue(field, op, text, (moment) => readTime(moment, shownZone));
    if (value === null) {
      setFault(faultOf(field, op));
      return;
    }
    setFault('');
    setText(firstValue(field, op));
    add({ field: field.name, op, value });
  }

  const input = { 'aria-label': 'Value', value: text, 'aria-describedby': fault ? faultId : undefined };
  return (
    <form onSubmit={submit} className="pt-builder" aria-label="Add a filter">
      <FormSelect aria-label="Field" value={field.name} onChange={(_, name) => choose(name)} className="pt-select">
        {fields.map((one) => (
          <FormSelectOption key={one.name} value={one.name} label={one.label} />
        ))}
      </FormSelect>
      <FormSelect
        aria-label="Condition"
        value={op}
        onChange={(_, next) => {
          setOp(next as Op);
          setText(firstValue(field, next as Op));
          setFault('');
        }}
        className="pt-select"
      >
        {operations.map((one) => (
          <FormSelectOption key={one} value={one} label={operationNames[one]} />
        ))}
      </FormSelect>
      {field.kind === 'verdict' || op === 'since' ? (
        <FormSelect {...input} onChange={(_, value) => setText(value)} className="pt-select">
          {(field.kind === 'verdict' ? Object.entries(verdictNames) : stretches).map(([value, label]) => (
            <FormSelectOption key={value} value={value} label={label} />
          ))}
        </FormSelect>
      ) : (
        <TextInput
          {...input}
          type={field.kind === 'window' ? 'datetime-local' : 'text'}
          step={field.kind === 'window' ? 1 : undefined}
          placeholder={field.hint}
          list={known.length > 0 ? suggestions : undefined}
          validated={fault ? 'error' : 'default'}
          onChange={(_, value) => setText(value)}
          autoComplete="off"
          spellCheck="false"
          className="pt-filter-value"
        />
      )}
      {known.length > 0 && (
        <datalist id={suggestions}>
          {known.map((value) => (
            <option key={value} value={value} />
          ))}
        </datalist>
      )}
      <Button type="submit" variant="secondary">
        Add filter
      </Button>
      {fault && (
        <span id={faultId} role="alert" className="pt-fault">
          {fault}
        </span>
      )}
    </form>
  );
}

/** What was typed as the API takes it; null when it cannot be meant. An empty word is one: "without a source". */
function readValue(field: Field, op: Op, text: string, readMoment: (text: string) => string | null): string | null {
  switch (field.kind) {
    case 'window':
      return op === 'since' ? text : readMoment(text);
    case 'duration':
      return readDuration(text);
    case 'id':
      return readIdentifier(text) || null;
    case 'text':
      return text !== '' || op !== 'has' ? text : null;
    case 'word':
      return readIdentifier(text);
    case 'verdict':
      return text;
  }
}

function faultOf(field: Field, op: Op): string {
  if (field.kind === 'window') return 'Choose a day and a time.';
  if (field.kind === 'duration') return 'Say how long: 250 ms, 90 s, 5 min, 2 h.';
  return op === 'has' ? 'Type a part of the text.' : 'Type an id.';
}

function Chips({ list }: { list: Filtered }) {
  const shownZone = useStored(zone);
  const { conditions, kind, search, go } = list;
  if (conditions.length === 0) return null;
  return (
    <div className="pt-chips">
      <LabelGroup aria-label="Filters" numLabels={20}>
        {conditions.map((condition) => {
          const field = kind.fields.find((one) => one.name === condition.field);
          if (!field) return null;
          const words = describeCondition(field, condition, shownZone);
          const flipped = flip(field, condition);
          return (
            <Label
              key={`${condition.field} ${condition.op} ${condition.value}`}
              variant="outline"
              color={condition.op === 'not' ? 'orange' : 'blue'}
              textMaxWidth="32ch"
              onClose={() => go(withoutCondition(search, condition))}
              closeBtnAriaLabel={`Remove: ${words}`}
              onClick={flipped ? () => go(withCondition(withoutCondition(search, condition), flipped)) : undefined}
              title={flipped ? `Click: ${flipped.op === 'not' ? 'exclude it instead' : 'ask for it instead'}` : words}
            >
              {words}
            </Label>
          );
        })}
      </LabelGroup>
      <Button variant="link" isInline onClick={() => go(withoutConditions(kind.fields, search))}>
        Clear filters
      </Button>
    </div>
  );
}

/** The opposite of a condition that has one. */
function flip(field: Field, condition: Condition): Condition | null {
  if (!operationsOf(field).includes('not')) return null;
  if (condition.op === 'is') return { ...condition, op: 'not' };
  return condition.op === 'not' ? { ...condition, op: 'is' } : null;
}
