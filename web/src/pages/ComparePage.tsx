import './compare/compare.css';
import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import { TextInput } from '@patternfly/react-core/dist/esm/components/TextInput';
import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { type FormEvent, useState } from 'react';
import { useSearchParams } from 'react-router';
import { graphql } from '../gql';
import { asRequestId, readIdentifier } from '../lib/identifier';
import { once, usePolled } from '../lib/polling';
import { LoadingPage } from '../parts/LoadingPage';
import { Failed } from '../parts/Message';
import { Candidates } from './compare/Candidates';
import { Differences } from './compare/Differences';
import { Side } from './compare/Side';

graphql(`
  fragment Compared on Payload {
    id
    requestId
    orgId
    account
    inventoryId
    systemId
    startedAt
    duration
    verdict {
      state
      sentence
    }
  }
`);

graphql(`
  fragment ComparedStages on Comparison {
    stages {
      service
      source
      a {
        state
        duration
        failure {
          message
        }
      }
      b {
        state
        duration
        failure {
          message
        }
      }
      ratio
    }
    onlyInA
    onlyInB
  }
`);

const compareQuery = graphql(`
  query Compare($a: RequestID!, $b: RequestID!) {
    a: payload(by: { requestId: $a }) {
      ...Compared
    }
    b: payload(by: { requestId: $b }) {
      ...Compared
    }
    compare(a: $a, b: $b) {
      ...ComparedStages
    }
  }
`);

/** Two payloads side by side: what is different about the one that went wrong. */
export default function ComparePage() {
  const [search, setSearch] = useSearchParams();
  const a = asRequestId(search.get('a') ?? '');
  const b = asRequestId(search.get('b') ?? '');
  return (
    <>
      <title>Compare · Payload Tracker</title>
      <div className="pt-heading">
        <div>
          <Title headingLevel="h1">Compare</Title>
          <p className="pt-subtle">Two payloads side by side</p>
        </div>
        {a && b && (
          <div className="pt-actions">
            <Button variant="link" onClick={() => setSearch({ a: b, b: a })}>
              Swap
            </Button>
            <Button variant="link" onClick={() => setSearch({ a })}>
              Choose another
            </Button>
          </div>
        )}
      </div>
      {a && b ? <Both key={`${a} ${b}`} a={a} b={b} /> : <Choose a={a} choose={(a, b) => setSearch({ a, b })} />}
    </>
  );
}

function Both({ a, b }: { a: string; b: string }) {
  const { data, error, askAgain } = usePolled(compareQuery, { a, b }, 5000, once);
  if (!data) return error ? <Failed error={error} askAgain={askAgain} /> : <LoadingPage />;
  return (
    <>
      <div className="pt-columns">
        <Side name="A" id={a} payload={data.a} />
        <Side name="B" id={b} payload={data.b} />
      </div>
      {data.compare && <Differences comparison={data.compare} />}
    </>
  );
}

function Choose({ a, choose }: { a: string | null; choose: (a: string, b: string) => void }) {
  const [first, setFirst] = useState(a ?? '');
  const [second, setSecond] = useState('');
  const [fault, setFault] = useState('');

  function compare(event: FormEvent) {
    event.preventDefault();
    const ids = [first, second].map((text) => asRequestId(readIdentifier(text)));
    if (ids[0] && ids[1]) choose(ids[0], ids[1]);
    else setFault('Both must be request ids: 32 hex digits, with or without dashes.');
  }

  return (
    <>
      <form onSubmit={compare} className="pt-panel pt-choose" aria-label="Which two">
        <TextInput
          aria-label="Request id of A"
          placeholder="Request id of A"
          value={first}
          onChange={(_, v) => setFirst(v)}
        />
        <TextInput
          aria-label="Request id of B"
          placeholder="Request id of B"
          value={second}
          onChange={(_, v) => setSecond(v)}
          aria-describedby={fault ? 'choose-fault' : undefined}
        />
        <Button type="submit">Compare</Button>
        {fault && (
          <p role="alert" id="choose-fault" className="pt-fault">
            {fault}
          </p>
        )}
      </form>
      {a && <Candidates a={a} />}
    </>
  );
}
