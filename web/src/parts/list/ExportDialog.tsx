import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import { Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core/dist/esm/components/Modal';
import { Progress } from '@patternfly/react-core/dist/esm/components/Progress';
import { ToggleGroup, ToggleGroupItem } from '@patternfly/react-core/dist/esm/components/ToggleGroup';
import { useEffect, useRef, useState } from 'react';
import { type CombinedError, type TypedDocumentNode, useClient } from 'urql';
import { describeProblem } from '../../lib/client';
import { commandOf, type ExportKind, type Format, formats, headOf, linesOf, type Node } from '../../lib/export';
import { describeCondition, toFilter } from '../../lib/filter';
import { count, plural } from '../../lib/sentence';
import { useStored } from '../../lib/stored';
import { zone } from '../../lib/zone';
import { CopyButton } from '../CopyButton';
import { orderOf } from './address';
import type { ExportProps } from './ExportButton';
import { exportKinds, exportPayloads, exportStatuses } from './exported';

/** Takes the whole filtered list away: as a file, or as the command that fetches it. */
export default function ExportDialog({ list, total, close }: ExportProps & { close: () => void }) {
  const [format, setFormat] = useState<Format>('csv');
  const [opened] = useState(() => new Date());
  const shownZone = useStored(zone);
  const kind = exportKinds[list.kind.path];
  const question = { filter: toFilter<object>(list.conditions), orderBy: orderOf(list.sort) };
  const command = commandOf({
    kind,
    conditions: list.conditions,
    sort: list.sort,
    ...question,
    format,
    origin: location.origin,
    now: opened,
  });
  const download = useDownload(kind, format, question);
  const filters = list.conditions.flatMap((condition) => {
    const field = list.kind.fields.find((one) => one.name === condition.field);
    return field ? [describeCondition(field, condition, shownZone)] : [];
  });

  return (
    <Modal isOpen onClose={close} variant="medium" aria-labelledby="export-title">
      <ModalHeader title={`Export ${plural(list.kind.noun)}`} labelId="export-title" />
      <ModalBody tabIndex={0} aria-label="What is exported, and how" className="pt-export">
        <p>
          The whole list{total && `: ${total.exact ? '' : 'about '}${count(total.value, list.kind.noun)}`}.
          {filters.length > 0 && <span className="pt-second-line">{filters.join(' · ')}</span>}
        </p>
        <ToggleGroup aria-label="Format">
          {Object.entries(formats).map(([name, { label }]) => (
            <ToggleGroupItem
              key={name}
              text={label}
              isSelected={name === format}
              isDisabled={download.state === 'running'}
              onChange={() => setFormat(name as Format)}
            />
          ))}
        </ToggleGroup>
        <DownloadState download={download} total={total?.value} noun={list.kind.noun} />
        <h3 className="pt-export-command">
          As a command <CopyButton text={command.text} what="command" />
        </h3>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <pre tabIndex={0}>{command.text}</pre>
        <p className="pt-subtle">
          {command.how === 'rest'
            ? 'One request to the REST API, in its columns.'
            : 'Page by page over GraphQL, in the columns of the file: it needs bash and jq.'}
        </p>
      </ModalBody>
      <ModalFooter>
        {download.state === 'running' ? (
          <Button variant="secondary" onClick={download.stop}>
            Stop
          </Button>
        ) : (
          <Button onClick={download.start}>{download.error ? 'Go on' : `Download ${formats[format].label}`}</Button>
        )}
        <Button variant="link" onClick={close}>
          Close
        </Button>
      </ModalFooter>
    </Modal>
  );
}

interface Download {
  state: 'idle' | 'running' | 'done';
  rows: number;
  error: CombinedError | undefined;
  start: () => void;
  stop: () => void;
}

function DownloadState({ download, total, noun }: { download: Download; total: number | undefined; noun: string }) {
  if (download.error) {
    const { title, detail } = describeProblem(download.error);
    return (
      <p role="alert" className="pt-fault">
        {title}. {detail} {count(download.rows, noun)} read so far.
      </p>
    );
  }
  if (download.state === 'idle') return null;
  if (download.state === 'done') return <p role="status">{count(download.rows, noun)} written.</p>;
  return (
    <Progress
      aria-label="Rows read"
      value={total ? Math.min((100 * download.rows) / total, 99) : 0}
      title={`${count(download.rows, noun)} read`}
      measureLocation="none"
    />
  );
}

type Page = { nodes: Node[]; pageInfo: { hasNextPage: boolean; endCursor?: string | null } };
type Pages = TypedDocumentNode<Record<string, Page>, Record<string, unknown>>;

/** Reads page after page into a file. An error stops it; it can go on from there. */
function useDownload(kind: ExportKind, format: Format, question: { filter: object | null; orderBy: object }): Download {
  const client = useClient();
  const [state, setState] = useState<Download['state']>('idle');
  const [rows, setRows] = useState(0);
  const [error, setError] = useState<CombinedError>();
  const running = useRef(0);
  const kept = useRef<{ parts: Blob[]; rows: number; after: string | null; format: Format }>(undefined);
  useEffect(
    () => () => {
      running.current++; // nobody waits for the file any more
    },
    [],
  );

  async function start() {
    const run = ++running.current;
    if (kept.current?.format !== format) kept.current = undefined;
    const so = kept.current ?? { parts: [new Blob([headOf(kind, format)])], rows: 0, after: null, format };
    kept.current = so;
    setError(undefined);
    setRows(so.rows);
    setState('running');
    const document = (kind.name === 'payloads' ? exportPayloads : exportStatuses) as unknown as Pages;
    for (;;) {
      const answer = await client.query(document, { ...question, first: 500, after: so.after }).toPromise();
      if (run !== running.current) return;
      const page = answer.data?.[kind.name];
      if (answer.error || !page) {
        setError(answer.error);
        setState('idle');
        return;
      }
      so.parts.push(new Blob([linesOf(page.nodes, kind, format)]));
      so.rows += page.nodes.length;
      so.after = page.pageInfo.endCursor ?? null;
      setRows(so.rows);
      if (!page.pageInfo.hasNextPage) break;
    }
    kept.current = undefined;
    save(new Blob(so.parts, { type: formats[format].media }), `${kind.name}.${format}`);
    setState('done');
  }

  return {
    state,
    rows,
    error,
    start: () => void start(),
    stop() {
      running.current++;
      kept.current = undefined;
      setState('idle');
    },
  };
}

function save(file: Blob, name: string) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
