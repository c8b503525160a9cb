import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { useState } from 'react';
import { Link } from 'react-router';
import { inFull } from '../../lib/sentence';
import type { FullPayload } from './query';

/** Where to read on: the archive for those who may have it, logs and trace where they are configured. */
export function Links({ payload }: { payload: FullPayload }) {
  const { archive, logs, trace } = payload.links;
  return (
    <section aria-labelledby="links" className="pt-panel">
      <Title headingLevel="h2" size="lg" id="links">
        Read on
      </Title>
      <ul className="pt-links">
        <li>
          <Archive address={archive} />
        </li>
        {logs && (
          <li>
            <a href={logs} target="_blank" rel="noreferrer">
              Logs of the services
            </a>
          </li>
        )}
        {trace && (
          <li>
            <a href={trace} target="_blank" rel="noreferrer">
              Trace of the journey
            </a>
          </li>
        )}
        <li>
          <Link to={`/statuses?requestId=${payload.requestId}`}>Its statuses as a list</Link>
        </li>
      </ul>
    </section>
  );
}

/** The archive has a signed address, which is asked for when it is wanted: not everybody may have it. */
function Archive({ address }: { address: string }) {
  const [fault, setFault] = useState('');
  const [asking, setAsking] = useState(false);

  async function open() {
    setAsking(true);
    const answer = await askArchive(address);
    setAsking(false);
    setFault(answer.fault ?? '');
    if (answer.url) window.open(answer.url, '_blank', 'noopener');
  }

  return (
    <>
      <Button variant="link" isInline isLoading={asking} isDisabled={asking} onClick={open}>
        Uploaded archive
      </Button>
      {fault && (
        <p role="alert" className="pt-fault">
          {fault}
        </p>
      )}
    </>
  );
}

async function askArchive(address: string): Promise<{ url?: string; fault?: string }> {
  try {
    const response = await fetch(address, { headers: { Accept: 'application/json' } });
    const body = (await response.json()) as { url?: unknown; message?: unknown };
    if (response.ok && typeof body.url === 'string' && /^https?:/.test(body.url)) return { url: body.url };
    return { fault: typeof body.message === 'string' ? inFull(body.message) : 'The tracker gave no address for it.' };
  } catch {
    return { fault: 'The tracker does not answer.' };
  }
}
